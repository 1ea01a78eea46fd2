import FerryCore
import FerryFileSystem
import FerryTesting
import Glibc
import SystemPackage
import Testing

@Suite("Scanning a tree")
struct TreeScannerTests {
    static func scan(_ path: [UInt8], _ options: ScanOptions = ScanOptions()) throws -> ScanResult {
        try TreeScanner.scan(RootDirectory.open(path), options: options)
    }

    /// The paths of a scan, in order.
    static func paths(_ result: ScanResult) -> [String] {
        result.snapshot.allEntries().map { displayName(of: $0.path) }
    }

    @Test("kinds, modes, sizes, times, targets and hard links are what is on disk", arguments: UInt64(1)...30)
    func metadata(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let tree = RandomTree(seed: seed).make()
        try tree.write(into: directory.path)
        for threads in [1, 2, 7] {
            let result = try Self.scan(directory.path, ScanOptions(threads: threads))
            let snapshot = result.snapshot
            #expect(snapshot.entryCount == tree.entries.count && result.problems.isEmpty)
            #expect(snapshot.allEntries().map(\.path) == tree.paths.map(\.bytes))
            for path in tree.paths {
                let id = try #require(snapshot.entry(at: path))
                let entry = try #require(tree[path])
                let record = snapshot[id]
                if let mtime = entry.mtime { #expect(record.mtime == mtime, "seed \(seed): \(path)") }
                if let mode = entry.mode { #expect(record.mode == mode, "seed \(seed): \(path)") }
                switch entry.kind {
                case .file(let content, let hasHoles):
                    #expect(record.kind == .file && record.size == Int64(content.count))
                    #expect(snapshot.firstName(of: id) == id)
                    if hasHoles { #expect(record.flags.contains(.hasHoles)) }
                case .link(let target): #expect(record.kind == .symlink && Array(snapshot.target(of: id)) == target)
                case .hardLink(let target): #expect(snapshot.firstName(of: id) == snapshot.entry(at: target))
                default: #expect(record.kind == .directory)
                }
            }
        }
    }

    @Test("special files are reported and never block the scan")
    func specialFiles() throws {
        let directory = try TemporaryDirectory()
        try (["d/pipe": .fifo(), "a": .file("a")] as Tree).write(into: directory.path)
        let path = directory.path("socket").map(CChar.init(bitPattern:)) + [0]
        try #require(unsafe mknod(path, S_IFSOCK | 0o600, 0) == 0)
        let result = try Self.scan(directory.path)
        #expect(result.problems.map { displayName(of: $0.path) } == ["d/pipe", "socket"])
        #expect(result.problems.allSatisfy { $0.code == .skipped })
        #expect(Self.paths(result) == ["a", "d", "d/pipe", "socket"])
    }

    @Test("links to themselves and to directories above are not followed")
    func linkLoops() throws {
        let directory = try TemporaryDirectory()
        try (["self": .link("self"), "up": .link("."), "d/top": .link(".."), "abs": .link("/")] as Tree)
            .write(into: directory.path)
        #expect(Self.paths(try Self.scan(directory.path)) == ["abs", "d", "d/top", "self", "up"])
    }

    @Test("a directory 2,000 levels deep and a path of 5,000 bytes end normally", arguments: [1, 255])
    func depth(nameLength: Int) throws {
        let directory = try TemporaryDirectory()
        let levels = nameLength == 1 ? 2_000 : 21
        let name = TerminatedName(unchecked: ArraySlice([UInt8](repeating: 0x64, count: nameLength) + [0]))
        var current = try RootDirectory.open(directory.path)
        for _ in 0..<levels {
            try current.handle.makeDirectory(name, mode: 0o755)
            current = OpenDirectory(try current.handle.openDirectory(name))
        }
        let leaf = TerminatedName(unchecked: ArraySlice(Array("leaf".utf8) + [0]))
        try current.handle.createFile(leaf, mode: 0o644).write([1, 2, 3].span)
        let snapshot = try Self.scan(directory.path).snapshot
        #expect(snapshot.entryCount == levels + 1)
        let last = try #require(snapshot.allEntries().last)
        #expect(last.path.count == levels * (nameLength + 1) + 4 && snapshot[last.id].size == 3)
        var cursor = DirectoryCursor(root: try RootDirectory.open(directory.path))
        #expect(try cursor.open(Array(last.path.dropLast(5))).handle.status(of: leaf).size == 3)
    }

    @Test("a root that is not there, or no directory, is an error")
    func roots() throws {
        let directory = try TemporaryDirectory()
        try (["file": .file()] as Tree).write(into: directory.path)
        for (name, cause) in [("nowhere", ENOENT), ("file", ENOTDIR)] {
            let error = #expect(throws: FileSystemError.self) { try RootDirectory.open(directory.path(name)) }
            #expect(error?.cause.rawValue == cause)
        }
    }

    @Test("an unreadable directory is reported, is unknown and never counts as empty")
    func unreadable() async {
        await #expect(processExitsWith: .success) {
            if geteuid() == 0 { precondition(setgid(65_534) == 0 && setuid(65_534) == 0) }
            let directory = try TemporaryDirectory()
            try
                (["closed": .directory(["a": .file()], mode: 0), "listed": .directory(["b": .file()], mode: 0o400)]
                as Tree)
                .write(into: directory.path)
            let result = try TreeScannerTests.scan(directory.path)
            #expect(result.problems.map { displayName(of: $0.path) } == ["closed", "listed/b"])
            #expect(result.problems.allSatisfy { $0.code == .unreadable })
            let closed = try #require(result.snapshot.entry(at: TreePath("closed").path))
            #expect(result.snapshot[closed].flags.isSuperset(of: [.unreadable, .holdsUnlisted]))
            let inner = try #require(result.snapshot.entry(at: TreePath("listed/b").path))
            #expect(result.snapshot[inner].flags.contains(.unreadable))
        }
    }

    @Test("only listed paths are looked at, a listed directory with all its content")
    func selection() throws {
        let directory = try TemporaryDirectory()
        try (["a/b/c": .file(), "a/x": .file(), "d/e/f": .file(), "d/g": .file(), "h": .file()] as Tree)
            .write(into: directory.path)
        let selection = FileSelection(["a/b", "d/g", "nowhere/x"].map { TreePath(stringLiteral: $0).path })
        let result = try Self.scan(directory.path, ScanOptions(selection: selection))
        #expect(Self.paths(result) == ["a", "a/b", "a/b/c", "d", "d/g"])
        let holder = try #require(result.snapshot.entry(at: TreePath("a").path))
        #expect(result.snapshot[holder].flags.contains(.holdsUnlisted))
    }

    @Test("rule files hold from their directory downwards, and only where they are asked for")
    func ruleFiles() throws {
        let directory = try TemporaryDirectory()
        let tree: Tree = [
            ".gitignore": .file("*.o\n"), ".ferryignore": .file("/top\n"), "top": .file(), "d/top": .file(),
            "d/a.o": .file(), "d/.ferryignore": .file("b\n!keep.tmp\n*.tmp\n!keep.tmp\n"), "d/b": .file(),
            "d/keep.tmp": .file(), "d/x.tmp": .file(), "b": .file(),
        ]
        try tree.write(into: directory.path)
        let none = try Self.scan(directory.path)
        #expect(none.snapshot.entryCount == tree.entries.count)
        let own = try Self.scan(directory.path, ScanOptions(ruleFiles: .ferryignore))
        #expect(
            Self.paths(own) == [
                ".ferryignore", ".gitignore", "b", "d", "d/.ferryignore", "d/a.o", "d/keep.tmp", "d/top",
            ])
        let both = try Self.scan(directory.path, ScanOptions(ruleFiles: .ferryignoreAndGitignore))
        #expect(!Self.paths(both).contains("d/a.o"))
        // The rules found serve the other side, which brings none of its own.
        let other = try Self.scan(directory.path, ScanOptions(rules: both.rules))
        #expect(Self.paths(other) == Self.paths(both))
    }

    @Test("what git tracks is not excluded by a .gitignore, nor is the way to it")
    func tracked() throws {
        let directory = try TemporaryDirectory()
        try
            ([
                ".gitignore": .file("build\n*.log\n"), "build/kept/in": .file(), "build/out": .file(), "a.log": .file(),
                "b.log": .file(), ".ferryignore": .file("never\n"), "never": .file(),
            ] as Tree).write(into: directory.path)
        let tracked = FileSelection(["build/kept/in", "a.log", "never"].map { TreePath(stringLiteral: $0).path })
        let result = try Self.scan(directory.path, ScanOptions(ruleFiles: .ferryignoreAndGitignore, tracked: tracked))
        #expect(Self.paths(result) == [".ferryignore", ".gitignore", "a.log", "build", "build/kept", "build/kept/in"])
    }

    @Test("a scan stays on one file system when asked to")
    func oneFileSystem() throws {
        let root = try RootDirectory.open(Array("/dev".utf8))
        let device = try root.handle.status().device
        let all = try TreeScanner.scan(root, options: ScanOptions()).snapshot
        let mounted = all.children(of: all.root).first { all[$0].kind == .directory && all.device(of: $0) != device }
        guard let mounted else { return }
        let one = try TreeScanner.scan(root, options: ScanOptions(staysOnOneFileSystem: true)).snapshot
        let same = try #require(one.child(of: one.root, named: all.name(of: mounted)))
        #expect(one.children(of: same).isEmpty && one[same].flags.isSuperset(of: [.holdsUnlisted, .unreadable]))
    }
}

extension Snapshot {
    /// All entries in the order of paths.
    func allEntries() -> [(id: EntryID, path: [UInt8])] {
        var result: [(EntryID, [UInt8])] = []
        var stack = children(of: root).reversed().map { $0 }
        while let id = stack.popLast() {
            result.append((id, path(of: id)))
            stack += children(of: id).reversed()
        }
        return result
    }
}
