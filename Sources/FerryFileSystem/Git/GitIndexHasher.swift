import Crypto
package import FerryCore
import SystemPackage

/// Takes digests of what git's indexes say, without what git only remembers to be faster.
package enum GitIndexHasher {
    /// The largest index that is read: far above that of any real repository.
    private static let largest: Int64 = 256 << 20

    /// Takes the digest of an index.
    ///
    /// - Parameters:
    ///   - path: Its path below the root.
    ///   - root: The root of the tree that holds it.
    ///   - tree: What a scan found there: the digest is of that content. Nil for a tree that only Ferry writes into.
    /// - Returns: The digest; nil when the file cannot be read, is no longer what was scanned, or is nothing that Ferry knows as a whole
    ///   index. Then nothing is known of what it says, and it counts as changed.
    package static func digest(of path: [UInt8], in root: OpenDirectory, as tree: Snapshot?) -> [UInt8]? {
        var expected: FerryCore.Fingerprint?
        if let tree {
            guard let id = tree.entry(at: RelativePath(unchecked: path)) else { return nil }
            expected = FerryCore.Fingerprint(of: id, in: tree)
        }
        guard let content = try? read(path, in: root, expecting: expected),
            let canonical = GitIndexContent.canonical(content)
        else { return nil }
        return Array(SHA256.hash(data: canonical))
    }

    private static func read(
        _ path: [UInt8], in root: OpenDirectory, expecting expected: FerryCore.Fingerprint?
    ) throws(Errno) -> [UInt8]? {
        var cursor = DirectoryCursor(root: root)
        let slash = path.lastIndex(of: RelativePath.separator)
        let directory = try cursor.open(slash.map { Array(path[..<$0]) } ?? [])
        let name = TerminatedName(unchecked: ArraySlice(Array(path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        let file = try directory.handle.openFile(name)
        let status = try file.status()
        guard status.kind == .file, status.size <= largest, isSame(status, as: expected) else { return nil }
        guard let content = try SmallFile.content(of: file, size: Int(status.size)) else { return nil }
        return isSame(try file.status(), as: expected) ? content : nil
    }

    private static func isSame(_ status: EntryStatus, as expected: FerryCore.Fingerprint?) -> Bool {
        guard let expected else { return true }
        return status.size == expected.size && status.mtime == expected.mtime && status.ctime == expected.ctime
            && status.inode == expected.inode
    }
}

/// Reads files that fit into memory.
enum SmallFile {
    /// The content of an open file; nil when it is shorter by now.
    static func content(of file: borrowing FileHandle, size: Int) throws(Errno) -> [UInt8]? {
        var content = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < size {
            var rest = content.mutableSpan
            var window = rest._mutatingExtracting(filled...)
            let count = try file.read(into: &window)
            if count == 0 { return nil }
            filled += count
        }
        return content
    }
}
