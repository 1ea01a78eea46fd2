public import FerryCore
import Glibc

extension Tree {
    /// Writes the tree into an existing directory, next to what is there.
    ///
    /// Files first, then hard links, and the modes and times of directories last, from the deepest upwards.
    ///
    /// - Parameter directory: The directory's path.
    /// - Throws: ``DiskError``.
    public func write(into directory: [UInt8]) throws(DiskError) {
        let root = try DiskDirectory(directory)
        let paths = paths
        for path in paths {
            guard let entry = self[path] else { continue }
            let parent = try root.parent(of: path)
            let name = path.name
            switch entry.kind {
            case .file(let content, let hasHoles): try parent.makeFile(name, content, hasHoles: hasHoles)
            case .directory:
                // It may be there before; then only its mode and time are new.
                if (try? parent.status(name)) == nil { try parent.makeDirectory(name) }
            case .link(let target): try parent.makeLink(name, to: target)
            case .fifo: try parent.makeFifo(name)
            case .hardLink, .other: continue
            }
            if !entry.isDirectory { try Tree.finish(entry, name, in: parent) }
        }
        for path in paths {
            guard case .hardLink(let target)? = self[path]?.kind else { continue }
            try root.parent(of: path).makeHardLink(path.name, to: target.name, in: root.parent(of: target))
        }
        for path in paths.reversed() {
            guard let entry = self[path], entry.isDirectory else { continue }
            try Tree.finish(entry, path.name, in: root.parent(of: path))
        }
    }

    private static func finish(
        _ entry: TreeEntry, _ name: ArraySlice<UInt8>, in parent: DiskDirectory
    ) throws(DiskError) {
        if case .link = entry.kind {
        } else if let mode = entry.mode ?? defaultMode(of: entry) {
            try parent.setMode(name, mode)
        }
        if let mtime = entry.mtime { try parent.setTime(name, mtime) }
    }

    private static func defaultMode(of entry: TreeEntry) -> UInt16? {
        switch entry.kind {
        case .directory: 0o755
        default: 0o644
        }
    }

    /// Reads a directory, everything in it included: content, modes, times, which names belong to one file, holes.
    ///
    /// - Parameter directory: The directory's path.
    /// - Throws: ``DiskError``.
    public init(reading directory: [UInt8]) throws(DiskError) {
        var entries: [RelativePath: TreeEntry] = [:]
        var first: [UInt64: RelativePath] = [:]
        try DiskWalk.visit(directory) { (path, status, parent) throws(DiskError) in
            let name = path.name
            let kind: TreeEntry.Kind
            switch status.st_mode & S_IFMT {
            case S_IFREG:
                if status.st_nlink > 1, let original = first[UInt64(status.st_ino)] {
                    kind = .hardLink(original)
                } else {
                    first[UInt64(status.st_ino)] = path
                    let hasHoles = Int64(status.st_blocks) * 512 < Int64(status.st_size)
                    kind = .file(try parent.content(name), hasHoles: hasHoles)
                }
            case S_IFDIR: kind = .directory
            case S_IFLNK: kind = .link(try parent.linkTarget(name))
            case S_IFIFO: kind = .fifo
            default: kind = .other
            }
            entries[path] = TreeEntry(
                kind, mode: UInt16(status.st_mode & 0o7777),
                mtime: Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)))
        }
        self.init(entries)
    }
}

/// What changes when an entry is touched, rewritten or replaced.
///
/// Two equal ones: nobody did any of that.
public struct DiskFingerprint: Sendable, Hashable {
    /// The inode number.
    public let inode: UInt64
    /// When anything about the entry last changed.
    public let ctime: Timestamp
    /// When the content last changed.
    public let mtime: Timestamp

    /// Reads the fingerprints of everything in a directory, but not its own.
    ///
    /// - Parameter directory: The directory's path.
    /// - Returns: The fingerprints by path.
    /// - Throws: ``DiskError``.
    public static func all(in directory: [UInt8]) throws(DiskError) -> [RelativePath: DiskFingerprint] {
        var result: [RelativePath: DiskFingerprint] = [:]
        try DiskWalk.visit(directory) { (path, status, _) throws(DiskError) in
            result[path] = DiskFingerprint(
                inode: UInt64(status.st_ino),
                ctime: Timestamp(seconds: Int64(status.st_ctim.tv_sec), nanoseconds: UInt32(status.st_ctim.tv_nsec)),
                mtime: Timestamp(seconds: Int64(status.st_mtim.tv_sec), nanoseconds: UInt32(status.st_mtim.tv_nsec)))
        }
        return result
    }
}

/// Walks over a directory, each entry before what is inside it.
enum DiskWalk {
    typealias Visitor = (RelativePath, stat, DiskDirectory) throws(DiskError) -> Void

    static func visit(_ directory: [UInt8], _ body: Visitor) throws(DiskError) {
        try visit(try DiskDirectory(directory), below: [], body)
    }

    private static func visit(_ directory: DiskDirectory, below path: [UInt8], _ body: Visitor) throws(DiskError) {
        for name in try directory.names().sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let status = try directory.status(name[...])
            let whole = TreePath(path.isEmpty ? name : path + [RelativePath.separator] + name).path
            try body(whole, status, directory)
            if status.st_mode & S_IFMT == S_IFDIR {
                try visit(try directory.directory(name[...]), below: whole.bytes, body)
            }
        }
    }
}
