import FerryCore
import FerryEngine
import FerryTesting
import Testing

/// A pull without a baseline: what one side has stays or is made, what both have and differs is a conflict.
@Suite("Pulling")
struct PullTests {
    /// Where the sandbox's version comes from.
    enum Source: String, Sendable, CaseIterable {
        case directory, archive
    }

    static let ours: Tree = [
        "same": .file("same", mode: 0o644), "differs": .file("local", mode: 0o644), "mine": .file("mine"),
        "link": .link("local"), "kind": .file("file"), "mode": .file("m", mode: 0o600), "d/mine": .file("m"),
        "tree/local": .file("l"),
    ]
    static let theirs: Tree = [
        "same": .file("same", mode: 0o644), "differs": .file("remote", mode: 0o644), "new/deep": .file("new"),
        "link": .link("remote"), "kind/x": .file("x"), "mode": .file("m", mode: 0o700), "d/theirs": .file("t"),
        "tree": .file("now a file"),
    ]
    /// What both sides have without contradiction.
    static let union: Tree = {
        var tree = ours
        tree["new/deep"] = theirs["new/deep"]
        tree["d/theirs"] = theirs["d/theirs"]
        return tree
    }()

    private func pull(_ pair: Pair, _ source: Source, _ options: SyncOptions) async throws(SyncError) -> SyncReport {
        guard source == .archive else {
            return try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
        }
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.sandbox, to: .archive(archive))
        return try await SyncEngine.pull(from: .archive(archive), to: pair.workspace, options: options)
    }

    @Test("by default the local version of a conflict stays, untouched", arguments: Source.allCases)
    func keepLocal(source: Source) async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let before = try DiskFingerprint.all(in: pair.workspace)
        let report = try await pull(pair, source, SyncOptions())
        // What is in a directory that conflicts with a file counts too: it is kept with it.
        #expect(report.summary.conflicts == 6)
        #expect("\(try Tree(reading: pair.workspace).differences(from: Self.union))" == "no differences")
        let after = try DiskFingerprint.all(in: pair.workspace)
        for path in Self.ours.paths where Self.ours[path]?.isDirectory == false {
            #expect(after[path] == before[path], "\(path)")
        }
        #expect("\(try Tree(reading: pair.sandbox).differences(from: Self.theirs))" == "no differences")
    }

    @Test("on request the remote version of a conflict wins, and what is only local stays", arguments: Source.allCases)
    func takeRemote(source: Source) async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        _ = try await pull(pair, source, .with { $0.conflicts = .takeRemote })
        var expected = Self.theirs
        expected["mine"] = Self.ours["mine"]
        expected["d/mine"] = Self.ours["d/mine"]
        #expect("\(try Tree(reading: pair.workspace).differences(from: expected))" == "no differences")
    }

    @Test("on request both versions are kept side by side", arguments: Source.allCases)
    func both(source: Source) async throws {
        var ours = Self.ours
        ours["differs.ferry-remote"] = TreeEntry(.file(Array("taken".utf8), hasHoles: false))
        let long = [UInt8](repeating: UInt8(ascii: "l"), count: 255)
        ours[TreePath(long)] = TreeEntry(.file([1], hasHoles: false))
        var theirs = Self.theirs
        theirs[TreePath(long)] = TreeEntry(.file([2], hasHoles: false))
        let pair = try Pair(ours, sandbox: theirs)
        _ = try await pull(pair, source, .with { $0.conflicts = .both })
        let found = try Tree(reading: pair.workspace)
        #expect(found["differs"]?.content == Array("local".utf8))
        #expect(found["differs.ferry-remote"]?.content == Array("taken".utf8))
        #expect(found["differs.ferry-remote-2"]?.content == Array("remote".utf8))
        #expect(found["link.ferry-remote"]?.kind == .link(Array("remote".utf8)))
        #expect(found["mode.ferry-remote"]?.mode == 0o700 && found["mode"]?.mode == 0o600)
        #expect(found["tree.ferry-remote"]?.content == Array("now a file".utf8))
        #expect(found[TreePath(long)]?.content == [1])
        #expect(found[TreePath(long.prefix(242) + Array(".ferry-remote".utf8))]?.content == [2])
    }

    @Test("both versions are kept in a read-only directory as well", arguments: Source.allCases)
    func bothInReadOnly(source: Source) async {
        await #expect(processExitsWith: .success) { [source = source.rawValue as String] in
            PlainUser.become()
            let pair = try Pair(
                ["d": .directory(["a": .file("l")], mode: 0o555)],
                sandbox: ["d": .directory(["a": .file("r")], mode: 0o555)])
            let source = try #require(Source(rawValue: source))
            _ = try await PullTests().pull(pair, source, .with { $0.conflicts = .both })
            let expected: Tree = ["d": .directory(["a": .file("l"), "a.ferry-remote": .file("r")], mode: 0o555)]
            let differences = try Tree(reading: pair.workspace).differences(from: expected)
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test("on request any conflict stops the pull before it writes anything", arguments: Source.allCases)
    func fail(source: Source) async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        let before = try DiskFingerprint.all(in: pair.workspace)
        let reason = await halt { () throws(SyncError) in
            try await pull(pair, source, .with { $0.conflicts = .fail })
        }
        #expect(reason == .conflicts)
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
        #expect(
            try Tree(reading: pair.directory.path).paths.allSatisfy { !$0.bytes.starts(with: Array(".ferry".utf8)) })
    }

    @Test("an identical tree is adopted without a touch", arguments: Source.allCases, UInt64(500)...504)
    func adopt(source: Source, seed: UInt64) async throws {
        let tree = RoundTripTests.tree(seed)
        let pair = try Pair(tree, sandbox: tree)
        let before = try DiskFingerprint.all(in: pair.workspace)
        let report = try await pull(pair, source, .unreviewed)
        #expect(report.summary.changesNothing && report.summary.conflicts == 0)
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
    }

    @Test("a second pull does nothing", arguments: Source.allCases)
    func twice(source: Source) async throws {
        let pair = try Pair(["mine": .file("m")], sandbox: Self.theirs)
        _ = try await pull(pair, source, .unreviewed)
        let before = try DiskFingerprint.all(in: pair.workspace)
        let report = try await pull(pair, source, .unreviewed)
        #expect(report.summary.changesNothing)
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
    }

    @Test("links that leave the workspace and files that tools obey are held back", arguments: Source.allCases)
    func held(source: Source) async throws {
        let theirs: Tree = [
            "out": .link("/etc/passwd"), "up": .link("../x"), "in": .link("fine"), "fine": .file("f"),
            ".git/hooks/pre-commit": .file("#!", mode: 0o755), ".git/config": .file("c"), ".git/HEAD": .file("h"),
            "sub/.git": .file("gitdir: /elsewhere"), ".ferryignore": .file("*"), "d/.GIT/config": .file("c"),
        ]
        let pair = try Pair([:], sandbox: theirs)
        let log = ItemLog()
        let options = SyncOptions()
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.sandbox, to: .archive(archive), options: .with { $0.rules = .excluding("!*") })
        let endpoint: Endpoint = source == .archive ? .archive(archive) : .directory(pair.sandbox)
        let report = try await SyncEngine.pull(
            from: endpoint, to: pair.workspace, options: options, observer: log.observer)
        let found = try Tree(reading: pair.workspace)
        // The sandbox's own rule file excluded everything from the archive of the sandbox; rules are the user's there.
        if source == .directory {
            #expect(report.summary.held == 7)
            #expect(log.all.count { $0.heldReason != nil } == 7)
            #expect(found["in"] != nil && found["fine"] != nil && found[".git/HEAD"] != nil)
        }
        for path in ["out", "up", ".git/hooks/pre-commit", ".git/config", "sub/.git", ".ferryignore", "d/.GIT/config"] {
            #expect(found[TreePath(Array(path.utf8))] == nil, "\(path)")
        }
    }

    @Test(
        "a link at the workspace where the sandbox has a directory is not written through", arguments: Source.allCases)
    func linkInTheWay(source: Source) async throws {
        let pair = try Pair(["d": .link("../elsewhere")], sandbox: ["d/x": .file("x")])
        try pair.directory.directory("elsewhere", ["y": .file("y")])
        for policy in [ConflictPolicy.keepLocal, .both, .takeRemote] {
            _ = try await pull(pair, source, .with { $0.conflicts = policy })
            let outside = try Tree(reading: pair.directory.path("elsewhere"))
            #expect(outside.paths.map(\.bytes) == [Array("y".utf8)], "\(policy)")
        }
        #expect(try Tree(reading: pair.workspace)["d/x"] != nil)
    }

    @Test("a missing sandbox deletes nothing, even with everything allowed")
    func missing() async throws {
        let pair = try Pair(Self.ours)
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.pull(
                from: .directory(pair.directory.path("nowhere")), to: pair.workspace, options: .mirror)
        }
        #expect(error?.code == .halted)
        #expect("\(try Tree(reading: pair.workspace).differences(from: Self.ours))" == "no differences")
    }

    @Test("an empty sandbox stops a mirror", arguments: Source.allCases)
    func empty(source: Source) async throws {
        let pair = try Pair(Self.ours)
        let reason = await halt { () throws(SyncError) in try await pull(pair, source, .with { $0.mirrors = true }) }
        #expect(reason == .emptiedRoot)
        #expect("\(try Tree(reading: pair.workspace).differences(from: Self.ours))" == "no differences")
    }

    @Test("nothing is left behind beside the workspace or in it", arguments: Source.allCases)
    func leftovers(source: Source) async throws {
        let pair = try Pair(Self.ours, sandbox: Self.theirs)
        _ = try await pull(pair, source, .with { $0.conflicts = .takeRemote })
        for name in try Tree(reading: pair.directory.path).paths.map(\.description) {
            #expect(!name.contains(".ferry-tmp"), "\(name)")
        }
    }
}
