import FerryCore
import Testing

@Suite("A repository merges as one thing")
struct GitUnitTests {
    private typealias World = MergeWorld

    private static func repository(_ top: String = ".git") -> [String: MergeWorld.Entry] {
        var entries: [String: MergeWorld.Entry] = [:]
        for name in ["", "/refs", "/refs/heads", "/logs", "/objects", "/objects/aa", "/objects/pack"] {
            entries[top + name] = World.directory()
        }
        for name in ["/HEAD", "/index", "/refs/heads/main", "/logs/HEAD", "/objects/aa/1", "/objects/aa/2", "/config"] {
            entries[top + name] = World.file()
        }
        return entries
    }

    private func synced(_ change: (inout MergePair) -> Void = { _ in }) -> MergePair {
        var pair = MergePair(synced: Self.repository())
        change(&pair)
        return pair
    }

    private static func commit(_ world: inout MergeWorld, _ content: Int, _ top: String = ".git") {
        world[top + "/index"] = World.file(content)
        world[top + "/refs/heads/main"] = World.file(content)
        world[top + "/logs/HEAD"] = World.file(content, size: 10 + Int64(content))
        world[top + "/objects/b\(content)"] = World.directory()
        world[top + "/objects/b\(content)/x"] = World.file(content)
    }

    /// Pulls, and checks that a second pull finds nothing to do.
    private func pull(_ pair: inout MergePair) -> [String] {
        let actions = MergePair.actions(pair.pull())
        #expect(pair.trouble.isEmpty, "\(pair.trouble)")
        let again = MergePair.actions(pair.plan(.pull))
        #expect(again.isEmpty, "the second pull: \(again)")
        return actions
    }

