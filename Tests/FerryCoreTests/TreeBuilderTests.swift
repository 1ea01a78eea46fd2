import FerryCore
import FerryTesting
import Testing

@Suite("Snapshots and how they are built")
struct TreeBuilderTests {
    private static func status(_ entry: TreeEntry) -> EntryStatus {
        let (kind, size): (EntryKind, Int) =
            switch entry.kind {
            case .file(let content, _): (.file, content.count)
            case .directory: (.directory, 0)
            case .link(let target): (.symlink, target.count)
            default: (.file, 0)
            }
        return EntryStatus(
            kind: kind, mode: entry.mode ?? 0o755, size: Int64(size), mtime: entry.mtime ?? Timestamp(seconds: 0))
    }

    private static func build(_ tree: Tree, order: [RelativePath]) throws -> Snapshot {
        var builder = TreeBuilder()
        var places: [RelativePath: EntryID] = [:]
        for path in order {
            guard let entry = tree[path] else { continue }
            var target: [UInt8] = []
            if case .link(let bytes) = entry.kind { target = bytes }
            places[path] = try builder.insert(path, status: status(entry), target: target[...], madeUp: { _ in }).id
        }
        for path in order {
            guard case .hardLink(let target)? = tree[path]?.kind, let link = places[path], let file = places[target]
            else {
                continue
            }
            builder.link(link, to: file)
        }
        return builder.finish()
    }

    @Test("entries in any order give the same tree", arguments: UInt64(1)...60)
    func anyOrder(seed: UInt64) throws {
        var shape = RandomTree.Shape()
        shape.entries = 60
        let tree = RandomTree(seed: seed, shape: shape).make()
        var random = SeededGenerator(seed: seed)
        for order in [tree.paths, tree.paths.reversed(), tree.paths.shuffled(using: &random)] {
            let snapshot = try Self.build(tree, order: order)
            #expect(snapshot.entryCount == tree.entries.count)
            var listed: [[UInt8]] = []
            var stack = Array(snapshot.children(of: snapshot.root).reversed())
            while let id = stack.popLast() {
                listed.append(snapshot.path(of: id))
                stack += snapshot.children(of: id).reversed()
            }
            #expect(listed == tree.paths.map(\.bytes), "seed \(seed)")
            for path in tree.paths {
                let id = try #require(snapshot.entry(at: path), "seed \(seed): \(path)")
                let entry = try #require(tree[path])
                #expect(snapshot.path(of: id) == path.bytes && Array(snapshot.name(of: id)) == Array(path.name))
                #expect(snapshot.parent(of: id).map { snapshot.path(of: $0) } == (path.parent?.bytes ?? []))
                switch entry.kind {
                case .hardLink(let target): #expect(snapshot.firstName(of: id) == snapshot.entry(at: target))
                case .link(let target): #expect(Array(snapshot.target(of: id)) == target)
                default: #expect(snapshot[id].mode == entry.mode ?? 0o755 && snapshot.firstName(of: id) == id)
                }
            }
            let sizes = tree.entries.values.reduce(0) { $0 + Int64($1.content?.count ?? 0) }
            #expect(snapshot.byteCount == sizes)
        }
    }

    @Test("directories that are only implied are made up, from the top, until they are named")
    func madeUp() throws {
        var builder = TreeBuilder()
        var made: [[UInt8]] = []
        let file = EntryStatus(kind: .file, mode: 0o644, size: 3)
        _ = try builder.insert(TreePath("a/b/c").path, status: file) { made.append(Array($0)) }
        _ = try builder.insert(TreePath("a/d").path, status: file) { made.append(Array($0)) }
        #expect(made == [Array("a".utf8), Array("a/b".utf8)] && builder.count == 4)
        let insertion = try builder.insert(TreePath("a").path, status: EntryStatus(kind: .directory, mode: 0o700)) {
            _ in
        }
        guard case .replaced = insertion else {
            Issue.record("a made-up directory was not taken over")
            return
        }
        let snapshot = builder.finish()
        let (named, implied) = (snapshot.entry(at: TreePath("a").path), snapshot.entry(at: TreePath("a/b").path))
        #expect(named.map { snapshot[$0].flags } == [] && named.map { snapshot[$0].mode } == 0o700)
        #expect(implied.map { snapshot[$0].flags } == .hasNoMetadata)
    }

    @Test("the last of several entries of one path counts, as long as the kind stays")
    func duplicates() throws {
        var builder = TreeBuilder()
        func insert(_ path: TreePath, _ kind: EntryKind, size: Int64 = 0, target: String = "") throws
            -> TreeBuilder.Insertion
        {
            try builder.insert(
                path.path, status: EntryStatus(kind: kind, mode: 0o644, size: size), target: Array(target.utf8)[...],
                madeUp: { _ in })
        }
        _ = try insert("f", .file, size: 1)
        _ = try insert("f", .file, size: 2)
        _ = try insert("l", .symlink, target: "short")
        _ = try insert("l", .symlink, target: "a longer one")
        #expect(throws: TreeBuilder.Misfit.changesKind(.file)) { try insert("f", .directory) }
        #expect(throws: TreeBuilder.Misfit.changesKind(.symlink)) { try insert("l", .file) }
        #expect(throws: TreeBuilder.Misfit.belowNonDirectory) { try insert("f/below", .file) }
        #expect(throws: TreeBuilder.Misfit.belowNonDirectory) { try insert("l/below", .file) }
        let long = TreePath([UInt8](repeating: 0x61, count: 256))
        #expect(throws: TreeBuilder.Misfit.nameTooLong) { try insert(long, .file) }
        let snapshot = builder.finish()
        #expect(snapshot.entryCount == 2 && snapshot.byteCount == 2)
        let link = try #require(snapshot.entry(at: TreePath("l").path))
        #expect(Array(snapshot.target(of: link)) == Array("a longer one".utf8))
    }

    @Test("looking up what is not there gives nothing")
    func lookups() throws {
        let snapshot = try Self.build(
            ["a/b": .file(), "c": .link("a")], order: [TreePath("a/b").path, TreePath("c").path])
        for path: TreePath in ["b", "a/c", "a/b/c", "c/b", "A", "a/b.", "aa"] {
            #expect(snapshot.entry(at: path.path) == nil, "\(path.path)")
        }
        #expect(snapshot.child(of: snapshot.root, named: []) == nil)
        #expect(snapshot.parent(of: snapshot.root) == nil && snapshot.path(of: snapshot.root).isEmpty)
        #expect(Snapshot.empty.entryCount == 0 && Snapshot.empty.children(of: Snapshot.empty.root).isEmpty)
    }

    @Test("100,000 entries in one directory are found again, whatever their order")
    func many() throws {
        var builder = TreeBuilder()
        var numbers = Array(0..<100_000)
        var random = SeededGenerator(seed: 1)
        numbers.shuffle(using: &random)
        for number in numbers {
            _ = try builder.insert(
                RelativePath(validating: "d/\(number)".utf8), status: EntryStatus(kind: .file, size: Int64(number)),
                madeUp: { _ in })
        }
        let snapshot = builder.finish()
        for number in stride(from: 0, to: 100_000, by: 997) {
            let id = try #require(snapshot.entry(at: RelativePath(validating: "d/\(number)".utf8)))
            #expect(snapshot[id].size == Int64(number))
        }
    }
}
