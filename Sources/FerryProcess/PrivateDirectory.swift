import CFerryShims
import Glibc
import Synchronization
package import SystemPackage

/// A new directory that only this user can enter, for sockets.
package final class PrivateDirectory: Sendable {
    /// The directory's absolute path.
    package let path: [UInt8]
    private let isGone = Mutex(false)

    /// Makes the directory.
    ///
    /// - Parameter base: The directory to make it in.
    /// - Throws: `Errno`.
    package init(in base: [UInt8]) throws(Errno) {
        var pattern = (base + Array("/ferry-XXXXXX".utf8)).map(CChar.init(bitPattern:)) + [0]
        guard unsafe ferry_private_directory(&pattern) == 0 else { throw Errno(rawValue: errno) }
        path = pattern.dropLast().map(UInt8.init(bitPattern:))
    }

    deinit { remove([]) }

    /// Whether something of this name is in it.
    package func contains(_ name: String) -> Bool {
        unsafe withPath(path + Array("/\(name)".utf8)) { unsafe access($0, F_OK) == 0 }
    }

    /// Removes it with the files named; harmless when it has gone.
    package func remove(_ names: [String]) {
        isGone.withLock { isGone in
            guard !isGone else { return }
            for name in names { unsafe withPath(path + Array("/\(name)".utf8)) { _ = unsafe unlink($0) } }
            isGone = unsafe withPath(path) { unsafe rmdir($0) == 0 }
        }
    }
}
