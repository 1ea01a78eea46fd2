import FerryCore
import FerryEngine
import FerryProviders
import FerryTesting
import Foundation
import TestSupport
import Testing

/// Whole syncs with a container that runs.
@Suite("Pushes and pulls with real engines", .withEngines, .timeLimit(.minutes(5)))
struct DockerSyncTests {
    typealias Kind = ContainerEngine.Kind

    static let tree: Tree = [
        "a.txt": .file("one\n", mode: 0o640, mtime: Timestamp(seconds: 1_700_000_000)),
        "dir": .directory(
            [
                "run.sh": .file("#!/bin/sh\n", mode: 0o755), "closed": .directory(["in": .file("x")], mode: 0o555),
                "empty": .directory(mode: 0o700),
            ]),
        "link": .link("dir/run.sh"), "other": .hardLink("a.txt"), "odd\n'name": .file("odd"),
    ]

    @Test("A push arrives exactly, a second one has nothing to do", arguments: Kind.allCases)
    func pushTwice(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        let first = try await world.push()
        #expect(first.summary.created == 9 && first.problems.isEmpty, "\(first.problems)")
        let difference = try world.content().differences(from: world.local(), aspects: [.modes])
        #expect(difference.isEmpty, "\(difference)")
        #expect(try world.run("stat -c %h /ws/a.txt; readlink /ws/link") == "2\ndir/run.sh\n")
        let second = try await world.push()
        #expect(second.summary.changesNothing && second.transferredBytes == 0)
    }

    @Test(
        "What the sandbox did comes back, deletions too, and a conflict keeps both versions", arguments: Kind.allCases)
    func pullResults(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        try await world.push()
        let quiet = try await world.pull()
        #expect(quiet.summary.changesNothing && quiet.problems.isEmpty)
        try world.run(
            """
            cd /ws; echo two >a.txt; mkdir new; echo n >new/file; rm -r dir/empty; chmod 700 dir/run.sh
            echo theirs >'odd
            '\\''name'
            """
        )
        try world.edit("echo ours >'odd\n'\\''name'; echo mine >local")
        let report = try await world.pull()
        #expect(report.summary.conflicts == 1 && report.summary.deleted == 1)
        let tree = try world.local()
        #expect(tree["a.txt"]?.content == Array("two\n".utf8) && tree["other"] != nil)
        #expect(tree["new/file"]?.content == Array("n\n".utf8))
        #expect(tree["dir/empty"] == nil && tree["dir/run.sh"]?.mode == 0o700)
        #expect(tree["odd\n'name"]?.content == Array("ours\n".utf8))
        let store = try #require(report.conflictStore)
        #expect(try Tree(reading: store)["odd\n'name"]?.content == Array("theirs\n".utf8))
        let again = try await world.pull()
        #expect(again.summary.changesNothing && again.summary.conflicts == 0)
        let resolved = try await world.push()
        #expect(resolved.summary.updated == 1 && resolved.summary.created == 1)
        #expect(try world.run("cd /ws; cat odd*; cat local") == "ours\nmine\n")
    }

    @Test("A push stops before it would overwrite what was never pulled", arguments: Kind.allCases)
    func unpulled(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        try await world.push()
        try world.run("echo result >/ws/a.txt")
        try world.edit("echo edit >a.txt")
        let error = await #expect(throws: SyncError.self) { try await world.push() }
        #expect(error?.halt?.reason == .overwriteSandbox, "\(String(describing: error))")
        #expect(try world.run("cat /ws/a.txt") == "result\n")
    }

    @Test("After a restart of the container edits still go in, without a false alarm", arguments: Kind.allCases)
    func restarted(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        try await world.push()
        try world.engine.client(["restart", "-t", "0", world.name])
        try world.edit("echo edit >dir/run.sh; rm -r dir/empty odd*; echo longer >a.txt")
        let report = try await world.push()
        #expect(report.summary.updated == 3 && report.summary.deleted == 2)
        #expect(try world.run("cat /ws/dir/run.sh; ls /ws/dir") == "edit\nclosed\nrun.sh\n")
        try world.engine.client(["restart", "-t", "0", world.name])
        try world.edit("echo local >dir/run.sh")
        let pulled = try await world.pull()
        #expect(pulled.summary.conflicts == 0 && pulled.summary.changesNothing)
    }

