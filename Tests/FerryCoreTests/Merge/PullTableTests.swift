import FerryCore
import Testing

/// Every row of the table of a pull.
@Suite("A pull, row by row")
struct PullTableTests {
    private typealias World = MergeWorld

    /// Entries of each kind, and an edit of each.
    static let kinds: [(name: String, before: MergeWorld.Entry, after: MergeWorld.Entry, other: MergeWorld.Entry)] = [
        ("file", World.file(1), World.file(2), World.file(3)),
        ("file of another size", World.file(1), World.file(2, size: 20), World.file(3, size: 30)),
        ("link", World.link(1), World.link(2), World.link(3)),
        ("mode of a file", World.file(1, mode: 0o644), World.file(1, mode: 0o755), World.file(1, mode: 0o600)),
        ("mode of a directory", World.directory(0o755), World.directory(0o700), World.directory(0o711)),
        ("kind", World.file(1), World.link(2), World.directory()),
    ]

    /// Pulls, and checks that a second pull finds nothing to do.
    private func pull(_ pair: inout MergePair) -> [String] {
        let actions = MergePair.actions(pair.pull())
        #expect(pair.trouble.isEmpty)
        let again = MergePair.actions(pair.plan(.pull))
        #expect(again.isEmpty, "the second pull: \(again)")
        return actions
    }

    @Test("nothing changed: nothing happens", arguments: kinds.map(\.before))
    func unchanged(entry: MergeWorld.Entry) {
        var pair = MergePair(synced: ["a": entry])
        let before = pair.local
        #expect(pair.plan(.pull).comparisons.isEmpty)
        #expect(pull(&pair).isEmpty)
        #expect(pair.local.entries == before.entries && pair.local["a"]?.inode == before["a"]?.inode)
    }

    @Test("R = B: a local edit stands", arguments: 0..<kinds.count)
    func localEdit(index: Int) {
        let kind = Self.kinds[index]
        var pair = MergePair(synced: ["a": kind.before])
        pair.local["a"] = kind.after
        #expect(pull(&pair).isEmpty)
        #expect(pair.local["a"] == kind.after)
    }

    @Test("R = B: a local deletion stands, of a tree as well")
    func localDeletion() {
        var pair = MergePair(synced: ["a": World.file(), "d": World.directory(), "d/b": World.file()])
        pair.local["a"] = nil
        pair.local["d"] = nil
        #expect(pull(&pair).isEmpty)
        #expect(pair.local.entries.isEmpty)
    }

    @Test("L = B, R changed: R is taken", arguments: 0..<kinds.count)
    func remoteEdit(index: Int) {
        let kind = Self.kinds[index]
        var pair = MergePair(synced: ["a": kind.before])
        pair.remote["a"] = kind.after
        #expect(pull(&pair).count == 1)
        #expect(pair.local["a"] == kind.after)
    }

    @Test("L = B, R new: it is made")
    func remoteNew() {
        var pair = MergePair(synced: [:])
        pair.remote["d"] = World.directory()
        pair.remote["d/a"] = World.file()
        #expect(pull(&pair) == ["create d", "create d/a"])
        #expect(pair.local.entries == pair.remote.entries)
    }

    @Test("L = B, R deleted: it is deleted, children before their directory")
    func remoteDeletion() {
        var pair = MergePair(synced: ["d": World.directory(), "d/b": World.file(), "l": World.link()])
        pair.remote.entries = [:]
        #expect(pull(&pair) == ["delete d", "delete d/b", "delete l"])
        #expect(pair.local.entries.isEmpty)
    }

    @Test("R deleted a directory in which L put something: the rest goes, the directory stays")
    func survivor() {
        var pair = MergePair(synced: ["d": World.directory(), "d/b": World.file()])
        pair.local["d/new"] = World.file(5)
        pair.remote["d"] = nil
        #expect(pull(&pair) == ["delete d/b"])
        #expect(pair.local.paths == ["d", "d/new"])
    }

    @Test("L = R: nothing is written, the baseline moves on", arguments: 0..<kinds.count)
    func sameEdit(index: Int) {
        let kind = Self.kinds[index]
        var pair = MergePair(synced: ["a": kind.before])
        pair.local["a"] = kind.after
        pair.remote["a"] = kind.after
        #expect(pull(&pair).isEmpty)
        #expect(pair.entry("a")?.kind == kind.after.kind)
        // What both have is agreed on now: the next edit of one side is that side's alone.
        pair.remote["a"] = kind.other
        #expect(pull(&pair).count == 1)
        #expect(pair.local["a"] == kind.other)
    }

