import FerryCore
import FerryEngine
import FerryTesting
import Testing

/// Without a baseline nothing is known of what the sandbox held before: equal is adopted, extra stays, differing stops.
@Suite("A first push")
struct FirstPushTests {
    @Test("a missing directory is made")
    func missing() async throws {
        let pair = try Pair(["a": .file("a"), "d/b": .file("b")])
        let target = pair.directory.path("new")
        try await SyncEngine.push(pair.workspace, to: .directory(target))
        try pair.expectSame(0, at: target)
    }

    @Test("equal entries are adopted without a touch and extra ones stay")
    func adopts() async throws {
        let own: Tree = [
            "a": .file("a", mode: 0o644), ".bashrc": .file("rc"), "d/mine": .file("m"), ".cache/x/y": .file("y"),
            "link": .link("a"), "pipe": .fifo(),
        ]
        let pair = try Pair(["a": .file("a", mode: 0o644), "d/new": .file("n"), "link": .link("a")], sandbox: own)
        let before = try DiskFingerprint.all(in: pair.sandbox)
        let report = try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        #expect(report.summary.created == 1 && report.summary.deleted == 0 && report.summary.overwritten == 0)
        let after = try DiskFingerprint.all(in: pair.sandbox)
        for path in own.paths where own[path]?.isDirectory == false { #expect(after[path] == before[path], "\(path)") }
        var expected = own
        expected["d/new"] = TreeEntry(.file(Array("n".utf8), hasHoles: false))
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
    }

    static let clashes: [(String, Tree, Tree)] = [
        ("content", ["a": .file("ours")], ["a": .file("theirs")]),
        ("content of the same size", ["a": .file("1")], ["a": .file("2")]),
        ("a mode", ["a": .file("x", mode: 0o755)], ["a": .file("x", mode: 0o644)]),
        ("a directory's mode", ["a": .directory(mode: 0o700)], ["a": .directory(mode: 0o755)]),
        ("a link's target", ["a": .link("b")], ["a": .link("c")]),
        ("a kind", ["a": .file("x")], ["a": .directory()]),
        ("a kind with content", ["a": .link("x")], ["a/b": .file("b")]),
    ]

    @Test("a difference stops it before the first change", arguments: clashes)
    func differing(what: String, ours: Tree, theirs: Tree) async throws {
        var ours = ours
        ours["new"] = TreeEntry(.file([1], hasHoles: false))
        let pair = try Pair(ours, sandbox: theirs)
        let before = try DiskFingerprint.all(in: pair.sandbox)
        let reason = await halt { () throws(SyncError) in
            try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        }
        #expect(reason == .overwriteSandbox, "\(what)")
        #expect(try DiskFingerprint.all(in: pair.sandbox) == before)
    }

    @Test("with overwriting allowed, what differs is overwritten, and only that", arguments: clashes)
    func overwrites(what: String, ours: Tree, theirs: Tree) async throws {
        var theirs = theirs
        theirs["extra/deep"] = TreeEntry(.file([2], hasHoles: false))
        let pair = try Pair(ours, sandbox: theirs)
        try await SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: .with { $0.overrides.allowed = [.overwriteSandbox] })
        var expected = ours
        expected["extra/deep"] = TreeEntry(.file([2], hasHoles: false))
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences", "\(what)")
    }

    @Test("a mirror of an empty workspace onto a full sandbox stops")
    func emptied() async throws {
        let pair = try Pair([:], sandbox: ["a": .file("a"), "b": .file("b")])
        func push(_ options: SyncOptions) async -> Halt.Reason? {
            await halt { () throws(SyncError) in
                try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
            }
        }
        #expect(await push(.with { $0.mirrors = true }) == .emptiedRoot)
        #expect(try Tree(reading: pair.sandbox).entries.count == 2)
        let allowed = await push(
            .with {
                $0.mirrors = true
                $0.overrides.allowed = [.emptiedRoot]
            })
        #expect(allowed == nil)
        #expect(try Tree(reading: pair.sandbox).entries.isEmpty)
    }

    @Test("a mirror that would delete most of a sandbox stops", arguments: [false, true])
    func massDelete(pulls: Bool) async throws {
        var theirs = Tree()
        for number in 0..<30 { theirs[TreePath(Array("f\(number)".utf8))] = TreeEntry(.file([1], hasHoles: false)) }
        let pair = try Pair(["f1": .file(bytes: [1])], sandbox: theirs)
        func sync(_ change: (inout SyncOptions) -> Void) async -> Halt.Reason? {
            var options = SyncOptions()
            options.mirrors = true
            change(&options)
            let settled = options
            return await halt { () throws(SyncError) in
                pulls
                    ? try await SyncEngine.pull(from: .directory(pair.workspace), to: pair.sandbox, options: settled)
                    : try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: settled)
            }
        }
        #expect(await sync { _ in } == .massDelete)
        #expect(await sync { $0.overrides.deletionLimit = .count(28) } == .massDelete)
        #expect(await sync { $0.overrides.deletionLimit = .percent(96) } == .massDelete)
        #expect(try Tree(reading: pair.sandbox).entries.count == 30)
        #expect(await sync { $0.overrides.deletionLimit = .count(29) } == nil)
        #expect(try Tree(reading: pair.sandbox).entries.count == 1)
    }

    @Test("a workspace that is missing or no directory stops everything", arguments: ["nowhere", "workspace/a"])
    func missingWorkspace(name: String) async throws {
        let pair = try Pair(["a": .file("a")], sandbox: ["b": .file("b")])
        let source = pair.directory.path(name)
        let pushed = await failure { () throws(SyncError) in
            try await SyncEngine.push(source, to: .directory(pair.sandbox), options: .mirror)
        }
        let pulled = await failure { () throws(SyncError) in
            try await SyncEngine.pull(from: .directory(source), to: pair.sandbox, options: .mirror)
        }
        #expect(pushed?.code == .halted && pulled?.code == .halted)
        #expect(try Tree(reading: pair.sandbox).entries.count == 1)
    }

    @Test("a directory and one inside it, or the same by another name, are refused")
    func overlapping() async throws {
        let pair = try Pair(["inner/a": .file("a")])
        try (["alias": .link("workspace")] as Tree).write(into: pair.directory.path)
        for other in ["workspace", "workspace/inner", "alias", "workspace/../workspace/."] {
            for (from, to) in [("workspace", other), (other, "workspace")] {
                let error = await failure { () throws(SyncError) in
                    try await SyncEngine.push(pair.directory.path(from), to: .directory(pair.directory.path(to)))
                }
                #expect(error?.code == .usage, "\(from) to \(to)")
            }
        }
    }
}
