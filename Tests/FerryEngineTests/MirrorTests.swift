import FerryCore
import FerryEngine
import FerryTesting
import Testing

/// A mirror makes one directory like the other and stops at what it must not touch.
@Suite("Mirrors")
struct MirrorTests {
    static let seeds = UInt64(300)...340

    @Test("a mirror push makes any tree like any other", arguments: seeds)
    func push(seed: UInt64) async throws {
        let (before, after) = Self.trees(seed)
        let pair = try Pair(after, sandbox: before)
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: .mirror)
        try pair.expectSame(seed, aspects: [.modes, .hardLinks])
        let again = try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: .mirror)
        #expect(again.summary.changesNothing, "seed \(seed): \(again.summary)")
    }

    @Test("a mirror pull makes any tree like any other", arguments: seeds)
    func pull(seed: UInt64) async throws {
        let (before, after) = Self.trees(seed)
        let pair = try Pair(after, sandbox: before)
        try await SyncEngine.pull(from: .directory(pair.workspace), to: pair.sandbox, options: .unreviewedMirror)
        try pair.expectSame(seed, aspects: [.modes, .hardLinks])
        let again = try await SyncEngine.pull(
            from: .directory(pair.workspace), to: pair.sandbox, options: .unreviewedMirror)
        #expect(again.summary.changesNothing, "seed \(seed): \(again.summary)")
    }

    @Test("a mirror pull from an archive makes any tree like any other", arguments: seeds)
    func pullArchive(seed: UInt64) async throws {
        let (before, after) = Self.trees(seed)
        let pair = try Pair(after, sandbox: before)
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox, options: .unreviewedMirror)
        try pair.expectSame(seed, aspects: [.modes, .hardLinks])
    }

    @Test("a dry run changes nothing and tells what the real run then does", arguments: UInt64(350)...355)
    func dryRun(seed: UInt64) async throws {
        let (before, after) = Self.trees(seed)
        let pair = try Pair(after, sandbox: before)
        let fingerprints = try DiskFingerprint.all(in: pair.sandbox)
        var dry = SyncOptions.mirror
        dry.isDryRun = true
        let (planned, done) = (ItemLog(), ItemLog())
        let first = try await SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: dry, observer: planned.observer)
        #expect(try DiskFingerprint.all(in: pair.sandbox) == fingerprints)
        let second = try await SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: .mirror, observer: done.observer)
        #expect(planned.actions == done.actions && first.summary == second.summary)
        #expect(planned.all.map(\.path) == done.all.map(\.path))
    }

    @Test("without deletions, what only the destination has stays")
    func noDelete() async throws {
        let pair = try Pair(["a": .file("new")], sandbox: ["a": .file("old"), "extra/b": .file("b")])
        var options = SyncOptions.mirror
        options.deletes = false
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        let expected: Tree = ["a": .file("new"), "extra/b": .file("b")]
        #expect(try Tree(reading: pair.sandbox).differences(from: expected).isEmpty)
    }

    @Test("directories that were written into end with the source's time")
    func directoryTimes() async throws {
        let time = Timestamp(seconds: 1_111_111_111, nanoseconds: 222)
        let tree: Tree = [
            "d": .directory(
                ["new": .file("x"), "e": .directory(["hard": .hardLink("new")], mtime: time)], mtime: time),
            "gone": .directory(["kept": .file("y")], mtime: time), "empty": .directory(mtime: time),
        ]
        let old: Tree = [
            "gone/kept": .file("y"), "gone/extra": .file("z"), "gone/dir/z": .file("z"), "d/e/f": .file("f"),
        ]
        let pushed = try Pair(tree, sandbox: old)
        try await SyncEngine.push(pushed.workspace, to: .directory(pushed.sandbox), options: .mirror)
        try pushed.expectSame(0)
        let pulled = try Pair(tree, sandbox: old)
        try await SyncEngine.pull(from: .directory(pulled.workspace), to: pulled.sandbox, options: .unreviewedMirror)
        try pulled.expectSame(0)
        let unpacked = try Pair(tree, sandbox: old)
        let archive = unpacked.directory.path("a.tar")
        try await SyncEngine.push(unpacked.workspace, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: unpacked.sandbox, options: .unreviewedMirror)
        try unpacked.expectSame(0)
    }

    /// Two trees that have much in common, and, every fourth time, two that have nothing to do with each other.
    private static func trees(_ seed: UInt64) -> (before: Tree, after: Tree) {
        let random = RandomTree(seed: seed)
        let before = random.make()
        return (before, seed % 4 == 0 ? RandomTree(seed: seed + 10_000).make() : random.variant(of: before))
    }
}
