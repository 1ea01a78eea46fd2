import FerryCore
import FerryEngine
import FerryTesting
import Testing

/// What a pull does not let in is kept, listed and decided later.
@Suite("The conflict store")
struct ConflictStoreTests {
    /// A workspace and a sandbox that agreed once; both changed since.
    struct World {
        let pair: Pair
        var options = SyncOptions()

        init(_ agreed: Tree = World.agreed) async throws {
            pair = try Pair(agreed)
            options.stateDirectory = pair.directory.path("state")
            options.flushes = false
            try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        }

        static let agreed: Tree = [
            "both": .file("agreed"), "dir/both": .file("agreed"), "deleted": .file("agreed"), "gone": .file("agreed"),
            "link": .link("agreed"), "kind": .file("agreed"), "other/agreed": .file("agreed"),
        ]

        /// Changes one of the two sides.
        func edit(_ side: [UInt8], _ script: String) throws {
            // What changed in the tick of a scan is not trusted; here every edit is older than the sync that follows.
            let result = try run("sh", ["-ec", script + "\nsleep 0.03"], in: String(decoding: side, as: UTF8.self))
            try #require(result.isSilent, "\(result.errors)")
        }

        func editBoth() throws {
            try edit(
                pair.sandbox,
                """
                echo theirs >both; echo theirs >dir/both; rm deleted; echo theirs >gone; ln -sfn theirs link
                rm kind; mkdir -p kind/deep; echo theirs >kind/deep/file; mkdir -p .git/hooks; echo evil >.git/hooks/pre-push
                """)
            try edit(
                pair.workspace,
                "echo ours >both; echo ours >dir/both; echo ours >deleted; rm gone; ln -sfn ours link; echo ours >kind")
        }

        @discardableResult
        func pull() async throws(SyncError) -> SyncReport {
            try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        }

        func stored() async throws(SyncError) -> [StoredConflict] {
            try await SyncEngine.conflicts(in: pair.workspace, options: options)
        }

        func paths() async throws(SyncError) -> [String] {
            try await stored().map { String(decoding: $0.path, as: UTF8.self) }
        }

        func take(_ path: String, allowed: Bool = false) async throws(SyncError) -> SyncReport {
            var options = options
            options.undoesNewerEdits = allowed
            return try await SyncEngine.takeRemote(
                RelativePath(unchecked: Array(path.utf8)), in: pair.workspace, options: options)
        }

        func read(_ path: String) -> String? {
            (try? run("cat", [path], in: String(decoding: pair.workspace, as: UTF8.self))).flatMap {
                $0.status == 0 ? $0.output : nil
            }
        }

        func show(_ path: String) async throws(SyncError) -> String {
            let collected = Collected()
            try await SyncEngine.readStored(
                RelativePath(unchecked: Array(path.utf8)), in: pair.workspace, options: options
            ) { bytes throws(SyncError) in
                collected.add(bytes)
            }
            return collected.text
        }
    }

