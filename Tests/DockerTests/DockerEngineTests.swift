import FerryProviders
import FerryTransport
import Foundation
import TestSupport
import Testing

@Suite("Commands and archives with real engines", .withEngines, .timeLimit(.minutes(3)))
struct DockerEngineTests {
    typealias Kind = ContainerEngine.Kind

    /// A container of its own for a test.
    func sandbox(
        _ kind: Kind, start: Bool = true, options: [String] = []
    ) throws -> (sandbox: DockerSandbox, engine: ContainerEngine, name: String) {
        let engine = try WithEngines.engine(kind)
        let name = "t-\(UUID().uuidString.lowercased().prefix(8))"
        try engine.container(name, start: start, options: options)
        return (DockerSandbox(name, in: engine), engine, name)
    }

    // MARK: Commands

    @Test("A command's output, exit status and standard error come apart", arguments: Kind.allCases)
    func basics(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let result = try sandbox.run("echo out; echo err >&2; pwd; exit 7")
        #expect(result.text == "out\n/\n" && result.errors == "err\n" && result.exit.status == 7)
        #expect(try sandbox.run("kill -9 $$").exit.status == 137)
        #expect(try sandbox.run("wc -c", input: [UInt8](repeating: 0, count: 100_000)).text == "100000\n")
        let odd = try sandbox.run("printf '%s' \"it's \\\\ \\\"odd\\\" \\$HOME é\n\"")
        #expect(odd.text == "it's \\ \"odd\" $HOME é\n")
        let noise = try sandbox.run("i=0; while [ $i -lt 3000 ]; do echo line $i >&2; i=$((i+1)); done; exit 1")
        #expect(noise.exit.errorTail.count == 4_000 && noise.errors.hasSuffix("line 2999\n"))
        sandbox.close()
    }

    @Test(
        "The directory and the environment are the command's own, bytes that are not UTF-8 too",
        arguments: Kind.allCases)
    func directoryAndEnvironment(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind, options: ["-e", "BASE=kept", "-e", "OVER=old"])
        var command = SandboxCommand("pwd; echo \"$BASE $OVER\"; printf '%s' \"$RAW\"")
        command.directory = Array("/ws".utf8)
        command.environment = [(Array("OVER".utf8), Array("new".utf8)), (Array("RAW".utf8), [0x5C, 0xFF, 0x0A, 0x0A])]
        #expect(try sandbox.run(command).output == Array("/ws\nkept new\n".utf8) + [0x5C, 0xFF, 0x0A, 0x0A])

        let name: [UInt8] = Array("/ws/".utf8) + [0xFE, 0x20, 0x27]
        _ = try sandbox.run("mkdir \"$(printf '/ws/\\376 \\047')\"")
        command = SandboxCommand(Array("printf '%s' \"$PWD\" '".utf8) + [0xC0] + Array("'".utf8), purpose: "bytes")
        command.directory = name
        #expect(try sandbox.run(command).output == name + [0xC0])

