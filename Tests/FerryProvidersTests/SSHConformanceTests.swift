import FerryProviders
import FerryTesting
import FerryTransport
import TestSupport
import Testing

@Suite("The conformance suite on ssh", .serialized)
struct SSHConformanceTests {
    @Test("A real sshd conforms", arguments: SandboxConformance.Check.allCases)
    func conforms(check: SandboxConformance.Check) async throws {
        let server = try SSHServer()
        let sandbox = server.sandbox()
        defer { sandbox.close() }
        // sshd ends what reads or writes when the connection goes, but not what does neither.
        try await SandboxConformance(sandbox, except: [.leavesNothingRunning]).verify(check)
    }
}

extension SSHServer {
    /// The sandbox behind it.
    func sandbox() -> SSHSandbox {
        SSHSandbox(
            user: Array(user.utf8), host: Array("127.0.0.1".utf8), port: port, command: command.map { Array($0.utf8) })
    }
}