    @Test("a pull records every conflict and held entry, with its reason and where the sandbox's version is")
    func listing() async throws {
        let world = try await World()
        #expect(try await world.stored().isEmpty)
        try world.editBoth()
        let report = try await world.pull()
        let stored = try await world.stored()
        let all = Dictionary(stored.map { (displayName(of: $0.path), $0) }, uniquingKeysWith: { first, _ in first })
        #expect(all.keys.sorted() == [".git/hooks/pre-push", "both", "deleted", "dir/both", "gone", "kind", "link"])
        #expect(all["both"]?.cause == .conflict(.bothChanged) && all["both"]?.version == .stored)
        #expect(all["both"]?.size == 7 && all["both"]?.kind == .file)
        #expect(all["deleted"]?.cause == .conflict(.deletedRemotelyChangedLocally))
        #expect(all["deleted"]?.version == .deleted && all["deleted"]?.place == nil)
        #expect(all["gone"]?.cause == .conflict(.changedRemotelyDeletedLocally))
        #expect(all["kind"]?.cause == .conflict(.kindsDiffer) && all["kind"]?.kind == .directory)
        #expect(all[".git/hooks/pre-push"]?.cause == .held(.gitHook))
        let place = try #require(report.conflictStore)
        for conflict in stored {
            #expect(conflict.endpoint == world.pair.sandbox && conflict.time != nil && conflict.run != nil)
            if conflict.version == .stored { #expect(conflict.place == place + Array("/".utf8) + conflict.path) }
        }
        // Somebody else's.
        let other = try world.pair.directory.directory("elsewhere")
        #expect(try await SyncEngine.conflicts(in: other, options: world.options).isEmpty)
    }

    @Test(
        "taking a stored version puts it in place, takes it off the list, and can be undone and redone",
        arguments: ["both", "dir/both", "deleted", "gone", "link", "kind", ".git/hooks/pre-push"])
    func takeRemote(path: String) async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        let before = try Tree(reading: world.pair.workspace)
        let report = try await world.take(path)
        #expect(report.run != nil && !report.summary.changesNothing && report.problems.isEmpty, "\(report.problems)")
        let bytes = RelativePath(unchecked: Array(path.utf8))
        func part(_ tree: Tree) -> [RelativePath: TreeEntry] { tree.entries.filter { $0.key.isSameOrBelow(bytes) } }
        let (now, theirs) = (try Tree(reading: world.pair.workspace), try Tree(reading: world.pair.sandbox))
        #expect(part(now).keys.sorted() == part(theirs).keys.sorted())
        if path != "deleted" && path != "kind" && path != "link" {
            #expect(world.read(path) == (path.hasPrefix(".git") ? "evil\n" : "theirs\n"))
        }
        // Nothing else was touched.
        let others = now.entries.filter { !$0.key.isSameOrBelow(bytes) && $0.key.bytes.first != UInt8(ascii: ".") }
        #expect(others.keys.allSatisfy { before.entries[$0] != nil })
        #expect(try await !world.paths().contains(path))
        try await SyncEngine.undo(workspace: world.pair.workspace, options: world.options)
        #expect(try Tree(reading: world.pair.workspace).differences(from: before).isEmpty)
        try await SyncEngine.undo(workspace: world.pair.workspace, options: world.options)
        #expect(try Tree(reading: world.pair.workspace).differences(from: now).isEmpty)
        let log = try await SyncEngine.log(workspace: world.pair.workspace, options: world.options)
        #expect(log.contains { $0.kind == .resolve && $0.outcome == "done" })
    }

