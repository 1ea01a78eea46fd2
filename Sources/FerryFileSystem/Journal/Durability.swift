import CFerryShims
package import FerryCore
import Glibc
package import SystemPackage

extension FileHandle {
    /// Waits until the file is on its disk.
    ///
    /// Corresponds to `fsync(2)`.
    package func synchronize() throws(Errno) { _ = try systemCall { fsync(descriptor) } }
}

extension DirectoryHandle {
    /// Waits until the directory's entries are on its disk.
    ///
    /// Corresponds to `fsync(2)`.
    package func synchronize() throws(Errno) { _ = try systemCall { fsync(descriptor) } }

    /// Waits until everything that is dirty on this directory's file system is on its disk.
    ///
    /// Corresponds to `syncfs(2)`.
    package func synchronizeFileSystem() throws(Errno) { _ = try systemCall { ferry_sync_file_system(descriptor) } }

    /// Whether this user may make and remove entries here, as its mode is now.
    func mayWrite() -> Bool { ferry_may_write_into(descriptor) == 0 }
}

/// The clock that file systems stamp with.
package enum StampClock {
    package static var now: Timestamp {
        var seconds: Int64 = 0
        var nanoseconds: UInt32 = 0
        unsafe ferry_stamp_clock(&seconds, &nanoseconds)
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }

    /// Waits, a few milliseconds at most, until what is changed from now on gets a later stamp than one that was given before.
    package static func pass(_ stamp: Timestamp) {
        // A file system that keeps whole seconds, or the clock of another machine, is not waited for.
        for _ in 0..<20 where now <= stamp { usleep(1_000) }
    }
}
