import FerryProviders
import FerryTesting
import FerryTransport
import TestSupport
import Testing

@Suite("The conformance suite on child processes")
struct ProcessConformanceTests {
    @Test("The machine's own shell conforms", arguments: SandboxConformance.Check.allCases)
    func localShell(check: SandboxConformance.Check) async throws {
        try await SandboxConformance(LocalShellSandbox()).verify(check)
    }

    @Test("BusyBox in a root of its own conforms", arguments: SandboxConformance.Check.allCases)
    func busyBox(check: SandboxConformance.Check) async throws {
        let root = try BusyBoxRoot()
        let sandbox = LocalShellSandbox(
            name: "BusyBox", prefix: root.prefix.map { Array($0.utf8) },
            environment: root.environment.map { Array($0.utf8) })
        let exceptions: Set<SandboxConformance.Check> = root.hasDevices ? [] : [.givesLargeOutput, .discardsOutput]
        try await SandboxConformance(sandbox, except: exceptions).verify(check)
        withExtendedLifetime(root) {}
    }
}
