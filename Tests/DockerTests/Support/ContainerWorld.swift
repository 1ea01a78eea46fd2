import FerryCore
import FerryEngine
import FerryProviders
import FerryTesting
import FerryTransport
import Foundation
import TestSupport

/// A workspace, a container of a real engine, and a state directory that only this test uses.
final class ContainerWorld {
    let engine: ContainerEngine
    let name: String
    let directory: TemporaryDirectory
    let workspace: [UInt8]
    private let root: String

    /// Makes all of it.
    ///
    /// - Parameters:
    ///   - kind: Which engine.
    ///   - tree: What the workspace holds.
    ///   - start: Whether the container runs.
    ///   - root: The directory in the container.
    ///   - options: More for the engine's `create`.
    ///   - image: What the container is made of.
    /// - Throws: When the engine cannot do it.
    init(
        _ kind: ContainerEngine.Kind, _ tree: Tree = [:], start: Bool = true, root: String = "/ws",
        options: [String] = [], image: String = ContainerEngine.image
    ) throws {
        engine = try WithEngines.engine(kind)
        name = "w-\(UUID().uuidString.lowercased().prefix(8))"
        self.root = root
        directory = try TemporaryDirectory()
        workspace = try directory.directory("workspace", tree)
        try engine.container(name, start: start, options: options, image: image)
    }

    deinit { _ = try? engine.client(["rm", "-f", name], expectSuccess: false) }

    /// The target that leads to the container.
    func endpoint(_ container: String? = nil, root: String? = nil) throws -> Endpoint {
        let text = Array("docker://\(container ?? name)\(root ?? self.root)".utf8)
        let provider = DockerProvider(environment: ["DOCKER_HOST": "unix://\(engine.socket)"])
        guard case .sandbox(let endpoint) = try provider.endpoint(for: Target(parsing: text, home: nil)) else {
            throw POSIXError(.EINVAL)
        }
        return .sandbox(endpoint)
    }

    func options(_ change: (inout SyncOptions) -> Void = { _ in }) -> SyncOptions {
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        change(&options)
        return options
    }

    @discardableResult
    func push(_ change: (inout SyncOptions) -> Void = { _ in }) async throws -> SyncReport {
        try await SyncEngine.push(workspace, to: endpoint(), options: options(change))
    }

    @discardableResult
    func pull(_ change: (inout SyncOptions) -> Void = { _ in }) async throws -> SyncReport {
        try await SyncEngine.pull(from: endpoint(), to: workspace, options: options(change))
    }

    /// Runs a command in the container, which must run, and tells what it printed.
    @discardableResult
    func run(_ script: String) throws -> String {
        try engine.client(["exec", name, "/bin/sh", "-c", script]).text
    }

    /// What the container's directory holds, taken out by the engine's own client.
    func content() throws -> Tree {
        let path = directory.path("copy-\(UUID().uuidString.prefix(6))")
        try FileManager.default.createDirectory(
            atPath: String(decoding: path, as: UTF8.self), withIntermediateDirectories: false)
        try engine.client(["cp", "\(name):\(root)/.", String(decoding: path, as: UTF8.self)])
        return try Tree(reading: path)
    }

    /// Puts a file into the container, which need not run.
    func put(_ content: String, at path: String) throws {
        let file = directory.path("put-\(UUID().uuidString.prefix(6))")
        try Data(content.utf8).write(to: URL(fileURLWithPath: String(decoding: file, as: UTF8.self)))
        try engine.client(["cp", String(decoding: file, as: UTF8.self), "\(name):\(path)"])
    }

    /// The workspace as it is.
    func local() throws -> Tree { try Tree(reading: workspace) }

    /// Changes the workspace.
    func edit(_ script: String) throws {
        let result = try Tool.run(
            "/bin/sh", ["-ec", "cd \"$1\"; \(script)", "sh", String(decoding: workspace, as: UTF8.self)])
        guard result.status == 0 else { throw Tool.Failure(result: result) }
    }
}