    @Test("a rewrite with the same content writes nothing")
    func rewrite() {
        var pair = MergePair(synced: ["a": World.file()])
        pair.remote["a"] = World.file()
        pair.remote.entries["a"]?.mtime = 77
        let before = pair.local["a"]
        #expect(pull(&pair).isEmpty)
        #expect(pair.local["a"]?.ctime == before?.ctime)
    }

    @Test("R deleted, L changed: L stays, a conflict", arguments: 0..<kinds.count)
    func deletedRemotely(index: Int) {
        let kind = Self.kinds[index]
        var pair = MergePair(synced: ["a": kind.before])
        pair.local["a"] = kind.after
        pair.remote["a"] = nil
        let plan = pair.plan(.pull)
        #expect(MergePair.reasons(plan)["a"] == .deletedRemotelyChangedLocally)
        #expect(pull(&pair) == ["conflict a"])
        #expect(pair.local["a"] == kind.after)
        // And a push settles it.
        #expect(MergePair.actions(pair.push()) == ["create a"])
    }

    @Test("R changed, L deleted: a conflict, and it does not come back", arguments: 0..<5)
    func deletedLocally(index: Int) {
        let kind = Self.kinds[index]
        guard kind.before.kind != .directory else { return }
        var pair = MergePair(synced: ["a": kind.before])
        pair.local["a"] = nil
        pair.remote["a"] = kind.after
        #expect(MergePair.reasons(pair.plan(.pull))["a"] == .changedRemotelyDeletedLocally)
        #expect(pull(&pair) == ["conflict a"])
        #expect(pair.local["a"] == nil)
        let push = pair.push()
        #expect(MergePair.actions(push) == ["delete a"] && push.summary().overwritesUnpulled == 0)
    }

    @Test("both changed differently: L stays, R goes to the store; a push then settles it", arguments: 0..<5)
    func bothChanged(index: Int) {
        let kind = Self.kinds[index]
        var pair = MergePair(synced: ["a": kind.before])
        pair.local["a"] = kind.after
        pair.remote["a"] = kind.other
        #expect(pull(&pair) == ["conflict a"])
        #expect(pair.local["a"] == kind.after)
        let push = pair.push()
        #expect(push.summary().overwritesUnpulled == 0)
        #expect(pair.remote["a"] == kind.after)
        #expect(MergePair.actions(pair.plan(.pull)).isEmpty)
    }

    @Test("kinds differ and L changed: one conflict for the whole subtree")
    func kindsDiffer() {
        var pair = MergePair(synced: ["a": World.file()])
        pair.local["a"] = World.file(2)
        pair.remote["a"] = World.directory()
        pair.remote["a/x"] = World.file()
        pair.remote["a/y"] = World.link()
        #expect(pull(&pair) == ["conflict a", "conflict a/x", "conflict a/y"])
        #expect(pair.local.paths == ["a"] && pair.local["a"] == World.file(2))
        let push = pair.push()
        #expect(MergePair.actions(push) == ["changeKind a"] && push.summary().overwritesUnpulled == 0)
        #expect(pair.remote.paths == ["a"])
    }

    @Test("a directory that L edited inside is not replaced by a file of R")
    func directoryToFile() {
        var pair = MergePair(synced: ["d": World.directory(), "d/a": World.file()])
        pair.remote["d"] = World.file()
        #expect(MergePair.actions(pair.plan(.pull)) == ["changeKind d"])
        for edit in [("d/a", World.file(2)), ("d/new", World.file(1)), ("d", World.directory(0o700))] {
            var edited = pair
            edited.local[edit.0] = edit.1
            #expect(pull(&edited) == ["conflict d"])
            #expect(edited.local[edit.0] == edit.1)
        }
    }

    @Test("only L has it: it stays")
    func onlyLocal() {
        var pair = MergePair(synced: [:])
        pair.local["new"] = World.directory()
        pair.local["new/a"] = World.file()
        #expect(pull(&pair).isEmpty)
        #expect(pair.local.paths == ["new", "new/a"])
    }

    @Test(
        "preserved, unlisted and unreadable entries are not deleted, and keep what holds them",
        arguments: [EntryFlags.isPreserved, .unreadable, .holdsUnlisted])
    func protected(flag: EntryFlags) {
        var pair = MergePair(synced: ["d": World.directory(), "d/a": World.directory(), "e": World.file()])
        pair.local.entries["d/a"]?.flags = flag
        pair.remote["d"] = nil
        pair.remote["e"] = nil
        #expect(MergePair.actions(pair.plan(.pull)) == ["delete e"])
        pair.remote["d"] = World.file()
        #expect(MergePair.actions(pair.plan(.pull)) == ["blocked d", "delete e"])
    }

