import CFerryShims
package import FerryCore
import Glibc
package import SystemPackage

/// An open file.
///
/// Closes itself.
package struct FileHandle: ~Copyable {
    let descriptor: Int32

    init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { ferry_close(descriptor) }

    /// The descriptor, for a call that moves the file's bytes; it stays this handle's.
    package var rawDescriptor: Int32 { descriptor }

    /// The file's metadata.
    ///
    /// Corresponds to `fstat(2)`.
    package func status() throws(Errno) -> EntryStatus {
        var buffer = stat()
        _ = try systemCall { unsafe fstat(descriptor, &buffer) }
        return EntryStatus(buffer)
    }

    /// Reads up to the buffer's size; 0 means the end.
    package func read(into buffer: inout MutableSpan<UInt8>) throws(Errno) -> Int {
        let count = buffer.count
        return unsafe try buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
            Int(try systemCall { unsafe ferry_read(descriptor, bytes.baseAddress, count) })
        }
    }

    /// Reads at an offset; 0 means the end.
    package func read(into buffer: inout MutableSpan<UInt8>, at offset: Int64) throws(Errno) -> Int {
        let count = buffer.count
        return unsafe try buffer.withUnsafeMutableBufferPointer { bytes throws(Errno) in
            Int(try systemCall { unsafe ferry_read_at(descriptor, bytes.baseAddress, count, offset) })
        }
    }

    /// Writes all the bytes at the current position.
    package func write(_ bytes: Span<UInt8>) throws(Errno) {
        unsafe try bytes.withUnsafeBufferPointer { buffer throws(Errno) in
            guard let base = buffer.baseAddress else { return }
            var written = 0
            while written < buffer.count {
                written += Int(
                    try systemCall { unsafe ferry_write(descriptor, base + written, buffer.count - written) })
            }
        }
    }

    /// Writes all the bytes at an offset.
    package func write(_ bytes: Span<UInt8>, at offset: Int64) throws(Errno) {
        unsafe try bytes.withUnsafeBufferPointer { buffer throws(Errno) in
            guard let base = buffer.baseAddress else { return }
            var written = 0
            while written < buffer.count {
                written += try systemCall {
                    unsafe pwrite(descriptor, base + written, buffer.count - written, off_t(offset) + off_t(written))
                }
            }
        }
    }

    /// Cuts or extends the file.
    ///
    /// Corresponds to `ftruncate(2)`.
    package func truncate(to size: Int64) throws(Errno) {
        _ = try systemCall { ftruncate(descriptor, off_t(size)) }
    }

    /// Sets the modification time and leaves the access time.
    ///
    /// Corresponds to `futimens(2)`.
    package func setTime(_ time: Timestamp) throws(Errno) {
        var times = time.asTimes
        _ = try systemCall {
            unsafe withUnsafePointer(to: &times) { pointer in
                unsafe pointer.withMemoryRebound(to: timespec.self, capacity: 2) { unsafe futimens(descriptor, $0) }
            }
        }
    }

    /// Sets the permission bits.
    ///
    /// Corresponds to `fchmod(2)`.
    package func setMode(_ mode: UInt16) throws(Errno) {
        _ = try systemCall { fchmod(descriptor, mode_t(mode)) }
    }

    /// Sets the owner.
    ///
    /// Corresponds to `fchown(2)`.
    package func setOwner(_ owner: FileOwner) throws(Errno) {
        _ = try systemCall { fchown(descriptor, owner.user, owner.group) }
    }

    /// Who owns the file.
    package func owner() throws(Errno) -> FileOwner {
        var buffer = stat()
        _ = try systemCall { unsafe fstat(descriptor, &buffer) }
        return FileOwner(user: buffer.st_uid, group: buffer.st_gid)
    }

    /// Gives another file this one's access control list, if it has one.
    package func copyAccessList(to other: borrowing FileHandle) throws(Errno) {
        let target = other.descriptor
        _ = try systemCall { ferry_copy_access_list(descriptor, target) }
    }

    /// The next part of the file that holds data, at or after an offset; nil when only a hole follows.
    package func nextData(from offset: Int64, size: Int64) throws(Errno) -> Range<Int64>? {
        guard offset < size else { return nil }
        let start: Int64
        do {
            start = try systemCall { ferry_seek_data(descriptor, offset) }
        } catch .noSuchAddressOrDevice {
            return nil
        }
        let end = try systemCall { ferry_seek_hole(descriptor, start) }
        return start < size ? start..<min(end, size) : nil
    }

    /// Moves the position for the next sequential read or write.
    package func seek(to offset: Int64) throws(Errno) {
        _ = try systemCall { lseek(descriptor, off_t(offset), SEEK_SET) }
    }

    /// Copies inside the kernel, both at their current positions.
    ///
    /// Corresponds to `copy_file_range(2)`.
    func copyRange(to destination: borrowing FileHandle, count: Int) throws(Errno) -> Int {
        let target = destination.descriptor
        return Int(try systemCall { ferry_copy_file_range(descriptor, target, count) })
    }

    /// Makes another, empty file share this one's blocks.
    ///
    /// Corresponds to `ioctl(FICLONE)`.
    func clone(to destination: borrowing FileHandle) throws(Errno) {
        let target = destination.descriptor
        _ = try systemCall { ferry_clone_file(target, descriptor) }
    }
}

/// A user and a group, by number.
public struct FileOwner: Sendable, Hashable {
    /// The user's number.
    public var user: UInt32
    /// The group's number.
    public var group: UInt32

    /// Makes an owner.
    public init(user: UInt32, group: UInt32) {
        self.user = user
        self.group = group
    }

    /// Whether this process may give files to others.
    package static var processIsRoot: Bool { geteuid() == 0 }

    /// Who new files of this process belong to.
    package static var ofProcess: FileOwner { FileOwner(user: geteuid(), group: getegid()) }
}
