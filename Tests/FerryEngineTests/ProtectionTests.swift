import FerryCore
import FerryEngine
import FerryTesting
import Testing

/// Nothing that is excluded, preserved or of a kind that is not carried is ever deleted or replaced.
@Suite("Excluded, preserved and special entries")
struct ProtectionTests {
    /// The ways by which a destination is made like a source.
    enum Way: String, Sendable, CaseIterable {
        case push, pull, archive

        func sync(_ source: [UInt8], _ destination: [UInt8], _ change: (inout SyncOptions) -> Void) async throws
            -> SyncReport
        {
            var options = SyncOptions.unreviewedMirror
            change(&options)
            switch self {
            case .push: return try await SyncEngine.push(source, to: .directory(destination), options: options)
            case .pull: return try await SyncEngine.pull(from: .directory(source), to: destination, options: options)
            case .archive:
                let scratch = try TemporaryDirectory()
                try await SyncEngine.push(source, to: .archive(scratch.path("a.tar")))
                return try await SyncEngine.pull(
                    from: .archive(scratch.path("a.tar")), to: destination, options: options)
            }
        }
    }

    @Test("an excluded entry survives on both sides, also when all around it is deleted", arguments: Way.allCases)
    func excluded(way: Way) async throws {
        let pair = try Pair(
            ["here.log": .file("source")],
            sandbox: [
                "here.log": .file("destination"), "gone/a.log": .file("kept"), "gone/b": .file("b"),
                "gone/deep/c": .file("c"), "all/d": .file("d"),
            ])
        _ = try await way.sync(pair.workspace, pair.sandbox) { $0.rules = .excluding("*.log") }
        try pair.expectSame(0, at: pair.workspace)
        let expected: Tree = ["here.log": .file("destination"), "gone/a.log": .file("kept")]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
    }

    @Test("an excluded entry is not replaced by one of another kind", arguments: Way.allCases)
    func excludedOfAnotherKind(way: Way) async throws {
        let pair = try Pair(
            ["cache": .file("a file here"), "tree": .file("a file here")],
            sandbox: ["cache/x": .file("a directory there"), "tree/inside/cache/y": .file("y"), "tree/z": .file("z")])
        let report = try await way.sync(pair.workspace, pair.sandbox) { $0.rules = .excluding("cache") }
        #expect(report.problemCodes["tree"] == .protected)
        #expect(report.summary.blocked == 1)
        let expected: Tree = [
            "cache/x": .file("a directory there"), "tree/inside/cache/y": .file("y"), "tree/z": .file("z"),
        ]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
    }

    @Test("a preserved name keeps what it matches, all below it and all above it", arguments: Way.allCases)
    func preserved(way: Way) async throws {
        let pair = try Pair(
            ["a": .file("a")],
            sandbox: [
                "pkg/node_modules/m/index.js": .file("m"), "pkg/src": .file("s"), "cfg/secret.json": .file("k"),
                "cfg/other.json": .file("o"), "report[1].csv": .file("r"), "report1.csv": .file("r"), "x/y": .file("y"),
            ])
        _ = try await way.sync(pair.workspace, pair.sandbox) {
            $0.preserve = .patterns("node_modules\ncfg/secret.json\nreport\\[1].csv")
        }
        let expected: Tree = [
            "a": .file("a"), "pkg/node_modules/m/index.js": .file("m"), "cfg/secret.json": .file("k"),
            "report[1].csv": .file("r"),
        ]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
    }

    @Test("a preserved entry that the source has is updated as usual", arguments: Way.allCases)
    func preservedIsUpdated(way: Way) async throws {
        let pair = try Pair(["keep/a": .file("new")], sandbox: ["keep/a": .file("old"), "keep/b": .file("b")])
        _ = try await way.sync(pair.workspace, pair.sandbox) { $0.preserve = .patterns("keep") }
        let expected: Tree = ["keep/a": .file("new"), "keep/b": .file("b")]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
    }

    @Test("a directory with a preserved entry in it does not change its kind", arguments: Way.allCases)
    func preservedKeepsKind(way: Way) async throws {
        let pair = try Pair(["d": .link("nowhere")], sandbox: ["d/keep": .file("k"), "d/other": .file("o")])
        let report = try await way.sync(pair.workspace, pair.sandbox) { $0.preserve = .patterns("keep") }
        #expect(report.problemCodes["d"] == .protected)
        #expect(try Tree(reading: pair.sandbox)["d/keep"] != nil)
    }

    @Test(
        "a fifo is skipped and reported at the source, and keeps its directory at the destination",
        arguments: Way.allCases)
    func special(way: Way) async throws {
        let pair = try Pair(
            ["pipe": .fifo(), "a": .file("a"), "was": .file("w")],
            sandbox: ["d/pipe": .fifo(), "d/x": .file("x"), "was": .fifo()])
        let report = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        if way != .archive { #expect(report.problemCodes["pipe"] == .skipped) }
        let expected: Tree = ["a": .file("a"), "d/pipe": .fifo(), "was": .fifo()]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
        #expect(report.problemCodes["was"] == .protected)
    }

    @Test("runtime directories are left alone both ways", arguments: Way.allCases)
    func runtime(way: Way) async throws {
        let pair = try Pair(
            [".ferry-runtime/mine": .file("m"), "a": .file("a")],
            sandbox: [".ferry-runtime/theirs": .file("t"), ".paperclip-runtime/x": .file("x"), "b": .file("b")])
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        let expected: Tree = [
            ".ferry-runtime/theirs": .file("t"), ".paperclip-runtime/x": .file("x"), "a": .file("a"),
        ]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
    }

    @Test("built-in excludes are not carried unless they are turned off")
    func builtIn() async throws {
        let pair = try Pair([".DS_Store": .file("d"), "._a": .file("f"), "a": .file("a")])
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        #expect(try Tree(reading: pair.sandbox).paths.map(\.bytes) == [Array("a".utf8)])
        try await SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: .with { $0.rules = IgnoreRules(defaults: .none) })
        try pair.expectSame(0)
    }

    @Test("the workspace's rule files hold for both sides, the sandbox's for none")
    func ruleFiles() async throws {
        let pair = try Pair(
            [".ferryignore": .file("*.tmp\n"), "a.tmp": .file("a"), "b": .file("b")],
            sandbox: [".ferryignore": .file("b\n"), "c.tmp": .file("c"), "b": .file("old"), "d": .file("d")])
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: .mirror)
        let expected: Tree = [".ferryignore": .file("*.tmp\n"), "b": .file("b"), "c.tmp": .file("c")]
        #expect("\(try Tree(reading: pair.sandbox).differences(from: expected))" == "no differences")
        try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: .unreviewedMirror)
        try pair.expectSame(0, at: pair.workspace)
    }
}