    @Test("A container that was made anew is another sandbox", arguments: Kind.allCases)
    func recreated(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        try await world.push()
        func replace() throws {
            try world.engine.client(["rm", "-f", world.name])
            try world.engine.container(world.name, start: true)
        }
        try replace()
        let pulled = await #expect(throws: SyncError.self) { try await world.pull() }
        #expect(pulled?.halt?.reason == .newIdentity, "\(String(describing: pulled))")
        let filled = try await world.push()
        #expect(filled.summary.created == 9, "an empty one is filled again")
        try replace()
        try world.run("echo foreign >/ws/a.txt")
        let pushed = await #expect(throws: SyncError.self) { try await world.push() }
        #expect(pushed?.halt?.reason == .newIdentity, "\(String(describing: pushed))")
        #expect(try world.run("cat /ws/a.txt") == "foreign\n")
    }

    @Test(
        "What a push makes belongs to whom the directory belongs, or to the container's user", arguments: Kind.allCases)
    func owners(kind: Kind) async throws {
        let root = try ContainerWorld(kind, Self.tree)
        try root.run("chown 1000:1000 /ws")
        try await root.push()
        #expect(try root.run("cd /ws; stat -c %u:%g a.txt dir dir/run.sh link | sort -u") == "1000:1000\n")
        try root.run("chown 7:8 /ws/dir/run.sh")
        try root.edit("echo edit >dir/run.sh")
        try await root.push()
        #expect(try root.run("stat -c %u:%g /ws/dir/run.sh") == "7:8\n", "a replaced file keeps its owner")
        let user = try ContainerWorld(kind, Self.tree, root: "/tmp/own", options: ["--user", "1000:1000"])
        try await user.push()
        #expect(try user.run("cd /tmp/own; stat -c %u:%g . a.txt dir | sort -u") == "1000:1000\n")
    }

    @Test("A missing engine, container or directory is a clear failure", arguments: Kind.allCases)
    func missing(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        let unknown = try world.endpoint("no-such-container")
        let pushed = await #expect(throws: SyncError.self) { try await SyncEngine.push(world.workspace, to: unknown) }
        #expect(pushed?.code == .transport && pushed?.message.contains("no container 'no-such-container'") == true)
        let pulled = await #expect(throws: SyncError.self) {
            try await SyncEngine.pull(from: unknown, to: world.workspace)
        }
        #expect(pulled?.code == .transport, "\(String(describing: pulled))")
        let nowhere = try world.endpoint(root: "/nowhere/at/all")
        let empty = await #expect(throws: SyncError.self) {
            try await SyncEngine.pull(from: nowhere, to: world.workspace)
        }
        #expect(empty?.code == .halted && empty?.message.contains("/nowhere/at/all") == true)
        #expect(try world.local().paths.count == 9)
        try await SyncEngine.push(world.workspace, to: nowhere)
        #expect(try world.run("ls /nowhere/at/all/dir") == "closed\nempty\nrun.sh\n")
    }

    @Test("A container that is removed in the middle fails the sync and loses nothing", arguments: Kind.allCases)
    func removed(kind: Kind) async throws {
        let world = try ContainerWorld(kind, Self.tree)
        try world.edit("dd if=/dev/zero of=big bs=1M count=96 2>/dev/null")
        let engine = world.engine
        let name = world.name
        let started = Once()
        @Sendable func remove(_ event: SyncEvent) {
            guard case .plan = event, started.first() else { return }
            _ = try? engine.client(["rm", "-f", name], expectSuccess: false)
        }
        var options = SyncOptions()
        options.stateDirectory = world.directory.path("state")
        let endpoint = try world.endpoint()
        let error = await #expect(throws: SyncError.self) {
            try await SyncEngine.push(world.workspace, to: endpoint, options: options, observer: { remove($0) })
        }
        #expect(error?.code == .transport, "\(String(describing: error))")
        #expect(try world.local().paths.count == 10)
        try engine.container(name, start: true)
        let report = try await world.push()
        #expect(report.summary.created == 10)
    }
}

/// Says yes once.
final class Once: @unchecked Sendable {
    private let lock = NSLock()
    private var isOver = false

    func first() -> Bool {
        lock.withLock {
            defer { isOver = true }
            return !isOver
        }
    }
}
