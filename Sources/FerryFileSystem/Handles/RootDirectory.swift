import CFerryShims
import FerryCore
import Glibc
package import SystemPackage

/// Opens the roots of a sync by the paths that the user gave.
///
/// Nothing else in the project takes a path string.
package enum RootDirectory {
    /// Opens an existing directory.
    ///
    /// - Parameters:
    ///   - path: The user's path.
    ///   - followsLinks: Whether what is read below it is read through links.
    /// - Returns: The directory.
    /// - Throws: Why it cannot be opened.
    package static func open(_ path: [UInt8], followsLinks: Bool = false) throws(FileSystemError) -> OpenDirectory {
        do throws(Errno) {
            return OpenDirectory(try DirectoryHandle(path: path, followsLinks: followsLinks))
        } catch {
            throw FileSystemError("open the directory", path: path, cause: error)
        }
    }

    /// Makes a directory, but not those above it.
    ///
    /// - Parameter path: The user's path.
    /// - Throws: Why it cannot be made; an existing directory is fine.
    package static func create(_ path: [UInt8]) throws(FileSystemError) {
        do throws(Errno) {
            unsafe try withCString(ArraySlice(path + [0])) { name throws(Errno) in
                _ = try systemCall { unsafe mkdir(name, 0o777) }
            }
        } catch .fileExists {
            return
        } catch {
            throw FileSystemError("create the directory", path: path, cause: error)
        }
    }

    /// Makes a directory and all above it that are missing, for this user only.
    package static func createWithParents(_ path: [UInt8]) throws(FileSystemError) {
        for (index, byte) in path.enumerated() where byte == RelativePath.separator && index > 0 {
            try createPrivate(Array(path[..<index]))
        }
        try createPrivate(path)
    }

    private static func createPrivate(_ path: [UInt8]) throws(FileSystemError) {
        do throws(Errno) {
            unsafe try withCString(ArraySlice(path + [0])) { name throws(Errno) in
                _ = try systemCall { unsafe mkdir(name, 0o700) }
            }
        } catch .fileExists {
            return
        } catch {
            throw FileSystemError("create the directory", path: path, cause: error)
        }
    }

    /// The path of an open directory without links in it, as the kernel knows it.
    ///
    /// Only for names of locks and state files: nothing is opened by it.
    package static func realPath(of directory: OpenDirectory) throws(Errno) -> [UInt8] {
        let link = Array("/proc/thread-self/fd/\(directory.handle.descriptor)".utf8)
        var target = [CChar](repeating: 0, count: 64 << 10)
        let count = unsafe try withCString(ArraySlice(link + [0])) { name throws(Errno) in
            unsafe try target.withUnsafeMutableBufferPointer { buffer throws(Errno) in
                guard let base = buffer.baseAddress else { throw .invalidArgument }
                return try systemCall { unsafe readlink(name, base, buffer.count) }
            }
        }
        return target.prefix(count).map(UInt8.init(bitPattern:))
    }

    /// How two directories lie to each other.
    package enum Relation: Sendable {
        case apart
        case same
        case firstInsideSecond
        case secondInsideFirst
    }

    /// Finds out whether one directory is or lies in the other, whatever links their paths go through.
    package static func relation(of first: OpenDirectory, to second: OpenDirectory) throws(Errno) -> Relation {
        if try Place(first.handle) == Place(second.handle) { return .same }
        if try isInside(first, Place(second.handle)) { return .firstInsideSecond }
        return try isInside(second, Place(first.handle)) ? .secondInsideFirst : .apart
    }

    private struct Place: Equatable {
        let device: UInt64
        let inode: UInt64

        init(_ directory: borrowing DirectoryHandle) throws(Errno) {
            let status = try directory.status()
            device = status.device
            inode = status.inode
        }
    }

    private static func isInside(_ directory: OpenDirectory, _ place: Place) throws(Errno) -> Bool {
        var current = directory
        var here = try Place(current.handle)
        while true {
            let parent = OpenDirectory(try current.handle.openParent())
            let above = try Place(parent.handle)
            if above == here { return false }
            if above == place { return true }
            (current, here) = (parent, above)
        }
    }
}

/// What is left on a file system.
package struct FreeSpace: Sendable {
    /// Bytes that this user may still write.
    package let bytes: Int64
    /// Inodes that are left; nil where there is no limit.
    package let inodes: Int64?

    package init(on directory: borrowing DirectoryHandle) throws(Errno) {
        var bytes: Int64 = 0
        var inodes: Int64 = 0
        _ = try systemCall { unsafe ferry_free_space(directory.descriptor, &bytes, &inodes) }
        self.bytes = bytes
        self.inodes = inodes < 0 ? nil : inodes
    }
}
