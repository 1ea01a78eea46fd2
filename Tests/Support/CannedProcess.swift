package import FerryTransport
import Synchronization

/// A command that has said all it will ever say.
package final class CannedProcess: SandboxProcess {
    private let left: Mutex<ArraySlice<UInt8>>

    private let piece: Int

    /// Makes a command.
    ///
    /// - Parameters:
    ///   - bytes: What it says.
    ///   - piece: How much of it comes at once at most.
    package init(_ bytes: [UInt8], piece: Int = .max) {
        left = Mutex(bytes[...])
        self.piece = piece
    }

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
        let room = min(buffer.count, self.piece)
        let piece = left.withLock { left in
            defer { left = left.dropFirst(room) }
            return Array(left.prefix(room))
        }
        for index in piece.indices { buffer[index] = piece[index] }
        return piece.count
    }
}
