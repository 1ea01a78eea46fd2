import FerryCore
import SystemPackage

/// Why a journal, or a record beside it, cannot be used.
package enum JournalError: Error, Sendable {
    /// Its bytes are not what was written.
    case damaged(String)
    /// A newer Ferry wrote it.
    case newerVersion(UInt64)
    /// A call failed.
    case file(FileSystemError)
    /// Somebody asked to stop.
    case cancelled
}

extension JournalError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damaged(let what): "what was recorded is damaged: \(what)"
        case .newerVersion(let version):
            "the journal has version \(version), which this ferry does not know; use the one that wrote it"
        case .file(let error): error.description
        case .cancelled: "stopped on request"
        }
    }
}

/// Runs calls and names what they were for when they fail.
func journaled<Value: ~Copyable>(
    _ operation: String, _ path: @autoclosure () -> [UInt8], _ body: () throws(Errno) -> Value
) throws(JournalError) -> Value {
    do throws(Errno) {
        return try body()
    } catch {
        throw .file(FileSystemError(operation, path: path(), cause: error))
    }
}
