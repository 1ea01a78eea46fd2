import CFerryShims
import Crypto
import FerryCore
package import FerryThreads
import Glibc
import SystemPackage

/// Keeps other syncs of this machine away from a workspace or an endpoint, for as long as it lives.
///
/// The kernel's `flock(2)` on a file of the state directory, named by the digest of what is locked: a crash releases it, and a
/// directory that cannot be written to can be locked all the same. Syncs on other hosts are not kept out.
package struct SyncLock: ~Copyable {
    /// Whether others may hold it at the same time.
    package enum Mode: Sendable, Comparable {
        case shared
        case exclusive
    }

    /// Why it could not be had.
    package enum Failure: Error, Sendable {
        /// Somebody else had it for the whole time.
        case held(by: [UInt8])
        /// Somebody asked to stop while it was waited for.
        case cancelled
        /// The lock file could not be made or locked.
        case file(FileSystemError)
    }

    private let file: FileHandle

    private static let directoryName = Array("/locks".utf8)
    private static let longestHolder = 512

    /// The number of this process, for the name of a holder.
    package static var processID: Int32 { getpid() }

    private init(_ file: consuming FileHandle) { self.file = file }

    // Closing would do, did threads with descriptors of their own, maybe another sync's, not keep copies for a while.
    deinit { ferry_unlock(file.descriptor) }

    /// Takes a lock, waiting for it if need be.
    ///
    /// - Parameters:
    ///   - key: What is locked: a real path, or a sandbox's name.
    ///   - mode: Whether others may hold it too.
    ///   - stateDirectory: The directory for Ferry's state.
    ///   - wait: How long to wait.
    ///   - holder: Who asks, for the message that others get.
    ///   - cancellation: Ends the wait.
    /// - Returns: The lock; it is held until it is destroyed.
    /// - Throws: ``Failure``.
    package static func take(
        _ key: [UInt8], _ mode: Mode, in stateDirectory: [UInt8], wait: Duration, holder: [UInt8],
        cancellation: CancellationFlag
    ) throws(Failure) -> SyncLock {
        let directoryPath = stateDirectory + directoryName
        let file: FileHandle
        do throws(FileSystemError) { file = try open(key, in: directoryPath) } catch { throw .file(error) }
        let deadline = ContinuousClock.now + wait
        while true {
            do throws(Errno) {
                try file.lock(exclusively: mode == .exclusive)
                break
            } catch {
                guard error == .wouldBlock else {
                    throw .file(FileSystemError("lock a file in", path: directoryPath, cause: error))
                }
                if cancellation.isRaised { throw .cancelled }
                if ContinuousClock.now >= deadline { throw .held(by: Self.holder(in: file)) }
                usleep(50_000)
            }
        }
        // Only for messages: when it cannot be written, others learn no name.
        let name = Array(holder.prefix(longestHolder))
        try? file.truncate(to: 0)
        try? file.write(name.span, at: 0)
        return SyncLock(file)
    }

    private static func open(_ key: [UInt8], in path: [UInt8]) throws(FileSystemError) -> FileHandle {
        let digits = SHA256.hash(data: key).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        let name = TerminatedName(unchecked: ArraySlice(Array(digits.joined().utf8) + [0]))
        try RootDirectory.createWithParents(path)
        let directory = try RootDirectory.open(path)
        do throws(Errno) {
            return try directory.handle.openLockFile(name)
        } catch {
            throw FileSystemError("open the lock file in", path: path, cause: error)
        }
    }

    private static func holder(in file: borrowing FileHandle) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: longestHolder)
        var span = content.mutableSpan
        let count = (try? file.read(into: &span, at: 0)) ?? 0
        return Array(content.prefix(count))
    }
}

extension DirectoryHandle {
    /// Opens a lock file, made where it is missing and never removed: others may hold it.
    fileprivate func openLockFile(_ name: TerminatedName) throws(Errno) -> FileHandle {
        unsafe FileHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall {
                    unsafe openat(descriptor, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
                }
            })
    }
}

extension FileHandle {
    /// Takes the file's lock, or throws `EWOULDBLOCK` at once.
    fileprivate func lock(exclusively: Bool) throws(Errno) {
        _ = try systemCall { ferry_try_lock_mode(descriptor, exclusively ? 1 : 0) }
    }
}
