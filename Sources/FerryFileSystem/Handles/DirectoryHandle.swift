import CFerryShims
package import FerryCore
import Glibc
package import SystemPackage

/// An open directory, and the only way to anything in it: every call takes one component, never follows a link in its
/// place and so never leaves the directory.
///
/// Closes itself. The one exception is a source of which the user asked that its links be followed: there a link counts as what it
/// leads to, in all that reads. Nothing is ever written through one.
package struct DirectoryHandle: ~Copyable {
    let descriptor: Int32
    /// Whether what is read here is read through links.
    package let followsLinks: Bool

    init(descriptor: Int32, followsLinks: Bool = false) {
        self.descriptor = descriptor
        self.followsLinks = followsLinks
    }

    deinit { ferry_close(descriptor) }

    private static let openFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
    private var linkFlag: Int32 { followsLinks ? 0 : O_NOFOLLOW }

    /// Opens a root by the path that the user gave.
    ///
    /// The only place where a path string meets the file system; links in it are the user's own and followed.
    ///
    /// - Parameters:
    ///   - path: Absolute or relative to the working directory.
    ///   - followsLinks: Whether what is read below it is read through links.
    /// - Throws: Why it cannot be opened.
    package init(path: [UInt8], followsLinks: Bool = false) throws(Errno) {
        self.followsLinks = followsLinks
        descriptor = unsafe try withCString(ArraySlice(path + [0])) { name throws(Errno) in
            try systemCall { unsafe open(name, DirectoryHandle.openFlags) }
        }
    }

    /// The directory's metadata.
    ///
    /// Corresponds to `fstat(2)`.
    package func status() throws(Errno) -> EntryStatus {
        var buffer = stat()
        _ = try systemCall { unsafe fstat(descriptor, &buffer) }
        return EntryStatus(buffer)
    }

    /// Who owns the directory.
    package func owner() throws(Errno) -> FileOwner {
        var buffer = stat()
        _ = try systemCall { unsafe fstat(descriptor, &buffer) }
        return FileOwner(user: buffer.st_uid, group: buffer.st_gid)
    }

    /// A second handle on the same directory.
    package func duplicate() throws(Errno) -> DirectoryHandle {
        DirectoryHandle(
            descriptor: try systemCall { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) }, followsLinks: followsLinks)
    }

    /// Opens the directory above this one.
    ///
    /// Only for roots: nothing below a root ever goes up.
    func openParent() throws(Errno) -> DirectoryHandle {
        DirectoryHandle(descriptor: try systemCall { unsafe openat(descriptor, "..", DirectoryHandle.openFlags) })
    }

    /// The same directory with a position of its own, to be listed from the beginning.
    func reopen() throws(Errno) -> DirectoryHandle {
        DirectoryHandle(
            descriptor: try systemCall { unsafe openat(descriptor, ".", DirectoryHandle.openFlags) },
            followsLinks: followsLinks)
    }

    /// Opens a directory in this one.
    package func openDirectory(_ name: TerminatedName) throws(Errno) -> DirectoryHandle {
        unsafe DirectoryHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall { unsafe ferry_open(descriptor, name, DirectoryHandle.openFlags | linkFlag, 0) }
            }, followsLinks: followsLinks)
    }

    /// Opens a directory some levels below this one without following any link, where links are not followed anyway.
    ///
    /// - Parameter path: A valid relative path and a NUL, at most `PATH_MAX` bytes together.
    /// - Returns: The directory.
    /// - Throws: Why it cannot be opened; `ELOOP` for a link on the way, `EXDEV` when it would leave this directory.
    func openDirectory(below path: ArraySlice<UInt8>) throws(Errno) -> DirectoryHandle {
        unsafe DirectoryHandle(
            descriptor: try withCString(path) { name throws(Errno) in
                try systemCall {
                    unsafe ferry_openat2(
                        descriptor, name, UInt64(DirectoryHandle.openFlags), 0,
                        followsLinks ? 0 : UInt64(FERRY_RESOLVE_BENEATH | FERRY_RESOLVE_NO_SYMLINKS))
                }
            }, followsLinks: followsLinks)
    }

    /// Opens a file for reading.
    ///
    /// Never blocks on a fifo and never follows a link, where links are not followed anyway.
    package func openFile(_ name: TerminatedName) throws(Errno) -> FileHandle {
        unsafe FileHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall { unsafe ferry_open(descriptor, name, O_RDONLY | linkFlag | O_NONBLOCK | O_CLOEXEC, 0) }
            })
    }

    /// Makes a new file and opens it for reading and writing; fails where anything exists.
    package func createFile(_ name: TerminatedName, mode: UInt16) throws(Errno) -> FileHandle {
        unsafe FileHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall {
                    unsafe ferry_open(
                        descriptor, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, UInt32(mode))
                }
            })
    }

    /// Makes a directory.
    ///
    /// Corresponds to `mkdirat(2)`.
    package func makeDirectory(_ name: TerminatedName, mode: UInt16) throws(Errno) {
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall { unsafe mkdirat(descriptor, name, mode_t(mode)) }
        }
    }

    /// The metadata of an entry; a link's own, or, where links are followed, of what it leads to.
    ///
    /// Corresponds to `fstatat(2)`. A link that leads nowhere is told as a link.
    package func status(of name: TerminatedName) throws(Errno) -> EntryStatus {
        try status(ofTerminated: name.terminated.span)
    }

    /// The metadata of an entry whose name lies in somebody's buffer.
    ///
    /// - Parameter name: One component and the NUL behind it.
    /// - Returns: A link's own, or, where links are followed, that of what it leads to.
    /// - Throws: Why it cannot be read.
    func status(ofTerminated name: Span<UInt8>) throws(Errno) -> EntryStatus {
        guard followsLinks else { return try status(of: name, flags: AT_SYMLINK_NOFOLLOW) }
        do throws(Errno) {
            return try status(of: name, flags: 0)
        } catch .noSuchFileOrDirectory, .tooManySymbolicLinkLevels {
            return try status(of: name, flags: AT_SYMLINK_NOFOLLOW)
        }
    }

    private func status(of name: Span<UInt8>, flags: Int32) throws(Errno) -> EntryStatus {
        var buffer = stat()
        try unsafe name.withUnsafeBufferPointer { bytes throws(Errno) in
            guard let base = bytes.baseAddress, unsafe bytes.last == 0 else { throw .invalidArgument }
            try unsafe base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { name throws(Errno) in
                _ = try systemCall { unsafe fstatat(descriptor, name, &buffer, flags) }
            }
        }
        return EntryStatus(buffer)
    }

    /// A symbolic link's target.
    ///
    /// Corresponds to `readlinkat(2)`.
    package func target(of name: TerminatedName) throws(Errno) -> [UInt8] {
        // Linux keeps no target longer than PATH_MAX - 1.
        var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe try withCString(name) { name throws(Errno) in
            unsafe try target.withUnsafeMutableBufferPointer { buffer throws(Errno) in
                guard let base = buffer.baseAddress else { throw .invalidArgument }
                return try systemCall {
                    unsafe base.withMemoryRebound(to: CChar.self, capacity: buffer.count) {
                        unsafe readlinkat(descriptor, name, $0, buffer.count)
                    }
                }
            }
        }
        target.removeLast(target.count - length)
        return target
    }

    /// Makes a symbolic link.
    ///
    /// - Parameters:
    ///   - name: The link's name.
    ///   - target: The target and a NUL.
    /// - Throws: Why it cannot be made.
    package func createSymlink(_ name: TerminatedName, terminatedTarget target: ArraySlice<UInt8>) throws(Errno) {
        unsafe try withCString(name) { name throws(Errno) in
            unsafe try withCString(target) { target throws(Errno) in
                _ = try systemCall { unsafe symlinkat(target, descriptor, name) }
            }
        }
    }

    /// Gives a file of this directory another name.
    ///
    /// Corresponds to `linkat(2)`, without following links.
    package func link(_ name: TerminatedName, to other: borrowing DirectoryHandle, as newName: TerminatedName)
        throws(Errno)
    {
        let target = other.descriptor
        unsafe try withCString(name) { name throws(Errno) in
            unsafe try withCString(newName) { newName throws(Errno) in
                _ = try systemCall { unsafe linkat(descriptor, name, target, newName, 0) }
            }
        }
    }

    /// Moves an entry, replacing what is there.
    ///
    /// Corresponds to `renameat(2)`.
    package func rename(_ name: TerminatedName, to other: borrowing DirectoryHandle, as newName: TerminatedName)
        throws(Errno)
    {
        try rename(name, to: other, as: newName, flags: 0)
    }

    /// Moves an entry to where nothing is.
    ///
    /// Fails with `EEXIST` where something is.
    package func renameWithoutReplacing(
        _ name: TerminatedName, to other: borrowing DirectoryHandle, as newName: TerminatedName
    ) throws(Errno) {
        try rename(name, to: other, as: newName, flags: UInt32(FERRY_RENAME_NOREPLACE))
    }

    /// Swaps two entries atomically.
    package func exchange(_ name: TerminatedName, with other: borrowing DirectoryHandle, _ otherName: TerminatedName)
        throws(Errno)
    {
        try rename(name, to: other, as: otherName, flags: UInt32(FERRY_RENAME_EXCHANGE))
    }

    private func rename(
        _ name: TerminatedName, to other: borrowing DirectoryHandle, as newName: TerminatedName, flags: UInt32
    ) throws(Errno) {
        let target = other.descriptor
        unsafe try withCString(name) { name throws(Errno) in
            unsafe try withCString(newName) { newName throws(Errno) in
                _ = try systemCall { unsafe ferry_renameat2(descriptor, name, target, newName, flags) }
            }
        }
    }

    /// Removes an entry that is not a directory.
    ///
    /// Corresponds to `unlinkat(2)`.
    package func removeFile(_ name: TerminatedName) throws(Errno) {
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall { unsafe unlinkat(descriptor, name, 0) }
        }
    }

    /// Removes an empty directory.
    ///
    /// Corresponds to `unlinkat(2)` with `AT_REMOVEDIR`.
    package func removeDirectory(_ name: TerminatedName) throws(Errno) {
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall { unsafe unlinkat(descriptor, name, AT_REMOVEDIR) }
        }
    }

    /// Sets an entry's modification time, a link's own.
    ///
    /// Corresponds to `utimensat(2)`.
    package func setTime(of name: TerminatedName, to time: Timestamp) throws(Errno) {
        var times = time.asTimes
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall {
                unsafe withUnsafePointer(to: &times) { pointer in
                    unsafe pointer.withMemoryRebound(to: timespec.self, capacity: 2) {
                        unsafe utimensat(descriptor, name, $0, AT_SYMLINK_NOFOLLOW)
                    }
                }
            }
        }
    }

    /// Sets this directory's own modification time.
    package func setTime(_ time: Timestamp) throws(Errno) {
        var times = time.asTimes
        _ = try systemCall {
            unsafe withUnsafePointer(to: &times) { pointer in
                unsafe pointer.withMemoryRebound(to: timespec.self, capacity: 2) { unsafe futimens(descriptor, $0) }
            }
        }
    }

    /// Sets this directory's own permission bits.
    package func setMode(_ mode: UInt16) throws(Errno) {
        _ = try systemCall { fchmod(descriptor, mode_t(mode)) }
    }

    /// Sets the permission bits of an entry that is not a link, also when it cannot be opened for reading.
    package func setMode(of name: TerminatedName, to mode: UInt16) throws(Errno) {
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall { unsafe ferry_change_mode(descriptor, name, UInt32(mode)) }
        }
    }

    /// Sets an entry's owner, a link's own.
    ///
    /// Corresponds to `fchownat(2)`.
    package func setOwner(of name: TerminatedName, to owner: FileOwner) throws(Errno) {
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall { unsafe fchownat(descriptor, name, owner.user, owner.group, AT_SYMLINK_NOFOLLOW) }
        }
    }

    /// Whether new entries take the directory's group and new directories its setgid bit.
    func hasSetgid() throws(Errno) -> Bool {
        var buffer = stat()
        _ = try systemCall { unsafe fstat(descriptor, &buffer) }
        return buffer.st_mode & S_ISGID != 0
    }

    /// Whether the directory gives new entries an access control list, which then decides their modes in place of the umask.
    func hasDefaultACL() -> Bool {
        unsafe ferry_attribute_size(descriptor, "system.posix_acl_default") > 0
    }
}

/// Runs a body with the C string of a terminated name.
@inline(__always)
func withCString<Value>(
    _ name: TerminatedName, _ body: (UnsafePointer<CChar>) throws(Errno) -> Value
) throws(Errno) -> Value {
    unsafe try withCString(name.terminated, body)
}

/// Runs a body with bytes that end with a NUL as a C string.
@inline(__always)
func withCString<Value>(
    _ terminated: ArraySlice<UInt8>, _ body: (UnsafePointer<CChar>) throws(Errno) -> Value
) throws(Errno) -> Value {
    try unsafe terminated.withUnsafeBufferPointer { bytes throws(Errno) in
        guard let base = bytes.baseAddress, unsafe bytes.last == 0 else { throw .invalidArgument }
        return try unsafe base.withMemoryRebound(to: CChar.self, capacity: bytes.count) { name throws(Errno) in
            try unsafe body(name)
        }
    }
}
