import FerryProviders
import FerryTesting
import FerryThreads
import FerryTransport
import TestSupport
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// Runs on a thread that may block.
private func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThread.run(named: "test", body)
}

@Suite("Kubernetes")
struct KubernetesSandboxTests {
    private let world: TestWorld
    private let cluster: KubectlStandIn

    init() throws {
        world = try TestWorld()
        cluster = try KubectlStandIn(in: world.path("io"))
    }

    private func sandbox(pod: String = "box", container: String? = "main") -> KubernetesSandbox {
        KubernetesSandbox(
            namespace: bytes("ns"), pod: bytes(pod), container: container.map(bytes),
            command: cluster.command.map(bytes))
    }

    /// The error of a command that cannot run.
    private func failure(_ sandbox: KubernetesSandbox) async -> TransportError? {
        await #expect(throws: TransportError.self) {
            _ = try await blocking { try sandbox.start(SandboxCommand(bytes("true"), purpose: "a test")).wait() }
        }
    }

    @Test("A kubectl that behaves conforms", arguments: SandboxConformance.Check.allCases)
    func conforms(check: SandboxConformance.Check) async throws {
        // The stand-in is a shell, which ends by the signal that was meant for its command.
        try await SandboxConformance(sandbox(), except: [.leavesNothingRunning]).verify(check)
    }

    @Test("The pod's identifier tells which sandbox it is; the end of its output proves nothing")
    func identity() async throws {
        let sandbox = sandbox()
        #expect(try await blocking { try sandbox.identity() }?.id == bytes("6f1c2d34-uid"))
        #expect(!sandbox.capabilities.provesEndOfOutput)
        #expect(sandbox.name == "k8s://ns/box/main")
    }

    @Test("A status of 1 is the command's own only when kubectl says so; that line is not the command's word")
    func ownFailure() async throws {
        let sandbox = sandbox(container: nil)
        let exit = try await blocking {
            try sandbox.start(SandboxCommand(bytes("echo mine >&2; exit 1"), purpose: "a test")).wait()
        }
        #expect(exit.status == 1)
        #expect(String(decoding: exit.errorTail, as: UTF8.self) == "mine\n")
    }

    @Test(
        "kubectl's failures are told apart",
        arguments: [
            ("Unable to connect to the server: dial tcp: no such host", TransportError.Code.unreachable),
            ("Error from server (Forbidden): pods is forbidden", .denied), ("error: unexpected EOF", .disconnected),
        ])
    func failures(message: String, code: TransportError.Code) async throws {
        let error = await failure(
            KubernetesSandbox(
                namespace: bytes("ns"), pod: bytes("box"), container: nil,
                command: ["sh", "-c", "echo '\(message)' >&2; exit 1"].map(bytes)))
        #expect(error?.code == code)
    }

    @Test("A connection that cannot be made, and one that breaks, are told from a command that fails")
    func faults() async throws {
        for fault in [KubectlStandIn.Fault.refuses, .breaks(0)] {
            try cluster.fail(fault)
            let sandbox = sandbox()
            let error = await #expect(throws: TransportError.self) {
                _ = try await blocking {
                    try sandbox.start(SandboxCommand(bytes("echo some"), purpose: "a test")).wait()
                }
            }
            #expect(error?.code == .disconnected)
        }
    }

    @Test("A pod that is not there is not found")
    func notFound() async throws {
        #expect(await failure(sandbox(pod: "other"))?.code == .notFound)
    }
}
