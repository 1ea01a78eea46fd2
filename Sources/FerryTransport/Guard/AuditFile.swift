import FerryCore
import FerryThreads
import SystemPackage

/// A file to which audit records are appended, one JSON object a line.
///
/// Each record is one write to a file that is open for appending: several processes may share it.
public final class AuditFile: AuditLog {
    private struct State {
        /// Whether the last write was cut off, so that the next begins on a line of its own.
        var isTorn = false
    }

    private let path: [UInt8]
    private let file: FileDescriptor
    private let state = Monitor(State())

    /// Opens the file, which is made if need be, readable for its owner only; a symbolic link is refused.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - isDurable: Whether each record is on the disk before the operation goes on.
    /// - Throws: ``AuditError``.
    public init(_ path: [UInt8], isDurable: Bool = false) throws(AuditError) {
        guard !path.isEmpty, !path.contains(0) else { throw AuditError("the audit file's path cannot be one") }
        var options: FileDescriptor.OpenOptions = [.append, .create, .closeOnExec, .noFollow]
        if isDurable { options.insert(Self.dataSync) }
        do {
            let terminated: [CInterop.PlatformChar] = path.map { CChar(bitPattern: $0) } + [0]
            file = try FileDescriptor.open(
                FilePath(platformString: terminated), .writeOnly, options: options, permissions: .ownerReadWrite)
        } catch {
            throw AuditError("cannot open the audit file '\(displayName(of: path))': \(error)")
        }
        self.path = path
    }

    deinit { try? file.close() }

    /// Adds a line.
    public func append(_ record: AuditRecord) throws(AuditError) {
        try state.withLock { () throws(AuditError) in
            let line = (state.state.isTorn ? [0x0A] : []) + record.line
            do {
                try file.writeAll(line)
                state.state.isTorn = false
            } catch {
                state.state.isTorn = true
                throw AuditError("cannot write the audit file '\(displayName(of: path))': \(error)")
            }
        }
    }

    /// `O_DSYNC`, which the package has no name for: a write returns when the data is on the disk.
    private static let dataSync = FileDescriptor.OpenOptions(rawValue: 0o10000)
}
