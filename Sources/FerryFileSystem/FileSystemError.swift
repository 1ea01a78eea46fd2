import FerryCore
import Glibc
public import SystemPackage

/// A system call on a file or directory that failed.
public struct FileSystemError: Error, Sendable, Hashable {
    /// What was being done, as a verb phrase: "open", "create", "read".
    public let operation: String
    /// The path concerned, below the root of the tree, or the root's own path as the user gave it.
    public let path: [UInt8]
    /// Why the system refused.
    public let cause: Errno

    /// Makes an error.
    public init(_ operation: String, path: some Collection<UInt8>, cause: Errno) {
        self.operation = operation
        self.path = Array(path)
        self.cause = cause
    }
}

extension FileSystemError: CustomStringConvertible {
    /// What failed, on which path, why, and what to do next.
    public var description: String {
        let name = path.isEmpty ? "the root directory" : "'\(displayName(of: path))'"
        let advice = advice.map { "; \($0)" } ?? ""
        return "cannot \(operation) \(name): \(cause.description)\(advice)"
    }

    /// What usually helps.
    private var advice: String? {
        switch cause {
        case .permissionDenied, .notPermitted: "check the permissions, or run as the owner"
        case .noSpace: "free some space there and run the same command again"
        case .diskQuotaExceeded: "free some of your quota and run the same command again"
        case .readOnlyFileSystem: "the file system is mounted read-only"
        case .fileNameTooLong: "the file system there does not take a name this long; rename or exclude it"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit of open files (ulimit -n)"
        case .tooManySymbolicLinkLevels: "a symbolic link stands where a directory is expected"
        case .ioError: "the disk or its driver reports an error; see dmesg"
        default: nil
        }
    }
}

/// Runs a system call again while it is interrupted by a signal.
///
/// - Parameter call: The call; it returns -1 and sets errno on failure.
/// - Returns: What the call returned.
/// - Throws: The errno.
@inline(__always)
func systemCall<Value: FixedWidthInteger & SignedInteger>(_ call: () -> Value) throws(Errno) -> Value {
    while true {
        let value = call()
        if value != -1 { return value }
        let code = errno
        if code != EINTR { throw Errno(rawValue: code) }
    }
}
