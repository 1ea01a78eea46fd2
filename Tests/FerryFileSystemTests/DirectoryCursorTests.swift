import FerryCore
import FerryFileSystem
import FerryTesting
import Glibc
import SystemPackage
import Testing

@Suite("Opening directories below a root")
struct DirectoryCursorTests {
    private static let tree: Tree = [
        "a/b/c/file": .file("inside"), "x/y": .file(), "link": .link("a"), "out": .link("/"),
        "deep/link": .link("../a"),
    ]

    private func cause(_ cursor: inout DirectoryCursor, _ path: String) -> Errno? {
        do throws(Errno) {
            _ = try cursor.open(Array(path.utf8))
            return nil
        } catch {
            return error
        }
    }

    @Test("a link anywhere on the way is refused, also one that stays inside")
    func links() throws {
        let directory = try TemporaryDirectory()
        try Self.tree.write(into: directory.path)
        var cursor = DirectoryCursor(root: try RootDirectory.open(directory.path))
        for path in ["link", "link/b", "out", "out/etc", "deep/link", "deep/link/b/c", "x/y"] {
            #expect([.tooManySymbolicLinkLevels, .notDirectory].contains(cause(&cursor, path)), "\(path)")
        }
        #expect(cause(&cursor, "a/b/c") == nil && cause(&cursor, "") == nil)
    }

    @Test("a link that took a directory's place is not followed")
    func swapped() throws {
        let directory = try TemporaryDirectory()
        try Self.tree.write(into: directory.path)
        var cursor = DirectoryCursor(root: try RootDirectory.open(directory.path))
        let opened = try cursor.open(Array("a/b".utf8))
        func path(_ name: String) -> [CChar] { directory.path(name).map(CChar.init(bitPattern:)) + [0] }
        try #require(unsafe rename(path("a/b"), path("moved")) == 0 && symlink("/etc", path("a/b")) == 0)
        // What was open before still is that directory, wherever it is now; anything opened anew is refused.
        let name = try TerminatedName(Array("c".utf8))
        #expect(try opened.handle.status(of: name).kind == .directory)
        var fresh = DirectoryCursor(root: try RootDirectory.open(directory.path))
        #expect(cause(&fresh, "a/b") != nil && cause(&fresh, "a/b/c") != nil)
        cursor.forget(Array("a/b".utf8))
        #expect(cause(&cursor, "a/b") != nil)
    }

    @Test("files are never opened through links, and fifos never block")
    func files() throws {
        let directory = try TemporaryDirectory()
        try (["link": .link("file"), "file": .file("x"), "pipe": .fifo()] as Tree).write(into: directory.path)
        let root = try RootDirectory.open(directory.path)
        do throws(Errno) {
            _ = try root.handle.openFile(TerminatedName(unchecked: ArraySlice(Array("link".utf8) + [0])))
            Issue.record("a link was opened")
        } catch {
            #expect(error == .tooManySymbolicLinkLevels)
        }
        let pipe = try root.handle.openFile(TerminatedName(unchecked: ArraySlice(Array("pipe".utf8) + [0])))
        #expect(try pipe.status().kind == .fifo)
    }

    @Test(
        "names that are no single component never become one",
        arguments: ["", ".", "..", "a/b", "/", "a/", "nul\u{0}"])
    func components(name: String) {
        #expect(throws: RelativePathError.self) { try TerminatedName(Array(name.utf8)) }
    }

    @Test("opening any directory after any other gives the right one", arguments: UInt64(1)...10)
    func randomWalk(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let tree = RandomTree(seed: seed).make()
        try tree.write(into: directory.path)
        var random = SeededGenerator(seed: seed)
        let directories = tree.paths.filter { tree[$0]?.isDirectory == true }
        guard !directories.isEmpty else { return }
        let fingerprints = try DiskFingerprint.all(in: directory.path)
        var cursor = DirectoryCursor(root: try RootDirectory.open(directory.path))
        for _ in 0..<200 {
            let path = directories[random.below(directories.count)]
            let status = try cursor.open(path.bytes).handle.status()
            #expect(status.inode == fingerprints[path]?.inode, "seed \(seed): \(path)")
            if random.oneIn(5) { cursor.forget(path.bytes) }
        }
    }
}