        let error = try #require(throws: TransportError.self) {
            try sandbox.run(SandboxCommand.make("true", in: "/missing"))
        }
        #expect(error.code == .commandFailed && error.description.contains("/missing"), "\(error)")
    }

    @Test("The command runs as the container's configured user", arguments: Kind.allCases)
    func user(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind, options: ["--user", "1000:1000"])
        #expect(try sandbox.run("id -u; id -g").text == "1000\n1000\n")
    }

    @Test("64 MiB go both ways at once, byte for byte", arguments: Kind.allCases)
    func bothWays(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let process = try sandbox.start(SandboxCommand("cat"))
        let total = 64 << 20
        // Every value, at lengths that no buffer divides.
        let piece = (0..<((1 << 20) - 7)).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 8) }
        let writer = Background {
            var sent = 0
            while sent < total {
                let count = min(piece.count, total - sent)
                try process.write(piece.span.extracting(first: count))
                sent += count
            }
            try process.closeInput()
        }
        var received = 0
        var wrong = 0
        var buffer = [UInt8](repeating: 0, count: 300_000)
        while true {
            var room = buffer.mutableSpan
            let count = try process.read(into: &room)
            if count == 0 { break }
            var start = 0
            while start < count {
                let offset = (received + start) % piece.count
                let length = min(count - start, piece.count - offset)
                if buffer[start..<(start + length)] != piece[offset..<(offset + length)] { wrong += 1 }
                start += length
            }
            received += count
        }
        try writer.join()
        #expect(received == total && wrong == 0)
        #expect(try process.wait().status == 0)
    }

    @Test("A command that complains while its input is sent blocks nobody", arguments: Kind.allCases)
    func chatty(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let process = try sandbox.start(
            SandboxCommand("dd if=/dev/zero bs=1024 count=4096 >&2; cat >/dev/null; echo done"))
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        for _ in 0..<8 { try process.write(piece.span) }
        try process.closeInput()
        #expect(try process.output() == Array("done\n".utf8))
        #expect(try process.wait().status == 0)
    }

    @Test("A command that does not read its input does not stop its result", arguments: Kind.allCases)
    func unread(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let process = try sandbox.start(SandboxCommand("echo no; exit 3"))
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        let error = #expect(throws: TransportError.self) { for _ in 0..<64 { try process.write(piece.span) } }
        #expect(error?.code == .closedInput, "\(String(describing: error))")
        #expect(try process.output() == Array("no\n".utf8))
        #expect(try process.wait().status == 3)
    }

    @Test("Several commands run at the same time", arguments: Kind.allCases)
    func parallel(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let all = (0..<6).map { number in
            Background {
                let result = try sandbox.run(
                    "read line; echo \"$line \(number)\"; exit \(number)", input: Array("in\n".utf8))
                #expect(result.text == "in \(number)\n" && result.exit.status == Int32(number))
            }
        }
        for one in all { try one.join() }
    }

    @Test("A deadline ends the command here and over there", arguments: Kind.allCases)
    func deadline(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        var command = SandboxCommand("echo begun; sleep 100 & sleep 200")
        command.deadline = .milliseconds(1_200)
        let process = try sandbox.start(command)
        let start = ContinuousClock.now
        let error = #expect(throws: TransportError.self) { try process.wait() }
        #expect(error?.code == .timedOut, "\(String(describing: error))")
        #expect(ContinuousClock.now - start < .seconds(5))
        try expectNoSleepers(sandbox)
        sandbox.close()
    }

    @Test("A command can be terminated from another thread, with its children", arguments: Kind.allCases)
    func termination(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        let process = try sandbox.start(SandboxCommand("sleep 100 & sleep 200"))
        let stopper = Background {
            usleep(200_000)
            process.terminate()
            process.terminate()
        }
        let start = ContinuousClock.now
        let error = #expect(throws: TransportError.self) { try process.output() }
        #expect(error?.code == .cancelled, "\(String(describing: error))")
        #expect(ContinuousClock.now - start < .seconds(3))
        try stopper.join()
        #expect(throws: TransportError.self) { try process.wait() }
        try expectNoSleepers(sandbox)
        sandbox.close()
        #expect(throws: TransportError.self) { try sandbox.run("true") }
    }

    /// Demands that no `sleep` of a command is left; the container's own first process is one too.
    private func expectNoSleepers(_ sandbox: DockerSandbox) throws {
        let script = "grep -lzE '^(100|200)$' /proc/[0-9]*/cmdline 2>/dev/null | wc -l"
        for _ in 0..<60 {
            if try sandbox.run(script).text.contains("0\n") { return }
            usleep(50_000)
        }
        Issue.record("processes are left: \(try sandbox.run("ps").text)")
    }

    // MARK: What is not there

    @Test(
        "A container that does not exist, one that does not run and one that is paused are told apart",
        arguments: Kind.allCases)
    func states(kind: Kind) throws {
        let engine = try WithEngines.engine(kind)
        let missing = DockerSandbox("missing-container", in: engine)
        for error in [
            #expect(throws: TransportError.self) { try missing.run("true") },
            #expect(throws: TransportError.self) { try missing.identity() },
            #expect(throws: TransportError.self) { try missing.archives?.download([0x2F]) },
            #expect(throws: TransportError.self) { try missing.archives?.upload(to: [0x2F]) { _ in } },
        ] {
            #expect(
                error?.code == .notFound && error?.description.contains("docker ps") == true,
                "\(String(describing: error))")
        }
        let (stopped, _, name) = try sandbox(kind, start: false)
        let error = try #require(throws: TransportError.self) { try stopped.run("true") }
        #expect(error.code == .unsupported && error.advice.contains("docker start \(name)"), "\(error)")

        let (paused, _, other) = try sandbox(kind)
        try engine.client(["pause", other])
        defer { _ = try? engine.client(["unpause", other]) }
        let second = try #require(throws: TransportError.self) { try paused.run("true") }
        #expect(second.code == .unsupported, "\(second)")
    }

    @Test("The identity is the container's, and a restart changes the boot only", arguments: Kind.allCases)
    func identity(kind: Kind) throws {
        let (sandbox, engine, name) = try sandbox(kind)
        let first = try #require(try sandbox.identity())
        #expect(first.id.count == 64 && !first.boot.isEmpty)
        #expect(try sandbox.identity() == first)
        try engine.client(["restart", "-t", "0", name])
        let second = try #require(try sandbox.identity())
        #expect(second.id == first.id && second.boot != first.boot)
    }

    @Test("A container without a shell says so", arguments: Kind.allCases)
    func noShell(kind: Kind) throws {
        let (sandbox, _, _) = try sandbox(kind)
        _ = try sandbox.run("rm /bin/sh")
        let error = try #require(throws: TransportError.self) { try sandbox.run("true") }
        #expect(error.code == .missingTool && error.description.contains("/bin/sh"), "\(error)")
        #expect(!error.errorTail.isEmpty)
    }
}

extension SandboxCommand {
    /// A command in a directory.
    static func make(_ text: String, in directory: String) -> SandboxCommand {
        var command = SandboxCommand(text)
        command.directory = Array(directory.utf8)
        return command
    }
}
