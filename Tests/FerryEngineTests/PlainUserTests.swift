import FerryCore
import FerryEngine
import FerryTesting
import Glibc
import Testing

/// What changes for a user to whom permission bits matter.
///
/// Root gives itself up, in a process made for each test.
@Suite("Without root's privileges")
struct PlainUserTests {
    /// Trees that a plain user can read, but mostly not write to.
    private static func tree(_ seed: UInt64) -> Tree {
        var shape = RandomTree.Shape()
        shape.isReadable = true
        return RandomTree(seed: seed, shape: shape).make()
    }

    @Test("trees with read-only files and directories make the round trip", arguments: ["push", "pull", "archive"])
    func roundTrip(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            for seed in UInt64(400)...430 {
                let pair = try Pair(PlainUserTests.tree(seed))
                switch way {
                case "push": try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
                case "pull":
                    try await SyncEngine.pull(from: .directory(pair.workspace), to: pair.sandbox, options: .unreviewed)
                default:
                    let archive = pair.directory.path("a.tar")
                    try await SyncEngine.push(pair.workspace, to: .archive(archive))
                    try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox, options: .unreviewed)
                }
                try pair.expectSame(seed)
            }
        }
    }

    @Test("trees with read-only directories are mirrored onto each other", arguments: ["push", "pull", "archive"])
    func mirror(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            for seed in UInt64(450)...480 {
                let before = PlainUserTests.tree(seed)
                let pair = try Pair(PlainUserTests.tree(seed + 5000), sandbox: before)
                let kind = try #require(ProtectionTests.Way(rawValue: way))
                let report = try await kind.sync(pair.workspace, pair.sandbox) { _ in }
                #expect(report.problems.isEmpty, "seed \(seed): \(report.problems)")
                try pair.expectSame(seed, aspects: [.modes, .hardLinks])
            }
        }
    }

    @Test(
        "entries change inside read-only directories, which are read-only again afterwards",
        arguments: ["push", "pull", "archive"])
    func readOnlyDirectories(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            let pair = try Pair(
                [
                    "ro": .directory(["new": .file("n"), "changed": .file("2"), "sub/x": .file("x")], mode: 0o555),
                    "same": .directory(["a": .file("a")], mode: 0o500), "empty": .directory(mode: 0o555),
                ],
                sandbox: [
                    "ro": .directory(["changed": .file("1"), "gone": .file("g"), "gd/x": .file("x")], mode: 0o555),
                    "same": .directory(["a": .file("a")], mode: 0o500),
                    "extra": .directory(["in": .directory(["x": .file("x")], mode: 0o555)], mode: 0o500),
                ])
            let kind = try #require(ProtectionTests.Way(rawValue: way))
            let report = try await kind.sync(pair.workspace, pair.sandbox) { _ in }
            #expect(report.problems.isEmpty, "\(report.problems)")
            try pair.expectSame(0, aspects: [.modes])
        }
    }

    @Test(
        "a directory that keeps something protected is read-only again after a deletion in it",
        arguments: ["push", "pull"])
    func pruned(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            let pair = try Pair(
                ["a": .file("a")],
                sandbox: ["d": .directory(["keep": .file("k"), "gone": .file("g")], mode: 0o555), "a": .file("a")])
            let kind = try #require(ProtectionTests.Way(rawValue: way))
            _ = try await kind.sync(pair.workspace, pair.sandbox) { $0.preserve = .patterns("keep") }
            let expected: Tree = ["a": .file("a"), "d": .directory(["keep": .file("k")], mode: 0o555)]
            let differences = try Tree(reading: pair.sandbox).differences(from: expected)
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test("what cannot be read at the source is reported and protects the other side", arguments: ["push", "pull"])
    func unreadableSource(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            let pair = try Pair(
                [
                    "dir": .directory(["hidden": .file("h")], mode: 0),
                    "listed": .directory(["x": .file("x")], mode: 0o444),
                    "file": .file("f", mode: 0), "fine": .file("1"),
                ],
                sandbox: [
                    "dir/hidden": .file("old"), "dir/sub/other": .file("o"), "listed/x": .file("old"),
                    "listed/y": .file("y"), "file": .file("old"), "fine": .file("0"), "extra": .file("e"),
                ])
            let kind = try #require(ProtectionTests.Way(rawValue: way))
            let report = try await kind.sync(pair.workspace, pair.sandbox) { _ in }
            #expect(report.problemCodes["dir"] == .unreadable)
            #expect(report.problemCodes["file"] == .unreadable)
            #expect(report.problemCodes["listed/x"] == .unreadable)
            let expected: Tree = [
                "dir/hidden": .file("old"), "dir/sub/other": .file("o"), "listed/x": .file("old"), "file": .file("old"),
                "fine": .file("1"),
            ]
            // It has got the source's mode, which does not let anybody look at what is inside.
            let listed = pair.directory.path("sandbox/listed").map(CChar.init(bitPattern:)) + [0]
            #expect(unsafe chmod(listed, 0o755) == 0)
            var found = try Tree(reading: pair.sandbox)
            // The listing of this one was complete: what it does not have may go.
            found["listed/y"] = nil
            let differences = found.differences(from: expected)
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test(
        "what cannot be read at the destination is reported and stays as it is", arguments: ["push", "pull", "archive"])
    func unreadableDestination(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            let pair = try Pair(
                ["file": .link("now a link"), "fine": .file("1"), "dir": .file("now a file")],
                sandbox: [
                    "extra": .directory(["hidden": .file("h")], mode: 0), "fine": .file("0"),
                    "dir/in": .directory(["hidden": .file("h")], mode: 0), "file": .file("x"),
                ])
            let kind = try #require(ProtectionTests.Way(rawValue: way))
            let report = try await kind.sync(pair.workspace, pair.sandbox) { _ in }
            #expect(report.problemCodes["extra"] == .unreadable)
            #expect(report.problemCodes["dir"] == .protected)
            // To look inside, the modes have to change first.
            for name in ["sandbox/extra", "sandbox/dir/in"] {
                let path = pair.directory.path(name).map(CChar.init(bitPattern:)) + [0]
                var buffer = stat()
                #expect(unsafe stat(path, &buffer) == 0 && buffer.st_mode & 0o777 == 0, "\(name)")
                _ = unsafe chmod(path, 0o755)
            }
            let expected: Tree = [
                "extra/hidden": .file("h"), "dir/in/hidden": .file("h"), "fine": .file("1"),
                "file": .link("now a link"),
            ]
            let differences = try Tree(reading: pair.sandbox).differences(from: expected)
            #expect(differences.isEmpty, "\(differences)")
        }
    }

    @Test(
        "directories of mode 0000 are made from an archive",
        .enabled(if: geteuid() == 0, "only root can pack such a directory; run this test as root too"),
        arguments: [UInt16(0), 0o111, 0o200, 0o333, 0o444])
    func closedDirectories(mode: UInt16) async throws {
        let pair = try Pair(["d": .directory(["a": .file("a"), "e": .directory(mode: 0)], mode: mode)])
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        try #require(
            try run("chmod", ["a+rX", pair.directory.text, String(decoding: archive, as: UTF8.self)]).status == 0)
        PlainUser.give(pair.sandbox)
        let sandbox: [UInt8] = pair.directory.path("sandbox/fresh")
        await #expect(processExitsWith: .success) { [archive = archive as [UInt8], sandbox = sandbox as [UInt8]] in
            PlainUser.become()
            let report = try await SyncEngine.pull(from: .archive(archive), to: sandbox)
            #expect(report.problems.isEmpty, "\(report.problems)")
            // What cannot be read is unknown, and unknown is no reason to do anything.
            _ = try await SyncEngine.pull(from: .archive(archive), to: sandbox)
        }
        if geteuid() == 0 { try pair.expectSame(0, at: sandbox) }
    }

    @Test("a root that cannot be read is an error and never an empty tree", arguments: ["push", "pull"])
    func unreadableRoot(way: String) async {
        await #expect(processExitsWith: .success) { [way] in
            PlainUser.become()
            let pair = try Pair(["a": .file("a")], sandbox: ["b": .file("b")])
            let path = pair.workspace.map(CChar.init(bitPattern:)) + [0]
            for mode in [mode_t(0), 0o111, 0o444] {
                _ = unsafe chmod(path, mode)
                let error = await failure { () throws(SyncError) in
                    way == "push"
                        ? try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: .mirror)
                        : try await SyncEngine.pull(
                            from: .directory(pair.workspace), to: pair.sandbox, options: .mirror)
                }
                // One that can be listed but not entered holds entries that are unknown.
                if mode != 0o444 { #expect(error?.code == .failed) }
                let kept = try Tree(reading: pair.sandbox)["b"]
                if mode != 0o444 { #expect(kept != nil) }
            }
        }
    }
}
