import FerryCore
import FerryEngine
import FerryRuntime
import FerryTesting
import FerryTransport
import Synchronization

/// What one trial has: a workspace, assets and a state directory on this machine, and a sandbox.
final class TrialWorld: Sendable {
    let place: RuntimePlace
    let directory: TemporaryDirectory
    let workspace: [UInt8]
    let state: [UInt8]
    private let count = Mutex(0)

    static let tree: Tree = [
        "README.md": .file("hello", mode: 0o644),
        "run.sh": .file("#!/bin/sh\n", mode: 0o755),
        "src/main.c": .file("int main;"),
        "src/link": .link("main.c"),
        "empty": .directory(),
    ]

    init(_ place: RuntimePlace, _ tree: Tree = TrialWorld.tree) throws {
        self.place = place
        directory = try TemporaryDirectory(prefix: "ferry-runtime")
        workspace = try directory.directory("workspace", tree)
        state = directory.path("state")
        try edit("")
    }

    func spec(_ remote: String? = nil) throws -> ExecutionSpec {
        try ExecutionSpec.parse([
            "transport": "sandbox", "provider": " trial ", "sandboxId": "box-1",
            "remoteCwd": .string(remote ?? place.directory), "timeoutMs": "120000",
        ])
    }

    func preparation(
        _ assets: [RuntimeAsset] = [], remote: String? = nil, _ change: (inout RuntimePreparation) -> Void = { _ in }
    ) throws -> RuntimePreparation {
        var preparation = RuntimePreparation(
            spec: try spec(remote), adapterKey: "agent", workspaceLocalDirectory: workspace, stateDirectory: state)
        preparation.assets = assets
        preparation.options.flushes = false
        change(&preparation)
        return preparation
    }

    func prepare(
        _ assets: [RuntimeAsset] = [], remote: String? = nil, _ change: (inout RuntimePreparation) -> Void = { _ in }
    ) async throws -> PreparedRuntime {
        try await ManagedRuntime.prepare(preparation(assets, remote: remote, change), in: place.transport)
    }

    func resume(adapterKey: String? = nil) async throws -> PreparedRuntime {
        try await ManagedRuntime.resume(
            workspace: workspace, spec: spec(), adapterKey: adapterKey, stateDirectory: state,
            transport: place.transport)
    }

    /// Makes an asset, in a directory of its own each time.
    func asset(_ key: String, _ tree: Tree) throws -> RuntimeAsset {
        let number = count.withLock { count in
            count += 1
            return count
        }
        return RuntimeAsset(key: key, localDirectory: try directory.directory("asset-\(number)", tree))
    }

    /// What is as young as the clock's tick at a scan is never sure to be unchanged by the next one.
    private static let tick = "\nsleep 0.03 2>/dev/null || sleep 1"

    /// Changes the workspace on this machine.
    func edit(_ script: String) throws {
        let path = String(decoding: workspace, as: UTF8.self)
        var command = SandboxCommand(Array("set -e; cd '\(path)'\n\(script)\(Self.tick)".utf8), purpose: "the user")
        command.deadline = .seconds(60)
        _ = try LocalShellSandbox().run(command, outputLimit: 1 << 20)
    }

    /// The workspace over there, the runtime directories left out.
    func remoteWorkspace(_ path: String? = nil) throws -> Tree {
        try place.read(path ?? place.directory).filter { path, _ in
            !path.bytes.starts(with: ".ferry-runtime".utf8) && !path.bytes.starts(with: ".paperclip-runtime".utf8)
        }
    }

    func local() throws -> Tree { try Tree(reading: workspace) }

    /// Runs a script in the workspace's directory over there.
    @discardableResult
    func agent(_ script: String) throws -> String {
        try place.run("set -e; cd '\(place.directory)'\n\(script)\(Self.tick)")
    }
}

/// A demand that was not met.
package struct TrialFailure: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Fails a trial unless something holds.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw TrialFailure(what()) }
}

/// Fails a trial unless a tree is as it should be, in names, kinds, content, targets and modes.
func require(_ tree: Tree, is wanted: Tree, _ what: String) throws {
    let differences = tree.differences(from: wanted, aspects: [.modes])
    if !differences.isEmpty { throw TrialFailure("\(what): \(differences)") }
}

/// Fails a trial unless something fails as it should.
func requireFailure(
    _ code: RuntimeError.Code, _ what: String, _ body: () async throws -> Void
) async throws -> RuntimeError {
    do {
        try await body()
    } catch let error as RuntimeError {
        try require(error.code == code, "\(what): \(error.code.rawValue) instead of \(code.rawValue): \(error.detail)")
        return error
    }
    throw TrialFailure("\(what): it did not fail")
}
