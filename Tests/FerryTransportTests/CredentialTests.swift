import FerryTesting
import FerryTransport
import Foundation
import Testing

@Suite("Credentials")
struct CredentialTests {
    private static let word = "t0k3n-4711"

    @Test(
        "An origin is a scheme, a host and a port, whatever the case and the usual port",
        arguments: [
            ("https://api.example.com", "https://api.example.com"),
            ("HTTPS://API.Example.com:443/", "https://api.example.com"),
            ("http://h:80", "http://h"), ("http://h:8080", "http://h:8080"),
            ("https://[::1]:8443", "https://[::1]:8443"),
            ("https://h:80", "https://h:80"),
        ])
    func origins(text: String, expected: String) throws {
        let origin = try Origin(text)
        #expect(origin.description == expected)
        #expect(try origin == Origin(expected))
    }

    @Test(
        "What is no origin is refused, and says why",
        arguments: [
            ("", Origin.Refusal.scheme), ("ftp://h", .scheme), ("//h", .scheme), ("https://", .host),
            ("https://:1", .host),
            ("https://h/x", .more), ("https://u@h", .more), ("https://h?x", .more), ("https://h#x", .more),
            ("https://h\\x", .more), ("https://h:0", .port), ("https://h:65536", .port), ("https://h:", .port),
            ("https://h:1x", .port), ("https://a b", .host), ("https://[::1", .host), ("https://h\n", .host),
            ("https://[::1]x", .port), ("https://ex\u{E4}mple.com", .host),
        ])
    func badOrigins(text: String, expected: Origin.Refusal) {
        #expect(throws: expected) { try Origin(text) }
        #expect(!expected.reason.isEmpty)
    }

    @Test(
        "A token goes to its own origin, and to none that only looks like it",
        arguments: [
            "http://api.example.com", "https://api.example.com:8443", "https://api.example.com.evil.net",
            "https://example.com", "https://xapi.example.com", "https://api.example.co",
        ])
    func boundToken(other: String) throws {
        let token = OriginBoundToken(try Secret(Self.word), for: try Origin("https://api.example.com"))
        #expect(try token.token(for: Origin("https://API.example.com:443/"))?.revealed == Self.word)
        #expect(try token.token(for: Origin(other)) == nil)
    }

    @Test("No description, dump or mirror of anything that holds a token shows it")
    func hidden() throws {
        let secret = try Secret(Self.word)
        let origin = try Origin("https://api.example.com")
        var command = SandboxCommand(Array("run \(Self.word)".utf8), purpose: "a test")
        command.set(secret, as: "TOKEN")
        let holders: [Any] = [
            secret, OriginBoundToken(secret, for: origin), AccountCredential(secret, controlPlane: origin),
            SandboxCredential(secret, sandboxID: "s", dataPlane: origin), command,
            AccessRequest(credential: secret, sandbox: "s", operation: .command, purpose: "a test"),
        ]
        for holder in holders {
            var dumped = ""
            dump([holder], to: &dumped)
            for text in ["\(holder)", String(reflecting: holder), dumped] {
                #expect(!text.contains(Self.word), "\(text)")
            }
        }
    }

    @Test("A secret set twice under one name is there once")
    func set() throws {
        var command = SandboxCommand([], purpose: "a test")
        command.set(try Secret("one"), as: "A")
        command.set(try Secret("two"), as: "A")
        #expect(command.environment.map(\.value) == [Array("two".utf8)])
    }

    @Test(
        "An account's credential where a sandbox's belongs, and the reverse, do not compile",
        arguments: [
            ("useAccount(account); useSandbox(sandbox)", true), ("useAccount(sandbox)", false),
            ("useSandbox(account)", false), ("useSandbox(SandboxCredential(account))", false),
            ("useAccount(secret)", false), ("DetachedCommand([], purpose: \"x\").environment.count", false),
        ])
    func types(use: String, compiles: Bool) throws {
        let products = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let modules = try #require(
            sequence(first: products) { $0.path == "/" ? nil : $0.deletingLastPathComponent() }
                .map { $0.appending(path: "Modules") }
                .first { FileManager.default.fileExists(atPath: $0.appending(path: "FerryTransport.swiftmodule").path) }
        )
        let scratch = FileManager.default.temporaryDirectory.appending(path: "ferry-types-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let file = scratch.appending(path: "use.swift")
        try """
        import FerryTransport
        func useAccount(_: AccountCredential) {}
        func useSandbox(_: SandboxCredential) {}
        func use(_ account: AccountCredential, _ sandbox: SandboxCredential, _ secret: Secret) { _ = { \(use) } }
        """.write(to: file, atomically: true, encoding: .utf8)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["swiftc", "-typecheck", "-I", modules.path, file.path] + moduleMaps(modules)
        let errors = scratch.appending(path: "errors")
        try Data().write(to: errors)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        let text = try String(contentsOf: errors, encoding: .utf8)
        #expect((process.terminationStatus == 0) == compiles, "\(text)")
        if !compiles { #expect(text.contains("error: ") && !text.contains("no such module"), "\(text)") }
    }

    /// What the compiler has to be told of modules in C: some maps the build writes, some the dependencies bring along.
    private func moduleMaps(_ modules: URL) -> [String] {
        let products = modules.deletingLastPathComponent()
        let checkouts = products.deletingLastPathComponent().deletingLastPathComponent().appending(path: "checkouts")
        func entries(_ directory: URL) -> [URL] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
            return names.map { directory.appending(path: $0) }
        }
        let made = entries(products).filter { $0.pathExtension == "build" }
        let brought = entries(checkouts).flatMap { entries($0.appending(path: "Sources")) }
            .map { $0.appending(path: "include") }
        return (made + brought).map { $0.appending(path: "module.modulemap").path }
            .filter(FileManager.default.fileExists).flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
    }
}
