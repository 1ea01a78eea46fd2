import FerryCore
package import FerryThreads
import Glibc
package import SystemPackage

/// An open directory that several parts of the code hold on to.
package final class OpenDirectory: Sendable {
    package let handle: DirectoryHandle

    package init(_ handle: consuming DirectoryHandle) { self.handle = handle }

    /// What a thread keeps open that works below this directory only, with descriptors of its own.
    package var onlyDescriptor: BlockingThread.Descriptors { .only(handle.descriptor) }
}

/// Opens directories of one tree by their paths, from the nearest one that is still open.
///
/// A walk mostly goes to a child or a sibling, whose parent is on the stack; anything else is opened beneath the root, in
/// hops short enough for the kernel, without ever following a link. So no depth needs more than a few descriptors, and a
/// path may be longer than `PATH_MAX`. One cursor belongs to one thread.
package struct DirectoryCursor: ~Copyable {
    private struct Level {
        var path: [UInt8]
        var directory: OpenDirectory
    }

    private let root: OpenDirectory
    private var levels: [Level] = []

    /// How many directories stay open: most trees are no deeper, and a few workers times this stay far below any limit.
    private static let capacity = 24
    /// The longest path given to the kernel at once, `PATH_MAX` with its NUL.
    private static let longestHop = 4095

    package init(root: OpenDirectory) { self.root = root }

    /// Opens the directory at a path.
    ///
    /// - Parameter path: Valid relative path bytes; empty for the root.
    /// - Returns: The directory.
    /// - Throws: Why it cannot be opened.
    package mutating func open(_ path: [UInt8]) throws(Errno) -> OpenDirectory {
        while let last = levels.last, !Self.isSameOrBelow(path, last.path) { levels.removeLast() }
        let base = levels.last
        let done = base?.path.count ?? 0
        if path.count == done { return base?.directory ?? root }
        let start = done == 0 ? 0 : done + 1
        let directory = try open(path[start...], in: base?.directory ?? root)
        if levels.count == Self.capacity { levels.removeFirst() }
        levels.append(Level(path: path, directory: directory))
        return directory
    }

    /// Forgets everything at and below a path, because it was moved or removed.
    package mutating func forget(_ path: [UInt8]) {
        levels.removeAll { Self.isSameOrBelow($0.path, path) }
    }

    private func open(_ rest: ArraySlice<UInt8>, in base: OpenDirectory) throws(Errno) -> OpenDirectory {
        var directory = base
        var rest = rest
        while rest.count > Self.longestHop {
            let window = rest.prefix(Self.longestHop)
            guard let slash = window.lastIndex(of: RelativePath.separator) else { throw .fileNameTooLong }
            directory = OpenDirectory(
                try directory.handle.openDirectory(below: ArraySlice(Array(rest[..<slash]) + [0])))
            rest = rest[(slash + 1)...]
        }
        if rest.contains(RelativePath.separator) {
            return OpenDirectory(try directory.handle.openDirectory(below: ArraySlice(Array(rest) + [0])))
        }
        let name = TerminatedName(unchecked: ArraySlice(Array(rest) + [0]))
        return OpenDirectory(try directory.handle.openDirectory(name))
    }

    private static func isSameOrBelow(_ path: [UInt8], _ other: [UInt8]) -> Bool {
        guard path.count > other.count else { return path == other }
        return other.isEmpty || (path[other.count] == RelativePath.separator && path.starts(with: other))
    }
}
