import FerryProviders
import FerryTesting
import FerryThreads
import FerryTransport
import Foundation
import TestSupport
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Runs on a thread that may block.
private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThread.run(named: "test", body)
}

/// The command lines of all processes of this machine.
private func commandLines() -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.filter { $0.allSatisfy(\.isNumber) }.compactMap { name in
        FileManager.default.contents(atPath: "/proc/\(name)/cmdline").map {
            String(decoding: $0, as: UTF8.self).replacing("\0", with: " ")
        }
    }
}

@Suite("Hosts behind ssh", .serialized)
struct SSHSandboxTests {
    private func failure(_ sandbox: SSHSandbox) async throws -> TransportError {
        let error = await #expect(throws: TransportError.self) {
            _ = try await blocking {
                defer { sandbox.close() }
                return try sandbox.run(SandboxCommand(bytes("true"), purpose: "a test"), outputLimit: 100)
            }
        }
        return try #require(error)
    }

    @Test("An unknown host key fails and asks nobody")
    func unknownKey() async throws {
        let server = try SSHServer(knowsHost: false)
        let error = try await failure(server.sandbox())
        #expect(error.code == .denied)
        #expect(error.description.contains("key is not known"))
    }

    @Test("A login that is refused fails and asks nobody")
    func refusedLogin() async throws {
        let server = try SSHServer(settings: ["AuthorizedKeysFile none", "PubkeyAuthentication yes"])
        let error = try await failure(server.sandbox())
        #expect(error.code == .denied)
    }

    @Test("A port where nobody listens is unreachable")
    func refusedPort() async throws {
        let server = try SSHServer()
        server.stop()
        let error = try await failure(server.sandbox())
        #expect(error.code == .unreachable)
        #expect(error.isTransient)
    }

    @Test("An ssh that is missing is said to be")
    func missingProgram() async throws {
        let sandbox = SSHSandbox(host: bytes("127.0.0.1"), command: [bytes("/nonexistent/ssh")])
        let error = try await failure(sandbox)
        #expect(error.code == .unreachable)
        #expect(error.description.contains("/nonexistent/ssh"))
    }

    @Test("A connection that breaks under a command is a broken connection, and the next command makes a new one")
    func brokenConnection() async throws {
        let server = try SSHServer()
        let sandbox = server.sandbox()
        defer { sandbox.close() }
        let process = try await blocking {
            let process = try sandbox.start(SandboxCommand(bytes("echo here; read -r _"), purpose: "a test"))
            var buffer = [UInt8](repeating: 0, count: 100)
            var span = buffer.mutableSpan
            _ = try process.read(into: &span)
            return process
        }
        try server.dropConnections()
        let error = await #expect(throws: TransportError.self) {
            _ = try await blocking { try process.wait() }
        }
        #expect(error?.code == .disconnected)
        let output = try await blocking {
            try sandbox.run(SandboxCommand(bytes("echo again"), purpose: "a test"), outputLimit: 100).output
        }
        #expect(output == bytes("again\n"))
    }

    @Test("Commands share one connection, which ends with the sandbox and leaves nothing behind")
    func sharedConnection() async throws {
        let server = try SSHServer()
        let log = try #require(
            FileManager.default.contentsOfDirectory(atPath: server.directory.path).first { $0.hasPrefix("log-") })
        let sandbox = server.sandbox()
        try await blocking {
            for _ in 0..<3 { _ = try sandbox.run(SandboxCommand(bytes("true"), purpose: "a test"), outputLimit: 100) }
        }
        let text = try String(contentsOf: server.directory.appendingPathComponent(log), encoding: .utf8)
        #expect(text.split(separator: "\n").count { $0.contains("Accepted publickey") } == 1)
        let own = server.directory.path
        try await blocking {
            sandbox.close()
            // The connection's process ends soon after it was told to.
            for _ in 0..<600 {
                if !commandLines().contains(where: { $0.contains(own) && !$0.contains("sshd") }) { return }
                usleep(100_000)
            }
        }
        let left = commandLines().filter { $0.contains(own) && !$0.contains("sshd") }
        #expect(left.isEmpty, "\(left)")
        await #expect(throws: TransportError.self) {
            _ = try await blocking { try sandbox.start(SandboxCommand(bytes("true"), purpose: "a test")) }
        }
    }

    @Test("A secret of the environment is in no command line, here or over there")
    func secrets() async throws {
        let server = try SSHServer()
        let sandbox = server.sandbox()
        defer { sandbox.close() }
        let secret = "s3cr3t-\(UUID().uuidString)"
        let process = try await blocking {
            var command = SandboxCommand(bytes(#"printf '%s\n' "$TOKEN"; read -r _"#), purpose: "a test")
            command.environment = [(bytes("TOKEN"), bytes(secret))]
            return try sandbox.start(command)
        }
        let output = try await blocking {
            var buffer = [UInt8](repeating: 0, count: 200)
            var span = buffer.mutableSpan
            let count = try process.read(into: &span)
            return String(decoding: buffer[..<count], as: UTF8.self)
        }
        #expect(output == secret + "\n")
        #expect(commandLines().contains { $0.contains("read -r _") })
        #expect(!commandLines().contains { $0.contains(secret) })
        process.terminate()
    }

    @Test("A path below the home directory is found over there")
    func home() async throws {
        let server = try SSHServer()
        let sandbox = server.sandbox()
        defer { sandbox.close() }
        let target = try Target(parsing: bytes("ssh://127.0.0.1/~/a b"), home: nil)
        let path = try await blocking { try SandboxPath(target).resolved(in: sandbox) }
        let home = try await blocking {
            try sandbox.run(SandboxCommand(bytes(#"printf %s "$HOME""#), purpose: "a test"), outputLimit: 1_000).output
        }
        #expect(path == home + bytes("/a b"))
    }

    @Test("What a configuration grants to hosts is not granted to a sandbox: no agent, no forwarded port")
    func noForwarding() async throws {
        let server = try SSHServer()
        let name = server.directory.appendingPathComponent("ssh_config")
        let configuration = try String(contentsOf: name, encoding: .utf8)
        try (configuration + "    ForwardAgent yes\n    RemoteCommand false\n    LocalForward 1 127.0.0.1:1\n")
            .write(to: name, atomically: true, encoding: .utf8)
        let sandbox = server.sandbox()
        defer { sandbox.close() }
        let output = try await blocking {
            try sandbox.run(
                SandboxCommand(bytes(#"echo "${SSH_AUTH_SOCK-none}""#), purpose: "a test"), outputLimit: 100
            ).output
        }
        #expect(output == bytes("none\n"))
    }
}
