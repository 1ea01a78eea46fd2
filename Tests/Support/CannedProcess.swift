package import FerryTransport
import Synchronization

/// A command that has said all it will ever say.
package final class CannedProcess: SandboxProcess {
    private let left: Mutex<ArraySlice<UInt8>>

    /// Makes a command.
    package init(_ bytes: [UInt8]) { left = Mutex(bytes[...]) }

    /// Takes no notice.
    package func write(_ bytes: Span<UInt8>) throws(TransportError) {}
    /// Takes no notice.
    package func closeInput() throws(TransportError) {}
    /// It went well.
    package func wait() throws(TransportError) -> SandboxExit { SandboxExit(status: 0) }
    /// Takes no notice.
    package func terminate() {}

    /// What is left of the bytes.
    package func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let room = buffer.count
        let piece = left.withLock { left in
            defer { left = left.dropFirst(room) }
            return Array(left.prefix(room))
        }
        for index in piece.indices { buffer[index] = piece[index] }
        return piece.count
    }
}