    @Test("changes of both sides: one conflict, all of the sandbox's state is withheld, its objects are added")
    func conflict() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        Self.commit(&pair.remote, 3)
        pair.remote[".git/objects/aa/1"] = nil
        let before = pair.local
        let plan = pair.plan(.pull)
        #expect(plan.summary().conflicts == 1)
        #expect(plan.gitConflicts.map(\.path) == [Array(".git".utf8)])
        #expect(plan.gitConflicts.first?.addedObjects.count == 1 && plan.gitConflicts.first?.state.count == 4)
        #expect(
            pull(&pair) == [
                "conflict .git", "withheld .git/HEAD", "withheld .git/index", "withheld .git/logs/HEAD",
                "create .git/objects/b3", "create .git/objects/b3/x", "withheld .git/refs/heads/main",
            ])
        for path in before.paths { #expect(pair.local[path] == before[path], "\(path)") }
        #expect(pair.local[".git/objects/b3/x"] != nil)
    }

    @Test("a push after that makes the sandbox's repository the workspace's, and needs no override")
    func pushAfterwards() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        Self.commit(&pair.remote, 3)
        pair.remote[".git/objects/aa/1"] = nil
        pair.pull()
        let plan = pair.plan(.push)
        #expect(plan.summary().overwritesUnpulled == 0)
        pair.push()
        #expect(pair.remote.entries == pair.local.entries)
    }

    @Test("changes of the sandbox alone are taken, deleted objects and all")
    func remoteOnly() {
        var pair = synced()
        Self.commit(&pair.remote, 3)
        pair.remote[".git/objects/aa"] = nil
        pair.remote[".git/objects/pack/p"] = World.file(7)
        _ = pull(&pair)
        #expect(pair.local.entries == pair.remote.entries)
    }

    @Test("changes of the workspace alone are kept, and so are objects that the sandbox deleted")
    func localOnly() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        pair.remote[".git/objects/aa"] = nil
        pair.remote[".git/objects/pack/p"] = World.file(7)
        let before = pair.local
        #expect(pull(&pair) == ["create .git/objects/pack/p"])
        for path in before.paths { #expect(pair.local[path] == before[path], "\(path)") }
    }

    @Test("the same change on both sides is none")
    func sameChange() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        Self.commit(&pair.remote, 2)
        #expect(pull(&pair).isEmpty)
    }

    @Test("a file that was only written anew, with the same content, is no change")
    func rewritten() {
        var pair = synced()
        pair.local[".git/HEAD"] = World.file()
        pair.local.entries[".git/HEAD"]?.mtime = 50
        Self.commit(&pair.remote, 3)
        _ = pull(&pair)
        #expect(pair.local[".git/refs/heads/main"] == World.file(3))
    }

    @Test("objects that the workspace packed come back when the sandbox's commits may need them")
    func resurrected() {
        var pair = synced()
        pair.local[".git/objects/aa"] = nil
        pair.local[".git/objects/pack/mine"] = World.file(7)
        Self.commit(&pair.remote, 3)
        _ = pull(&pair)
        #expect(pair.local[".git/refs/heads/main"] == World.file(3))
        #expect(pair.local[".git/objects/aa/1"] != nil && pair.local[".git/objects/pack/mine"] != nil)
    }

    @Test("packs of both sides stay beside each other, and what lists them stays the workspace's")
    func packsOnBothSides() {
        var pair = MergePair(synced: Self.repository().merging([".git/objects/info": World.directory()]) { $1 })
        for (content, side) in [(7, \MergePair.local), (8, \MergePair.remote)] {
            pair[keyPath: side][".git/objects/aa"] = nil
            pair[keyPath: side][".git/objects/pack/p\(content)"] = World.file(content)
            pair[keyPath: side][".git/objects/info/packs"] = World.file(content)
        }
        #expect(pull(&pair) == ["create .git/objects/pack/p8"])
        #expect(pair.local[".git/objects/info/packs"] == World.file(7))
    }

    @Test("what is not of the state merges path by path, also in a conflict")
    func configuration() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        Self.commit(&pair.remote, 3)
        pair.remote[".git/config"] = World.file(9)
        #expect(pull(&pair).contains("update .git/config"))
    }

    @Test("held entries stay held: where one is of the state, nothing of the state is taken")
    func held() {
        var pair = synced()
        pair.review = HeldReview()
        Self.commit(&pair.remote, 3)
        pair.remote[".git/HEAD"] = World.link(4)
        pair.remote[".git/objects/info"] = World.directory()
        pair.remote[".git/objects/info/alternates"] = World.file(5)
        let plan = pair.plan(.pull)
        let actions = MergePair.actions(plan)
        #expect(actions.contains("conflict .git") && actions.contains("held .git/objects/info/alternates"))
        pair.pull()
        #expect(pair.local[".git/refs/heads/main"] == World.file() && pair.local[".git/HEAD"] == World.file())
        #expect(pair.local[".git/objects/info/alternates"] == nil)
    }

    @Test("take-remote takes the whole state, but leaves branches that only the workspace has")
    func takeRemote() {
        var pair = synced()
        pair.conflicts = .replace
        Self.commit(&pair.local, 2)
        pair.local[".git/HEAD"] = World.file(5)
        pair.local[".git/refs/heads/mine"] = World.file(6)
        pair.local[".git/MERGE_HEAD"] = World.file(6)
        pair.local[".git/rebase-merge"] = World.directory()
        pair.local[".git/rebase-merge/onto"] = World.file(6)
        Self.commit(&pair.remote, 3)
        let actions = pull(&pair)
        #expect(actions.contains("update .git/HEAD") && actions.contains("delete .git/rebase-merge"))
        #expect(pair.local[".git/HEAD"] == World.file() && pair.local[".git/index"] == World.file(3))
        #expect(pair.local[".git/MERGE_HEAD"] == nil && pair.local[".git/rebase-merge"] == nil)
        #expect(pair.local[".git/refs/heads/mine"] == World.file(6) && pair.local[".git/objects/b2/x"] != nil)
    }

    @Test("both versions: the sandbox's state is stored, and puts nothing beside a branch")
    func both() {
        var pair = synced()
        pair.conflicts = .keepBoth
        Self.commit(&pair.local, 2)
        Self.commit(&pair.remote, 3)
        let plan = pair.plan(.pull)
        #expect(plan.steps.allSatisfy { !plan.isPutBeside($0) })
        #expect(plan.summary().conflicts == 1)
    }

    @Test("a repository that the sandbox deleted and the workspace changed stays whole")
    func deletedRemotely() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        pair.remote[".git"] = nil
        let before = pair.local
        #expect(pull(&pair) == ["conflict .git"])
        #expect(pair.local.entries == before.entries)
    }

    @Test("a repository that the workspace deleted and the sandbox changed stays deleted, and is stored whole")
    func deletedLocally() {
        var pair = synced()
        pair.local[".git"] = nil
        Self.commit(&pair.remote, 3)
        let plan = pair.plan(.pull)
        #expect(plan.summary().conflicts == 1)
        #expect(plan.gitConflicts.first?.isInWorkspace == false)
        #expect(plan.gitConflicts.first?.addedObjects.count == 3)
        _ = pull(&pair)
        #expect(pair.local.entries.isEmpty)
    }

    @Test("a repository that the sandbox makes is made, and one that it deletes goes")
    func oneSided() {
        var pair = MergePair(synced: Self.repository("a/.git").merging(["a": World.directory()]) { $1 })
        pair.remote["a"] = nil
        for (path, entry) in Self.repository("b").merging(["b": World.directory()], uniquingKeysWith: { $1 })
            .sorted(by: { $0.key < $1.key })
        {
            pair.remote[path == "b" ? "b" : "b/.git" + path.dropFirst(1)] = entry
        }
        pair.remote["b/.git"] = World.directory()
        _ = pull(&pair)
        #expect(pair.local.entries == pair.remote.entries)
    }

    @Test("without a baseline, equal repositories are adopted and different ones conflict once")
    func noBaseline() {
        var pair = synced()
        pair.baseline = nil
        #expect(MergePair.actions(pair.plan(.pull)).isEmpty)
        Self.commit(&pair.remote, 3)
        let plan = pair.plan(.pull)
        #expect(plan.summary().conflicts == 1 && MergePair.actions(plan).contains("conflict .git"))
        #expect(MergePair.actions(plan).contains("create .git/objects/b3/x"))
    }

    @Test("submodules are repositories of their own, worktrees belong to theirs")
    func layout() {
        let submodule = ".git/modules/deep/sub"
        var entries = Self.repository().merging(Self.repository(submodule)) { $1 }
        entries[".git/modules"] = World.directory()
        entries[".git/modules/deep"] = World.directory()
        entries[".git/worktrees"] = World.directory()
        entries[".git/worktrees/w"] = World.directory()
        entries[".git/worktrees/w/HEAD"] = World.file()
        var pair = MergePair(synced: entries)
        Self.commit(&pair.local, 2, submodule)
        Self.commit(&pair.remote, 3, submodule)
        #expect(pair.plan(.pull).gitConflicts.map(\.path) == [Array(submodule.utf8)])
        pair = MergePair(synced: entries)
        pair.local[".git/worktrees/w/HEAD"] = World.file(5)
        Self.commit(&pair.remote, 3)
        #expect(pair.plan(.pull).gitConflicts.map(\.path) == [Array(".git".utf8)])
    }

    @Test("without deletions a repository is not taken by halves")
    func noDelete() {
        var pair = synced()
        pair.deletes = false
        pair.remote[".git/refs/heads/main"] = nil
        pair.remote[".git/packed-refs"] = World.file(3)
        let plan = pair.plan(.pull)
        #expect(plan.summary().conflicts == 1)
        pair.pull()
        #expect(pair.local[".git/packed-refs"] == nil)
    }

    @Test("a directory called .git that is no repository merges path by path")
    func noRepository() {
        var pair = MergePair(synced: [".git": World.directory(), ".git/index": World.file(), ".git/refs": World.file()])
        pair.local[".git/refs"] = World.file(2)
        pair.remote[".git/index"] = World.file(3)
        #expect(pull(&pair) == ["update .git/index"])
    }

    @Test("a mirror takes the sandbox's repository as it is")
    func mirror() {
        var pair = synced()
        Self.commit(&pair.local, 2)
        Self.commit(&pair.remote, 3)
        var policy = PlanPolicy(differing: .replace, extra: .delete, merge: .pull)
        policy.isMirror = true
        let plan = Planner.plan(
            source: pair.remote.snapshot(), destination: pair.local.snapshot(), policy: policy, base: pair.baseline)
        #expect(plan.gitConflicts.isEmpty && plan.summary().conflicts == 0)
    }

    @Test("locks of git's are known by their names inside of a repository alone")
    func locks() {
        func isLock(_ path: String) -> Bool {
            let bytes = Array(path.utf8)
            return GitNames.isLock(bytes, nameStart: (bytes.lastIndex(of: 0x2F) ?? -1) + 1)
        }
        for path in [".git/index.lock", "a/.git/refs/heads/x.lock", ".git/modules/s/config.lock"] {
            #expect(isLock(path))
        }
        for path in ["Cargo.lock", "a.git/index.lock", ".git/lock", ".git/.lock", "git/index.lock"] {
            #expect(!isLock(path), "\(path)")
        }
    }
}
