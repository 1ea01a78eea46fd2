import FerryCore
import FerryEngine
import FerryTesting
import Glibc
import Testing

/// Several names of one file stay that, and what is not on disk is not written.
@Suite("Hard links and holes")
struct HardLinkAndHoleTests {
    static let linked: Tree = [
        "a": .file("one", mode: 0o640), "d/b": .hardLink("a"), "z/deep/c": .hardLink("a"),
        "other": .file("one", mode: 0o640),
    ]

    @Test("hard links are kept", arguments: ProtectionTests.Way.allCases)
    func kept(way: ProtectionTests.Way) async throws {
        let pair = try Pair(Self.linked)
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        try pair.expectSame(0)
    }

    static let laterChanges: [(String, Tree)] = [
        ("a name is added", ["a": .file("one", mode: 0o640), "d/b": .file("one", mode: 0o640)]),
        ("a first name is added", ["d/b": .file("one", mode: 0o640), "z/deep/c": .hardLink("d/b")]),
        ("two files become one", ["a": .file("one", mode: 0o640), "d/b": .file("two"), "z/deep/c": .file("three")]),
        (
            "names move to another file",
            [
                "a": .file("x"), "d/b": .hardLink("a"), "other": .file("one", mode: 0o640),
                "z/deep/c": .hardLink("other"),
            ]
        ),
        (
            "a mode changes through one name",
            ["a": .file("one", mode: 0o600), "d/b": .hardLink("a"), "z/deep/c": .hardLink("a")]
        ),
        ("the content changes", ["a": .file("old", mode: 0o640), "d/b": .hardLink("a"), "z/deep/c": .hardLink("a")]),
    ]

    @Test(
        "names that change their file later arrive as what they are", arguments: laterChanges,
        ProtectionTests.Way.allCases)
    func later(change: (String, Tree), way: ProtectionTests.Way) async throws {
        var before = change.1
        for path in before.paths { before[path]?.mtime = Timestamp(seconds: 1_000_000_000) }
        let pair = try Pair(Self.linked, sandbox: before)
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        try pair.expectSame(0, aspects: [.modes, .hardLinks])
        let again = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        #expect(again.summary.changesNothing, "\(change.0): \(again.summary)")
    }

    @Test(
        "files that are one at the destination only are parted when one of them changes",
        arguments: ProtectionTests.Way.allCases)
    func parted(way: ProtectionTests.Way) async throws {
        for changed: TreeNode in [.file("two", mode: 0o640), .file("one", mode: 0o600), .file("longer", mode: 0o777)] {
            let pair = try Pair(
                ["a": .file("one", mode: 0o640), "b": changed],
                sandbox: ["a": .file("one", mode: 0o640), "b": .hardLink("a")])
            _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
            try pair.expectSame(0, aspects: [.modes, .hardLinks])
        }
    }

    @Test("a name outside of the tree never changes with it", arguments: ProtectionTests.Way.allCases)
    func outside(way: ProtectionTests.Way) async throws {
        let pair = try Pair(["a": .file("new", mode: 0o600), "b": .file("same", mode: 0o600)])
        try pair.directory.directory("store", ["a": .file("old", mode: 0o644), "b": .file("same", mode: 0o644)])
        for name in ["a", "b"] {
            let (from, to) = (pair.directory.path("store/\(name)"), pair.directory.path("sandbox/\(name)"))
            try #require(
                unsafe link(from.map(CChar.init(bitPattern:)) + [0], to.map(CChar.init(bitPattern:)) + [0]) == 0)
        }
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        try pair.expectSame(0, aspects: [.modes])
        let store: Tree = ["a": .file("old", mode: 0o644), "b": .file("same", mode: 0o644)]
        #expect("\(try Tree(reading: pair.directory.path("store")).differences(from: store))" == "no differences")
    }

    @Test("a link to an excluded name becomes a file of its own")
    func excludedName() async throws {
        let pair = try Pair(["a.log": .file("x"), "b": .hardLink("a.log")])
        try await SyncEngine.push(
            pair.workspace, to: .directory(pair.sandbox), options: .with { $0.rules = .excluding("*.log") })
        #expect("\(try Tree(reading: pair.sandbox).differences(from: ["b": .file("x")]))" == "no differences")
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(
            pair.workspace, to: .archive(archive), options: .with { $0.rules = .excluding("*.log") })
        let third = pair.directory.path("third")
        try await SyncEngine.pull(from: .archive(archive), to: third)
        #expect("\(try Tree(reading: third).differences(from: ["b": .file("x")]))" == "no differences")
    }

    static var holes: Tree {
        var tree: Tree = [
            "all": .file(bytes: [UInt8](repeating: 0, count: 3 << 20), hasHoles: true), "none": .file("dense"),
        ]
        for (name, places) in [("start", [0]), ("end", [2 << 20]), ("many", [4096, 1 << 20, 2 << 20])] {
            var content = [UInt8](repeating: 0, count: 2 << 20 + 5000)
            for place in places { for offset in 0..<200 { content[place + offset] = UInt8(offset | 1) } }
            tree[TreePath(Array(name.utf8))] = TreeEntry(.file(content, hasHoles: true), mode: 0o644)
        }
        return tree
    }

    @Test("holes stay holes", arguments: ProtectionTests.Way.allCases)
    func holes(way: ProtectionTests.Way) async throws {
        let pair = try Pair(Self.holes)
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        try pair.expectSame(0, aspects: [.modes, .times, .holes])
    }

    @Test("a sparse file of more than 8 GiB passes through an archive and between directories")
    func huge() async throws {
        let size: off_t = (8 << 30) + 12_345
        let pair = try Pair(["empty": .directory()])
        let file = unsafe open(
            pair.directory.path("workspace/huge").map(CChar.init(bitPattern:)) + [0], O_WRONLY | O_CREAT | O_CLOEXEC,
            0o644)
        try #require(file >= 0)
        let marks: [(off_t, String)] = [(0, "first"), (5 << 30, "middle"), (size - 4, "last")]
        for (offset, text) in marks {
            let bytes = Array(text.utf8)
            #expect(
                unsafe bytes.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, offset) } == bytes.count)
        }
        close(file)
        let archive = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.workspace, to: .archive(archive))
        try await SyncEngine.pull(from: .archive(archive), to: pair.directory.path("unpacked"))
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox))
        for name in ["unpacked/huge", "sandbox/huge"] {
            let path = pair.directory.path(name).map(CChar.init(bitPattern:)) + [0]
            var status = stat()
            #expect(unsafe stat(path, &status) == 0 && status.st_size == size && status.st_blocks < 4096, "\(name)")
            let copy = unsafe open(path, O_RDONLY | O_CLOEXEC)
            defer { close(copy) }
            for (offset, text) in marks {
                var bytes = [UInt8](repeating: 0, count: text.utf8.count)
                _ = unsafe bytes.withUnsafeMutableBytes { unsafe pread(copy, $0.baseAddress, $0.count, offset) }
                #expect(bytes == Array(text.utf8), "\(name) at \(offset)")
            }
        }
        let extracted = try run("tar", ["-tvf", String(decoding: archive, as: UTF8.self)])
        #expect(extracted.isSilent && extracted.output.contains(" \(size) "))
    }
}
