import FerryConfiguration
import FerryProviders
import FerryTesting
import FerryThreads
import FerryTransport
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Runs on a thread that may block.
private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThread.run(named: "test", body)
}

@Suite("Profiles")
struct ExecProviderTests {
    private func endpoint(_ text: String, _ configuration: String) throws -> SandboxEndpoint {
        let provider = ExecProvider { () throws(ConfigurationError) in
            try UserConfiguration(parsing: bytes(configuration), file: bytes("/config.toml"))
        }
        let target = try Target(parsing: bytes(text), home: nil)
        guard case .sandbox(let endpoint) = try provider.endpoint(for: target) else {
            throw TargetError(.unavailable, target.text, "no sandbox", advice: "")
        }
        return endpoint
    }

    @Test("A profile's command gets the shell's three words as arguments")
    func command() async throws {
        let endpoint = try endpoint("exec:here:/work", "[profiles.here]\ncommand = [\"env\", \"ODD=a b\"]")
        #expect(endpoint.root == SandboxPath(absolute: bytes("/work")))
        let output = try await blocking {
            let sandbox = try endpoint.open()
            #expect(sandbox.name == "exec:here")
            return try sandbox.run(
                SandboxCommand(bytes(#"printf %s "$ODD"; pwd"#), purpose: "a test"), outputLimit: 100
            )
            .output
        }
        #expect(output == bytes("a b/\n"))
    }

    @Test("An unknown profile and a wrong configuration say what to do")
    func unknown() throws {
        let known = #expect(throws: TargetError.self) {
            try endpoint("exec:x:/w", "[profiles.a]\ncommand = [\"sh\"]")
        }
        #expect(known?.description.contains("it has 'a'") == true)
        let none = #expect(throws: TargetError.self) { try endpoint("exec:x:/w", "") }
        #expect(none?.description.contains("[profiles.x]") == true)
        let wrong = #expect(throws: TargetError.self) { try endpoint("exec:x:/w", "[profiles.x]\ncommand = 1") }
        #expect(wrong?.description.contains("/config.toml: 'profiles.x.command'") == true)
    }

    @Test("A command that is missing is said to be")
    func missing() async throws {
        let endpoint = try endpoint("exec:x:/w", "[profiles.x]\ncommand = [\"/nonexistent/box\"]")
        let error = await #expect(throws: TransportError.self) {
            _ = try await blocking { try endpoint.open().start(SandboxCommand(bytes("true"), purpose: "a test")) }
        }
        #expect(error?.code == .unreachable)
        #expect(error?.description.contains("/nonexistent/box") == true)
    }
}
