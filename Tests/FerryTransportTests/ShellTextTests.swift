import FerryCore
import FerryTesting
import FerryTransport
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite("Text for a shell")
struct ShellTextTests {
    @Test("A word stands in single quotes; a quote and a backslash stand outside of them")
    func quoting() {
        #expect(text(ShellText.quoted(bytes("a b"))) == "'a b'")
        #expect(text(ShellText.quoted(bytes("it's"))) == #"'it'\''s'"#)
        #expect(text(ShellText.quoted(bytes(#"a\b"#))) == #"'a'\\'b'"#)
        #expect(text(ShellText.quoted([UInt8]())) == "''")
    }

    @Test("A value for printf is one line of printable characters")
    func encoding() {
        #expect(text(ShellText.encodedForPrintf(bytes("a\\ \n"))) == #"a\0134\0040\0012"#)
        #expect(text(ShellText.encodedForPrintf([0xFF, 0x01])) == #"\0377\0001"#)
        #expect(ShellText.encodedForPrintf(Array(1...255)).allSatisfy { $0 > 0x20 && $0 < 0x7F })
    }

    @Test("A value of the environment is in the lines for standard input and nowhere in the script")
    func secrets() throws {
        var command = SandboxCommand(bytes("run"), purpose: "a test")
        command.environment = [(bytes("TOKEN"), bytes("s3cret"))]
        let script = try ShellScript(command, sandbox: "x")
        #expect(!text(script.text).contains("s3cret"))
        #expect(text(script.text).hasSuffix("\nrun"))
        #expect(text(script.prologue) == "s3cret\n")
    }

    @Test("What no shell can take is refused", arguments: ["", "1A", "A-B", "A=B", "A\nB"])
    func names(name: String) {
        var command = SandboxCommand(bytes("run"), purpose: "a test")
        command.environment = [(bytes(name), [])]
        #expect(throws: TransportError.self) { try ShellScript(command, sandbox: "x") }
        #expect(throws: TransportError.self) { try ShellScript(SandboxCommand([0], purpose: "a test"), sandbox: "x") }
    }
}

@Suite("Paths in a sandbox")
struct SandboxPathTests {
    private func path(_ target: String) throws -> SandboxPath {
        SandboxPath(try Target(parsing: bytes(target), home: nil))
    }

    @Test("A target's path is absolute, or below the home directory over there")
    func targets() throws {
        #expect(try path("ssh://h/a/b") == SandboxPath(absolute: bytes("/a/b")))
        #expect(try path("ssh://h/~/a b") == SandboxPath(belowHome: bytes("a b")))
        #expect(try path("ssh://h/~") == SandboxPath(belowHome: []))
        #expect(try path("exec:p:/~/a") == SandboxPath(absolute: bytes("/~/a")))
    }

    @Test("As a word for the shell, the home directory is the shell's affair and the rest is quoted")
    func words() throws {
        #expect(text(try path("ssh://h/a b").shellWord) == "'/a b'")
        #expect(text(try path("ssh://h/~/$x").shellWord) == #""${HOME:?}"'/$x'"#)
        #expect(text(try path("ssh://h/~/").shellWord) == #""${HOME:?}""#)
    }

    @Test(
        "The sandbox is asked once for the home directory",
        arguments: [
            ("/home/ann", "a/b", "/home/ann/a/b"), ("/", "a", "//a"), ("/h\n", "", "/h\n"), ("/h", "x//", "/h/x"),
        ])
    func resolved(home: String, below: String, expected: String) async throws {
        let sandbox = InMemorySandbox { _, streams in
            try streams.write(bytes(home + "/."))
            return 0
        }
        let path = try await blocking { try SandboxPath(belowHome: bytes(below)).resolved(in: sandbox) }
        #expect(text(path) == expected)
        #expect(sandbox.commands.count == 1)
        #expect(try await blocking { try SandboxPath(absolute: bytes("/a//")).resolved(in: sandbox) } == bytes("/a"))
        #expect(sandbox.commands.count == 1)
    }

    @Test("An answer that is no path is refused", arguments: ["", "home/.", "/home", "/a\0b/."])
    func malformed(answer: String) async throws {
        let sandbox = InMemorySandbox { _, streams in
            try streams.write(bytes(answer))
            return 0
        }
        let error = await #expect(throws: TransportError.self) {
            _ = try await blocking { try SandboxPath(belowHome: []).resolved(in: sandbox) }
        }
        #expect(error?.code == .malformed)
    }
}
