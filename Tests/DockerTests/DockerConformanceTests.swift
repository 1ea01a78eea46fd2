import FerryProviders
import FerryTesting
import TestSupport
import Testing

@Suite("The conformance suite on real engines", .withEngines, .timeLimit(.minutes(5)))
struct DockerConformanceTests {
    @Test(
        "A container conforms", arguments: ContainerEngine.Kind.allCases, SandboxConformance.Check.allCases)
    func conforms(kind: ContainerEngine.Kind, check: SandboxConformance.Check) async throws {
        let world = try ContainerWorld(kind)
        let sandbox = DockerSandbox(world.name, in: world.engine)
        defer { sandbox.close() }
        try await SandboxConformance(sandbox).verify(check)
    }
}
