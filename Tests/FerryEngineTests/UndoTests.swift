import FerryCore
import FerryEngine
import FerryTesting
import FerryThreads
import Testing

/// A pull can be taken back, and that too.
@Suite("Undo")
struct UndoTests {
    private static func options(_ pair: Pair, _ change: (inout SyncOptions) -> Void = { _ in }) -> SyncOptions {
        var options = SyncOptions.unreviewedMirror
        options.stateDirectory = pair.directory.path("state")
        options.flushes = false
        change(&options)
        return options
    }

    private static func expect(
        _ pair: Pair, _ expected: Tree, _ comment: Comment, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let differences = try Tree(reading: pair.workspace).differences(from: expected)
        #expect(differences.isEmpty, "\(comment): \(differences)", sourceLocation: sourceLocation)
        let names = try Tree(reading: pair.directory.path).paths.map(\.description)
        #expect(!names.contains { $0.contains(".ferry-tmp") }, comment, sourceLocation: sourceLocation)
    }

    /// Mirrors one random tree onto another, and goes back and forth.
    private static func goBackAndForth(seed: UInt64, fromArchive: Bool) async throws {
        let pair = try Pair(RoundTripTests.tree(seed), sandbox: RoundTripTests.tree(seed + 1_000))
        let before = try Tree(reading: pair.workspace)
        let prints = try DiskFingerprint.all(in: pair.workspace).mapValues(\.inode)
        let options = options(pair)
        var endpoint = Endpoint.directory(pair.sandbox)
        if fromArchive {
            endpoint = .archive(pair.directory.path("a.tar"))
            try await SyncEngine.push(pair.sandbox, to: endpoint)
        }
        let report = try await SyncEngine.pull(from: endpoint, to: pair.workspace, options: options)
        guard report.run != nil else { return }
        let after = try Tree(reading: pair.workspace)
        for round in 1...2 {
            try await SyncEngine.undo(workspace: pair.workspace, options: options)
            try expect(pair, before, "seed \(seed), undo \(round)")
            #expect(try DiskFingerprint.all(in: pair.workspace).mapValues(\.inode) == prints, "seed \(seed)")
            try await SyncEngine.undo(workspace: pair.workspace, options: options)
            try expect(pair, after, "seed \(seed), undo of undo \(round)")
        }
    }

    @Test("random trees: undo restores all, and undo of undo does too", arguments: UInt64(1)...40)
    func random(seed: UInt64) async throws {
        try await Self.goBackAndForth(seed: seed, fromArchive: seed % 2 == 0)
    }

