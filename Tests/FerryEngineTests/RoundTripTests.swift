import FerryCore
import FerryEngine
import FerryTesting
import Glibc
import Testing

/// What comes out at the other end is what went in: names, kinds, content, modes, times, links.
@Suite("Round trips")
struct RoundTripTests {
    /// Both are tried because modes must not depend on the umask, which belongs to the whole process: each in its own.
    static let masks: [UInt32] = [0o077, 0o000]

    @Test("a push into an empty directory is the identity, whatever the umask", arguments: masks)
    func pushIntoDirectory(mask: UInt32) async {
        await #expect(processExitsWith: .success) { [mask] in
            umask(mask)
            for seed in UInt64(1)...40 {
                let pair = try Pair(RoundTripTests.tree(seed))
                try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
                try pair.expectSame(seed)
            }
        }
    }

    @Test("a pull from a directory is the identity, whatever the umask", arguments: masks)
    func pullFromDirectory(mask: UInt32) async {
        await #expect(processExitsWith: .success) { [mask] in
            umask(mask)
            for seed in UInt64(101)...140 {
                let pair = try Pair(RoundTripTests.tree(seed))
                try await SyncEngine.pull(from: .directory(pair.workspace), to: pair.sandbox, options: .unreviewed)
                try pair.expectSame(seed)
            }
        }
    }

    @Test("a push into an archive and a pull from it are the identity, whatever the umask", arguments: masks)
    func archive(mask: UInt32) async {
        await #expect(processExitsWith: .success) { [mask] in
            umask(mask)
            let suffixes = ["tar", "tar.gz", "tar.zst", "tar.xz"]
            for seed in UInt64(201)...240 {
                let pair = try Pair(RoundTripTests.tree(seed))
                let archive = pair.directory.path("a.\(suffixes[Int(seed % 4)])")
                try await SyncEngine.push(pair.workspace, to: .archive(archive))
                try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox, options: .unreviewed)
                try pair.expectSame(seed)
            }
        }
    }

    @Test("times before 1970 and far in the future arrive exactly", arguments: UInt64(1)...6)
    func oddTimes(seed: UInt64) async throws {
        var shape = RandomTree.Shape()
        shape.hasOddTimes = true
        let pair = try Pair(RandomTree(seed: seed, shape: shape).make())
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox, options: .unreviewed)
        try pair.expectSame(seed)
        let other = pair.directory.path("missing")
        try await SyncEngine.push(pair.workspace, to: .directory(other))
        try pair.expectSame(seed, at: other)
    }

    @Test("every mode from 0000 to 0777 arrives, of files and of directories")
    func allModes() async throws {
        var tree = Tree()
        // A plain user packs only what it can read; the rest is tried as root.
        let needed: UInt16 = geteuid() == 0 ? 0 : 0o500
        for mode in UInt16(0)...0o777 where mode & needed == needed {
            tree[TreePath(Array("f\(mode)".utf8))] = TreeEntry(.file([1], hasHoles: false), mode: mode)
            tree[TreePath(Array("d\(mode)/inside".utf8))] = TreeEntry(.file([2], hasHoles: false), mode: 0o640)
            tree[TreePath(Array("d\(mode)".utf8))]?.mode = mode
        }
        let pair = try Pair(tree)
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        try pair.expectSame(0)
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: pair.directory.path("third"))
        try pair.expectSame(0, at: pair.directory.path("third"))
    }

    @Test("the locale changes nothing", arguments: ["C", "C.UTF-8", "POSIX", "de_DE.ISO-8859-1"])
    func locale(name: String) async {
        await #expect(processExitsWith: .success) { [name] in
            _ = unsafe setlocale(LC_ALL, name)
            var tree = Tree()
            for name in RandomTree.oddNames {
                tree[TreePath(name)] = TreeEntry(.file(name, hasHoles: false), mode: 0o600)
            }
            let pair = try Pair(tree)
            let archive = pair.directory.path("a.tar.zst")
            try await SyncEngine.push(pair.workspace, to: .archive(archive))
            try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox)
            try pair.expectSame(0)
        }
    }

    @Test("paths beyond the kernel's limit and trees of any depth arrive", arguments: [(255, 21), (2, 400)])
    func depth(nameLength: Int, levels: Int) async throws {
        var path = [UInt8](repeating: UInt8(ascii: "d"), count: nameLength)
        for _ in 1..<levels { path += [0x2F] + [UInt8](repeating: UInt8(ascii: "d"), count: nameLength) }
        let pair = try Pair([:])
        // By hand: a tree literal opens each directory from the root.
        let code = """
            import os, sys
            os.chdir(sys.argv[1])
            for name in sys.argv[2].split("/"): os.mkdir(name); os.chdir(name)
            open("leaf", "w").write("found")
            os.link("leaf", "other"); os.symlink("leaf", "link")
            """
        let made = try run(
            "python3",
            ["-c", code, String(decoding: pair.workspace, as: UTF8.self), String(decoding: path, as: UTF8.self)])
        try #require(made.isSilent, "\(made)")
        let (archive, unpacked) = (pair.directory.path("a.tar"), pair.directory.path("unpacked"))
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: unpacked)
        let pulled = pair.directory.path("pulled")
        try await SyncEngine.pull(from: .directory(pair.workspace), to: pulled)
        let expected = try DiskFingerprint.all(in: pair.workspace)
        #expect(expected.count == levels + 3)
        for directory in [pair.sandbox, unpacked, pulled] {
            let found = try DiskFingerprint.all(in: directory)
            #expect(found.mapValues(\.mtime) == expected.mapValues(\.mtime))
            let again = try await SyncEngine.push(pair.workspace, to: .directory(directory), options: .mirror)
            #expect(again.summary.changesNothing)
            let emptied = try pair.directory.directory("emptied")
            try await SyncEngine.push(emptied, to: .directory(directory), options: .mirror)
            #expect(try DiskFingerprint.all(in: directory).isEmpty)
        }
    }

    @Test("an empty workspace gives a valid tar of no members, which is taken back")
    func emptyWorkspace() async throws {
        let pair = try Pair([:])
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        let listed = try run("tar", ["-tvf", String(decoding: archive, as: UTF8.self)])
        #expect(listed.isSilent && listed.output.isEmpty)
        try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox)
        #expect(try Tree(reading: pair.sandbox).entries.isEmpty)
    }

    @Test("a workspace of which the rules leave nothing gives an empty tar and a warning")
    func excludedWorkspace() async throws {
        let pair = try Pair(["a": .file("x"), "d/b": .file("y")])
        let archive = pair.directory.path("a.tar")
        let report = try await SyncEngine.push(
            pair.workspace, to: .archive(archive), options: .with { $0.rules = .excluding("*") })
        #expect(report.problems.map(\.code) == [.nothingLeft])
        #expect(report.excludedEntries == 2)
        #expect(try run("tar", ["-tf", String(decoding: archive, as: UTF8.self)]).output.isEmpty)
        let pushed = try await SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: .with { $0.rules = .excluding("*") })
        #expect(pushed.problems.map(\.code) == [.nothingLeft])
    }

    @Test("the mode and the time of the root stay as they are")
    func root() async throws {
        let pair = try Pair(["a": .file("x")])
        _ = try run("chmod", ["0711", String(decoding: pair.sandbox, as: UTF8.self)])
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        #expect(try run("tar", ["-tf", String(decoding: archive, as: UTF8.self)]).output == "a\n")
        try await SyncEngine.pull(from: .archive(archive), to: pair.sandbox)
        let outer = try Tree(reading: pair.directory.path)
        #expect(outer["sandbox"]?.mode == 0o711)
    }

    static func tree(_ seed: UInt64) -> Tree {
        RandomTree(seed: seed).make()
    }
}

/// A workspace with a tree in it and an empty sandbox, in one temporary directory.
struct Pair {
    let directory: TemporaryDirectory
    let tree: Tree
    let workspace: [UInt8]
    let sandbox: [UInt8]

    init(_ tree: Tree, sandbox content: Tree = [:]) throws {
        directory = try TemporaryDirectory()
        self.tree = tree
        workspace = try directory.directory("workspace", tree)
        sandbox = try directory.directory("sandbox", content)
    }

    /// Expects another directory, mostly the sandbox, to be what the workspace was made as.
    func expectSame(
        _ seed: UInt64, at path: [UInt8]? = nil, aspects: TreeAspects = .standard,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let differences = try Tree(reading: path ?? sandbox).differences(from: tree, aspects: aspects)
        #expect(differences.isEmpty, "seed \(seed): \(differences)", sourceLocation: sourceLocation)
    }
}
