import FerryCore
import FerryEngine
import FerryTesting
import Synchronization
import TestSupport
import Testing

/// Containers are looked at with a command and, where none can be run, by an archive.
@Suite("Status, diff and verify of containers", .withEngines, .timeLimit(.minutes(5)))
struct DockerCompareTests {
    /// Collects what is told.
    private final class Log<Value: Sendable>: Sendable {
        private let values = Mutex<[Value]>([])
        func add(_ value: Value) { values.withLock { $0.append(value) } }
        var all: [Value] { values.withLock { $0 } }
    }

    @Test(
        "What is seen of a container is the same whether it runs or has ended, and status tells what the pull does",
        arguments: ContainerEngine.Kind.allCases)
    func both(kind: ContainerEngine.Kind) async throws {
        let world = try ContainerWorld(kind, DockerSyncTests.tree)
        let endpoint = try world.endpoint()
        try await world.push()
        #expect(try await SyncEngine.verify(world.workspace, endpoint, options: world.options()).differences == 0)
        try world.run("cd /ws; echo two >a.txt; rm -r dir/empty; echo new >fresh")
        var patches: [[UInt8]] = []
        for stops in [false, true] {
            if stops { try world.engine.client(["stop", "-t", "0", world.name]) }
            let log = Log<TreeDifference>()
            try await SyncEngine.diff(
                world.workspace, endpoint, options: world.options(), onDifference: { log.add($0) })
            patches.append(log.all.flatMap(\.patch))
            let found = Log<TreeDifference>()
            _ = try await SyncEngine.verify(
                world.workspace, endpoint, options: world.options(), onDifference: { found.add($0) })
            let names = found.all.map { "\($0.sort.rawValue) \(displayName(of: $0.path))" }
            #expect(
                names == ["content a.txt", "only-in-workspace dir/empty", "only-in-sandbox fresh", "content other"])
        }
        #expect(patches[0] == patches[1] && !patches[0].isEmpty)
        let status = try await SyncEngine.status(of: world.workspace, and: endpoint, options: world.options())
        let report = try await world.pull()
        #expect(status.pull.summary == report.summary && report.summary.updated == 2)
    }
}