    @Test("what the sandbox could not read is unknown, never absent")
    func unreadableRemote() {
        var pair = MergePair(synced: ["d": World.directory(), "d/a": World.file(), "f": World.file()])
        pair.remote["d/a"] = nil
        pair.remote.entries["d"]?.flags = .unreadable
        pair.remote.entries["f"] = World.file(9)
        pair.remote.entries["f"]?.flags = .unreadable
        #expect(MergePair.actions(pair.pull()).isEmpty)
        #expect(pair.entry("d/a") != nil && pair.entry("f") != nil)
    }

    @Test("a deletion is not taken back for a directory, but what is new in it brings it back")
    func resurrection() {
        var pair = MergePair(synced: ["d": World.directory(), "d/old": World.file()])
        pair.local["d"] = nil
        pair.remote["d/new"] = World.file(3)
        #expect(pull(&pair) == ["create d", "create d/new"])
        #expect(pair.local.paths == ["d", "d/new"])
    }

    @Test("mode and content merge each on its own")
    func modeAndContent() {
        var pair = MergePair(synced: ["a": World.file(1), "b": World.file(1)])
        // Both made the same edit; the sandbox also made it executable.
        pair.local["a"] = World.file(2)
        pair.remote["a"] = World.file(2, mode: 0o755)
        // The same, but the workspace did.
        pair.local["b"] = World.file(2, mode: 0o755)
        pair.remote["b"] = World.file(2)
        #expect(pull(&pair) == ["changeMode a"])
        #expect(pair.local["a"] == World.file(2, mode: 0o755) && pair.local["b"] == World.file(2, mode: 0o755))
    }

    @Test("an edit that keeps the size and puts the time back is seen, on either side")
    func hiddenEdit() {
        var pair = MergePair(synced: ["a": World.file(1), "b": World.file(1)])
        pair.remote["a"] = World.file(2)
        pair.local["b"] = World.file(2)
        #expect(pair.remote["a"]?.mtime == 1 && pair.local["b"]?.mtime == 1)
        #expect(pull(&pair) == ["update a"])
        #expect(pair.local["b"] == World.file(2))
        #expect(MergePair.actions(pair.plan(.push)) == ["update b"])
    }

    @Test("without a baseline: one-sided entries stay or come, equal ones are adopted, differing ones conflict")
    func noBaseline() {
        var pair = MergePair()
        pair.local["l"] = World.file()
        pair.remote["r"] = World.file()
        pair.local["same"] = World.file(4)
        pair.remote["same"] = World.file(4)
        pair.local["both"] = World.file(5)
        pair.remote["both"] = World.file(6)
        #expect(pull(&pair) == ["conflict both", "create r"])
        #expect(pair.entry("same") != nil && pair.entry("r") != nil && pair.entry("l") == nil)
        pair.remote["same"] = nil
        #expect(pull(&pair) == ["delete same"])
    }

    @Test("take-remote takes R, also where it was deleted; both keeps L; no-delete deletes nothing")
    func policies() {
        let entries = ["a": World.file(1), "b": World.file(1), "c": World.file(1), "gone": World.file(1)]
        var pair = MergePair(synced: entries)
        pair.local["a"] = World.file(2)
        pair.remote["a"] = World.file(3)
        pair.local["b"] = World.file(2)
        pair.remote["b"] = nil
        pair.local["c"] = nil
        pair.remote["c"] = World.file(3)
        pair.remote["gone"] = nil
        var taking = pair
        taking.conflicts = .replace
        #expect(pull(&taking) == ["update a", "delete b", "create c", "delete gone"])
        #expect(taking.local.entries == taking.remote.entries)
        var both = pair
        both.conflicts = .keepBoth
        let plan = both.plan(.pull)
        #expect(plan.orderedSteps.filter { plan.isPutBeside($0) }.count == 1)
        pair.deletes = false
        #expect(MergePair.actions(pair.plan(.pull)) == ["conflict a", "conflict c"])
    }

    @Test("held once, then left alone by pulls and pushes, and let through when allowed")
    func held() {
        var pair = MergePair(synced: ["keep": World.file()])
        pair.review = HeldReview()
        pair.remote[".git"] = World.directory()
        pair.remote[".git/config"] = World.file()
        #expect(pull(&pair) == ["create .git", "held .git/config"])
        #expect(pair.entry(".git/config")?.flags == .held)
        #expect(MergePair.actions(pair.push()).isEmpty)
        #expect(pair.remote[".git/config"] != nil)
        #expect(pull(&pair).isEmpty)
        pair.review = HeldReview { _, _ in true }
        #expect(pull(&pair) == ["create .git/config"])
    }
}
