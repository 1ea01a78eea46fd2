import FerryCore
import FerryTesting
import FerryThreads
import FerryTransport

/// A plain client of this machine, with a directory for its temporary files.
final class PlainWorld: Sendable {
    let directory: TemporaryDirectory
    let client: FaultyClient
    let limits: PlainLimits

    init(
        piece: Int = 1 << 20, files: (any Sandbox)? = nil, commands: any Sandbox = LocalShellSandbox(),
        choose: @escaping @Sendable (FaultyClient.Call, Int) -> FaultyClient.Fault? = { _, _ in nil }
    ) throws {
        directory = try TemporaryDirectory()
        client = FaultyClient(ShellClient(commands, files: files), choose: choose)
        var limits = PlainLimits()
        limits.largestFile = piece
        limits.directory = directory.text
        self.limits = limits
    }

    func sandbox() -> PlainSandbox { PlainSandbox(name: "plain", client: client, limits: limits) }

    /// What is in the directory for temporary files.
    var leftovers: [String] { get throws { try Tree(reading: directory.path).paths.map(\.description) } }

    /// Runs a command in a sandbox of its own, which is closed afterwards.
    func run(_ text: String, input: [UInt8] = [], limit: Int = 64 << 20) async throws -> (
        output: [UInt8], exit: SandboxExit
    ) {
        try await blocking {
            let sandbox = self.sandbox()
            defer { sandbox.close() }
            return try sandbox.run(
                SandboxCommand(Array(text.utf8), purpose: "a test"), input: input, outputLimit: limit)
        }
    }
}
