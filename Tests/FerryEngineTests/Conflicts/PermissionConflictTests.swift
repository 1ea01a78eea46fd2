import FerryCore
import FerryEngine
import FerryTesting
import Testing

/// Directories of which both sides changed the permission bits, differently.
@Suite("Conflicts of permission bits")
struct PermissionConflictTests {
    private static func world() async throws -> ConflictStoreTests.World {
        let world = try await ConflictStoreTests.World()
        try world.edit(world.pair.sandbox, "chmod 711 dir; echo theirs >dir/both; echo new >dir/new")
        try world.edit(world.pair.workspace, "chmod 700 dir; echo ours >dir/both")
        let report = try await world.pull()
        #expect(report.summary.conflicts == 2)
        return world
    }

    private static func mode(_ world: ConflictStoreTests.World) throws -> UInt16? {
        try Tree(reading: world.pair.workspace)["dir"]?.mode
    }

    @Test(
        "the sandbox's bits are listed and shown beside what conflicts in the directory, and the pull that comes next is silent"
    )
    func listed() async throws {
        let world = try await Self.world()
        let stored = try await world.stored()
        #expect(try await world.paths() == ["dir", "dir/both"])
        #expect(stored.first?.version == .permissions(0o711) && stored.first?.kind == .directory)
        #expect(stored.first?.cause == .conflict(.modesDiffer) && stored.first?.place == nil)
        #expect(try await world.show("dir") == "0711\n")
        #expect(try await world.show("dir/both") == "theirs\n")
        #expect(try Self.mode(world) == 0o700 && world.read("dir/new") == "new\n")
        let again = try await world.pull()
        #expect(again.summary.conflicts == 0 && again.summary.changesNothing)
        #expect(try await world.paths().count == 2)
    }

    @Test(
        "taking them changes those bits and nothing else, can be undone, and leaves the other conflicts of the directory"
    )
    func taken() async throws {
        let world = try await Self.world()
        let before = try Tree(reading: world.pair.workspace)
        let report = try await world.take("dir")
        #expect(report.summary.modeChanged == 1 && report.run != nil)
        var expected = before
        expected["dir"]?.mode = 0o711
        #expect(try Tree(reading: world.pair.workspace).differences(from: expected).isEmpty)
        #expect(try await world.paths() == ["dir/both"])
        #expect(try await world.show("dir/both") == "theirs\n")
        try await SyncEngine.undo(workspace: world.pair.workspace, options: world.options)
        #expect(try Tree(reading: world.pair.workspace).differences(from: before).isEmpty)
    }

    @Test(
        "bits that were changed since, and a directory that is none any more, stop the taking",
        arguments: [true, false])
    func changedSince(isGone: Bool) async throws {
        let world = try await Self.world()
        try world.edit(world.pair.workspace, isGone ? "rm -r dir; echo file >dir" : "chmod 750 dir")
        let error = await failure { () throws(SyncError) in try await world.take("dir") }
        #expect(error?.code == (isGone ? .failed : .halted), "\(error as Any)")
        #expect(try await world.paths() == ["dir", "dir/both"])
        if !isGone {
            _ = try await world.take("dir", allowed: true)
            #expect(try Self.mode(world) == 0o711)
        }
    }

    @Test(
        "dropping them leaves the stored version of what is in the directory, and the reverse",
        arguments: ["dir", "dir/both"])
    func dropped(path: String) async throws {
        let world = try await Self.world()
        let count = try await SyncEngine.keepLocal(
            RelativePath(unchecked: Array(path.utf8)), in: world.pair.workspace, options: world.options)
        #expect(count == 1)
        let other = path == "dir" ? "dir/both" : "dir"
        #expect(try await world.paths() == [other])
        #expect(try await world.show(other) == (path == "dir" ? "theirs\n" : "0711\n"))
        #expect(try Self.mode(world) == 0o700)
    }
}