    @Test("a plain user can undo as well, directories without permission to write included")
    func plainUser() async {
        await #expect(processExitsWith: .success) {
            PlainUser.become()
            for seed in UInt64(100)...130 { try await UndoTests.goBackAndForth(seed: seed, fromArchive: seed % 2 == 0) }
        }
    }

    static let ours: Tree = [
        "edited": .file("old", mode: 0o644), "gone/x": .file("x"), "kind": .file("file"),
        "mode": .file("m", mode: 0o600),
        "dir/old": .file("o"),
    ]
    static let theirs: Tree = [
        "edited": .file("newer", mode: 0o644), "kind/k": .file("k"), "mode": .file("m", mode: 0o700),
        "made/deep/file": .file("f"), "dir/new": .file("n"),
    ]

    @Test(
        "a newer edit stops the undo, which names it and changes nothing",
        arguments: ["edited", "made/deep/file", "kind/k", "gone", "gone/x", "made/deep/extra", "dir/new"])
    func newerEdits(path: String) async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let options = Self.options(pair)
        try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        let pulled = try Tree(reading: pair.workspace)
        try await edit(path, in: pair)
        let before = try DiskFingerprint.all(in: pair.workspace)
        let edited = try Tree(reading: pair.workspace)
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.undo(workspace: pair.workspace, options: options)
        }
        #expect(error?.code == .halted && error?.message.contains("--allow newer-edits") == true)
        #expect(error?.examples.contains { Array(path.utf8).starts(with: $0) } == true, "\(error?.examples ?? [])")
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
        #expect(edited.entries != pulled.entries)

        let forced = Self.options(pair) { $0.undoesNewerEdits = true }
        try await SyncEngine.undo(workspace: pair.workspace, options: forced)
        try Self.expect(pair, Self.ours, "forced")
        try await SyncEngine.undo(workspace: pair.workspace, options: options)
        let differences = try Tree(reading: pair.workspace).differences(from: edited, aspects: [.modes, .times])
        #expect(differences.isEmpty, "\(differences)")
    }

    private func edit(_ path: String, in pair: Pair) async throws {
        var edit = Tree()
        edit[TreePath(Array(path.utf8))] = TreeEntry(.file(Array("my own edit".utf8), hasHoles: false), mode: 0o644)
        // As an editor does it: written beside, then renamed over.
        _ = try run("rm", ["-f", path], in: String(decoding: pair.workspace, as: UTF8.self))
        try edit.write(into: pair.workspace)
    }

    @Test("an edit in place that keeps size and time is seen as well")
    func hiddenEdit() async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let options = Self.options(pair)
        try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        let script = "touch -r edited stamp; printf NEWER >edited; touch -r stamp edited; rm stamp"
        _ = try run("sh", ["-c", script], in: String(decoding: pair.workspace, as: UTF8.self))
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.undo(workspace: pair.workspace, options: options)
        }
        #expect(error?.examples == [Array("edited".utf8)])
    }

    @Test("an older run is undone by its name, as far as no later one is in its way")
    func byName() async throws {
        let pair = try Pair(["a": .file("1"), "b": .file("1")], sandbox: ["a": .file("22"), "b": .file("1")])
        let options = Self.options(pair)
        let first = try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        let other = try pair.directory.directory("other", ["a": .file("22"), "b": .file("22")])
        let second = try await SyncEngine.pull(from: .directory(other), to: pair.workspace, options: options)
        #expect(first.run != nil && second.run != nil && first.run != second.run)
        try await SyncEngine.undo(workspace: pair.workspace, run: first.run, options: options)
        let found = try Tree(reading: pair.workspace)
        #expect(found["a"]?.content == Array("1".utf8) && found["b"]?.content == Array("22".utf8))
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.undo(workspace: pair.workspace, run: first.run, options: options)
        }
        #expect(error?.message.contains("there is no run") == true, "\(error?.message ?? "")")
    }

    @Test("only the last runs are kept, and none where none are wanted")
    func retention() async throws {
        let pair = try Pair([:])
        for number in 1...5 {
            let source = try pair.directory.directory("s\(number)", ["f": .file("\(number) \(number * 1_000)")])
            try await SyncEngine.pull(
                from: .directory(source), to: pair.workspace, options: Self.options(pair) { $0.undoKeep = 3 })
        }
        let options = Self.options(pair) { $0.undoKeep = 3 }
        let runs = try await SyncEngine.log(options: options).compactMap(\.run)
        #expect(runs.count == 5)
        let kept = try Tree(reading: pair.directory.path("state/undo")).paths.filter { $0.depth == 2 }
        #expect(kept.map { String(decoding: $0.name, as: UTF8.self) } == Array(runs.suffix(3)))
        let source = try pair.directory.directory("s6", ["f": .file("last")])
        let report = try await SyncEngine.pull(
            from: .directory(source), to: pair.workspace, options: Self.options(pair) { $0.undoKeep = 0 })
        #expect(report.run == nil)
    }

    @Test("a dry run tells what an undo would do and does nothing")
    func dryRun() async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let options = Self.options(pair)
        try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        let before = try DiskFingerprint.all(in: pair.directory.path)
        let log = ItemLog()
        try await SyncEngine.undo(
            workspace: pair.workspace, options: Self.options(pair) { $0.isDryRun = true }, observer: log.observer)
        #expect(log.actions["edited"] == .update && log.actions["gone/x"] == .create && log.actions["made"] == .delete)
        #expect(log.actions["kind"] == .changeKind && log.actions["mode"] == .changeMode)
        let after = try DiskFingerprint.all(in: pair.directory.path)
        #expect(after.mapValues(\.inode) == before.mapValues(\.inode))
    }

    @Test("the log says what was pushed, pulled and undone, and how it ended")
    func log() async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let options = Self.options(pair)
        let pull = try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        try await SyncEngine.undo(workspace: pair.workspace, options: options)
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        _ = await failure { () throws(SyncError) in
            try await SyncEngine.pull(
                from: .directory(pair.directory.path("nowhere")), to: pair.workspace, options: options)
        }
        let records = try await SyncEngine.log(workspace: pair.workspace, options: options)
        #expect(records.map(\.kind) == [.pull, .undo, .push, .pull])
        #expect(records.map(\.outcome) == ["done", "done", "done", "halted"])
        #expect(records[0].run == pull.run && records[1].undoes == pull.run && records[3].run == nil)
        #expect(records[0].endpoint == pair.sandbox && records[0].summary.deleted > 0)
        #expect(try await SyncEngine.log(workspace: pair.sandbox, options: options).isEmpty)
    }

    @Test("without a state directory a pull works and leaves nothing behind")
    func stateless() async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let report = try await SyncEngine.pull(
            from: .directory(pair.sandbox), to: pair.workspace, options: .unreviewedMirror)
        #expect(report.run == nil)
        try Self.expect(pair, Self.theirs, "stateless")
        let error = await failure { () throws(SyncError) in try await SyncEngine.undo(workspace: pair.workspace) }
        #expect(error?.code == .usage)
    }

    @Test("a request to stop during the apply ends in the old state")
    func cancelled() async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let flag = CancellationFlag()
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.pull(
                from: .directory(pair.sandbox), to: pair.workspace, options: Self.options(pair), cancellation: flag
            ) { event in
                if case .plan = event { flag.raise() }
            }
        }
        #expect(error?.code == .cancelled)
        try Self.expect(pair, Self.ours, "cancelled")
    }
}