    @Test("after all conflicts were taken, pulls and pushes have nothing left to do")
    func settles() async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        for path in try await world.paths() { _ = try await world.take(path) }
        #expect(try await world.stored().isEmpty)
        let again = try await world.pull()
        #expect(again.summary.changesNothing && again.summary.conflicts == 0, "\(again.summary)")
        let pushed = try await SyncEngine.push(
            world.pair.workspace, to: .directory(world.pair.sandbox), options: world.options)
        #expect(pushed.summary.changesNothing, "\(pushed.summary)")
        let names = try Tree(reading: world.pair.directory.path("state/conflicts")).paths
        #expect(names.isEmpty, "\(names)")
    }

    @Test(
        "an edit made after the conflict was found stops the taking, and --allow newer-edits lets it through",
        arguments: ["both", "deleted", "kind", "link"])
    func newerEdits(path: String) async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        try world.edit(world.pair.workspace, path == "link" ? "ln -sfn newer link" : "echo newer edit >\(path)")
        let before = try DiskFingerprint.all(in: world.pair.workspace)
        let error = await failure { () throws(SyncError) in try await world.take(path) }
        #expect(error?.code == .halted && error?.message.contains("--allow newer-edits") == true, "\(error as Any)")
        #expect(try DiskFingerprint.all(in: world.pair.workspace) == before)
        #expect(try await world.paths().contains(path))
        let report = try await world.take(path, allowed: true)
        #expect(!report.summary.changesNothing)
        #expect(try await !world.paths().contains(path))
    }

    @Test("what was deleted in the workspace since comes back without a question")
    func deletedSince() async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        try world.edit(world.pair.workspace, "rm -r dir")
        _ = try await world.take("dir/both")
        #expect(world.read("dir/both") == "theirs\n")
        #expect(
            try run("stat", ["-c", "%a", "dir"], in: String(decoding: world.pair.workspace, as: UTF8.self)).output
                == "755\n")
    }

    @Test(
        "a file or link that took the place of a directory above is not replaced",
        arguments: ["echo x >dir", "ln -s other dir"])
    func ancestor(script: String) async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        try world.edit(world.pair.workspace, "rm -r dir; " + script)
        let before = try DiskFingerprint.all(in: world.pair.workspace)
        let error = await failure { () throws(SyncError) in try await world.take("dir/both", allowed: true) }
        #expect(error?.message.contains("'dir' is no directory") == true, "\(error as Any)")
        #expect(try DiskFingerprint.all(in: world.pair.workspace) == before)
        #expect(try await world.paths().contains("dir/both"))
    }

    @Test("keeping the local version drops the stored one and leaves the workspace alone")
    func keepLocal() async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        let before = try DiskFingerprint.all(in: world.pair.workspace)
        for path in try await world.paths() {
            let count = try await SyncEngine.keepLocal(
                RelativePath(unchecked: Array(path.utf8)), in: world.pair.workspace, options: world.options)
            #expect(count == 1, "\(path)")
        }
        #expect(try await world.stored().isEmpty)
        #expect(try DiskFingerprint.all(in: world.pair.workspace) == before)
        #expect(try Tree(reading: world.pair.directory.path("state/conflicts")).paths.isEmpty)
        // A push then makes the sandbox what the workspace is.
        let report = try await SyncEngine.push(
            world.pair.workspace, to: .directory(world.pair.sandbox), options: world.options)
        #expect(report.summary.updated + report.summary.created + report.summary.deleted > 0)
    }

    @Test("a stored version can be shown: bytes, a link's target, what is in a directory, what was deleted")
    func show() async throws {
        let world = try await World()
        try world.editBoth()
        try world.edit(world.pair.sandbox, "head -c 200000 /dev/zero | tr '\\0' x >dir/both")
        try await world.pull()
        #expect(try await world.show("both") == "theirs\n")
        #expect(try await world.show("dir/both") == String(repeating: "x", count: 200_000))
        #expect(try await world.show("link") == "theirs\n")
        #expect(try await world.show("kind") == "deep/\ndeep/file\n")
        #expect(try await world.show("kind/deep/file") == "theirs\n")
        for path in ["deleted", "nothing"] {
            await #expect(throws: SyncError.self) { _ = try await world.show(path) }
        }
    }

    @Test("the same conflict, found again, is stored once; another version of it is stored beside the first")
    func sameAgain() async throws {
        let world = try await World()
        try world.editBoth()
        // The baseline of before the pull: as if it had been killed before it moved forward.
        let state = String(decoding: world.pair.directory.path("state"), as: UTF8.self)
        _ = try run("cp", ["-a", "baselines", "saved"], in: state)
        try await world.pull()
        let first = try await world.stored()
        for _ in 1...2 {
            _ = try run("sh", ["-c", "rm -r baselines; cp -a saved baselines"], in: state)
            let report = try await world.pull()
            #expect(report.summary.conflicts > 0)
            let again = try await world.stored()
            #expect(again.map(\.path) == first.map(\.path))
        }
        #expect(try await world.stored().map(\.place) != first.map(\.place))
        try world.edit(world.pair.sandbox, "echo theirs, newer >both")
        try await world.pull()
        #expect(try await world.paths().count { $0 == "both" } == 2)
        #expect(try await world.show("both") == "theirs, newer\n")
        _ = try await world.take("both")
        #expect(world.read("both") == "theirs, newer\n")
        #expect(try await world.paths().count { $0 == "both" } == 0)
    }

    @Test("names that are not UTF-8 are listed, shown and taken")
    func foreignNames() async throws {
        let name: [UInt8] = [0xFF, 0x0A, 0xFE]
        var agreed = Tree()
        let other: Tree = ["other": .file("agreed")]
        agreed[RelativePath(unchecked: name)] = other["other"]
        let world = try await World(agreed)
        for (side, text) in [(world.pair.sandbox, "theirs"), (world.pair.workspace, "ours")] {
            try world.edit(side, "for f in *; do printf \(text) >\"$f\"; done")
        }
        try await world.pull()
        #expect(try await world.stored().map(\.path) == [name])
        let path = RelativePath(unchecked: name)
        try await SyncEngine.takeRemote(path, in: world.pair.workspace, options: world.options)
        #expect(try Tree(reading: world.pair.workspace)[path] == Tree(reading: world.pair.sandbox)[path])
    }

    @Test("an archive's conflicts are stored and taken too, a directory with all that is in it")
    func archive() async throws {
        let pair = try Pair(["kind": .file("ours")], sandbox: ["kind/deep/file": .file("theirs")])
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        options.flushes = false
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.sandbox, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: pair.workspace, options: options)
        let stored = try await SyncEngine.conflicts(in: pair.workspace, options: options)
        #expect(stored.map { displayName(of: $0.path) } == ["kind"])
        #expect(stored.first?.endpoint == Array("tar:".utf8) + archive)
        try await SyncEngine.takeRemote(
            RelativePath(unchecked: Array("kind".utf8)), in: pair.workspace, options: options)
        #expect(try Tree(reading: pair.workspace).differences(from: Tree(reading: pair.sandbox)).isEmpty)
    }

    @Test(
        "what an earlier ferry stored without a record, or with a damaged one, is listed as unknown",
        arguments: [true, false])
    func unknown(isDamaged: Bool) async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        let store = String(decoding: world.pair.directory.path("state/conflicts"), as: UTF8.self)
        _ = try run("sh", ["-c", isDamaged ? "for f in *.record; do echo x >>$f; done" : "rm *.record"], in: store)
        let stored = try await world.stored()
        #expect(!stored.isEmpty && stored.allSatisfy { $0.cause == .unknown && $0.time == nil && $0.endpoint.isEmpty })
        #expect(stored.contains { displayName(of: $0.path) == "kind/deep/file" })
        #expect(try await world.show("both") == "theirs\n")
        let error = await failure { () throws(SyncError) in try await world.take("both") }
        #expect(error?.code == .halted && error?.message.contains("without a record") == true)
        _ = try await world.take("both", allowed: true)
        #expect(world.read("both") == "theirs\n")
        #expect(try await !world.paths().contains("both"))
        #expect(try await world.paths().contains("dir/both"))
    }

    @Test("a record without its tree is what a killed pull left: it is not listed, and the next pull removes it")
    func killedBeforeTheTree() async throws {
        let world = try await World()
        try world.editBoth()
        try await world.pull()
        let store = String(decoding: world.pair.directory.path("state/conflicts"), as: UTF8.self)
        _ = try run("sh", ["-c", "for f in *.record; do mv ${f%.record} ${f%.record}.new; done"], in: store)
        #expect(try await world.stored().isEmpty)
        try world.edit(world.pair.sandbox, "echo theirs once more >both")
        try await world.pull()
        #expect(try await world.paths() == ["both"])
        #expect(try run("ls", [], in: store).output.split(separator: "\n").count == 2)
    }

    @Test("a conflict that is a few milliseconds old is known to the next pull", arguments: 1...20)
    func youngConflict(round: Int) async throws {
        let world = try await World()
        try world.edit(world.pair.workspace, "echo ours >both")
        // No time passes between the sandbox's write and the pull.
        _ = try run("sh", ["-c", "echo theirs >both"], in: String(decoding: world.pair.sandbox, as: UTF8.self))
        #expect(try await world.pull().summary.conflicts == 1)
        let again = try await world.pull()
        #expect(again.summary.conflicts == 0 && again.summary.changesNothing, "round \(round)")
    }

    @Test("a path without a stored version is an error that says so, with or without a store")
    func missing() async throws {
        let world = try await World()
        for hasStore in [false, true] {
            if hasStore {
                try world.editBoth()
                try await world.pull()
            }
            let error = await failure { () throws(SyncError) in try await world.take("both/nothing") }
            #expect(error?.code == .failed && error?.message.contains("no version of 'both/nothing'") == true)
        }
    }

    @Test("a dry run of a taking changes nothing")
    func dryRun() async throws {
        var world = try await World()
        try world.editBoth()
        try await world.pull()
        let before = try DiskFingerprint.all(in: world.pair.workspace)
        world.options.isDryRun = true
        let report = try await world.take("both")
        #expect(report.summary.updated == 1 && report.isDryRun)
        #expect(try DiskFingerprint.all(in: world.pair.workspace) == before)
        #expect(try await world.paths().contains("both"))
    }
}
