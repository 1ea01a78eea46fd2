import Ferry
import Foundation

/// An adapter as small as one can be: it prepares a sandbox, runs an agent in it, and restores the results.
///
///     swift-adapter SPEC.json WORKSPACE SKILLS STATE
///
/// The sandbox of this example is the machine's own shell, so that it runs anywhere; a real adapter makes its vendor's ``Sandbox`` of
/// the spec's provider, identifier and key instead. The rest is the same.
@main
enum SwiftAdapter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 5 else { throw UsageError() }
        let request = try Data(contentsOf: URL(fileURLWithPath: arguments[1]))
        let spec = try ExecutionSpec.parse(JSONDecoder().decode(JSONValue.self, from: request))
        let sandbox = ProcessSandbox(name: "\(spec.provider) \(spec.sandboxID)", prefix: [])
        defer { sandbox.close() }

        var preparation = RuntimePreparation(
            spec: spec, adapterKey: "example", workspaceLocalDirectory: Array(arguments[2].utf8),
            stateDirectory: Array(arguments[4].utf8))
        preparation.assets = [
            RuntimeAsset(
                key: "skills", localDirectory: Array(arguments[3].utf8), followsSymlinks: true, exclude: ["*.tmp"])
        ]
        let runtime: PreparedRuntime
        do {
            runtime = try await ManagedRuntime.prepare(preparation, in: .sandbox(sandbox), observer: show)
        } catch {
            // The sentence is for whoever asked; the detail, with its paths, for this program's own log.
            FileHandle.standardError.write(Data("\(error.code.rawValue): \(error)\n".utf8))
            exit(1)
        }
        print("prepared \(displayName(of: runtime.workspaceRemoteDirectory))")

        try runAgent(in: runtime, sandbox)

        let outcome = try await runtime.restoreWorkspace(observer: show)
        if let summary = outcome.report?.summary {
            print("restored: \(summary.created) new, \(summary.updated) changed, \(summary.deleted) deleted")
        }
        try await runtime.release()
        print("released")
    }

    /// Tells how far it is, a line at a time.
    @Sendable private static func show(_ event: RuntimeEvent) {
        if case .progress(let line) = event { print(line.text) }
    }

    /// The agent: it reads a skill and writes a result.
    private static func runAgent(in runtime: PreparedRuntime, _ sandbox: some Sandbox) throws {
        guard let skills = runtime.assetDirectories["skills"] else { return }
        var command = SandboxCommand(
            Array("tr a-z A-Z <\"$SKILLS/skill.md\" >result.md; rm -f draft.md".utf8), purpose: "the agent")
        command.directory = runtime.workspaceRemoteDirectory
        command.environment = [(name: Array("SKILLS".utf8), value: skills)]
        command.deadline = runtime.spec.timeout
        _ = try sandbox.run(command, outputLimit: 1 << 20)
    }

    private struct UsageError: Error {}
}
