#if DEBUG
    import FerryCore
    import FerryTransport
    import Synchronization

    /// An archive in memory.
    struct FuzzSource: ByteSource {
        private let bytes: [UInt8]
        private var offset = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        mutating func read(into buffer: inout MutableSpan<UInt8>) throws(Never) -> Int {
            let count = min(bytes.count - offset, buffer.count)
            for index in 0..<count { buffer[index] = bytes[offset + index] }
            offset += count
            return count
        }
    }

    /// A command in a sandbox that says what it says.
    final class FuzzProcess: SandboxProcess {
        private let left: Mutex<ArraySlice<UInt8>>

        init(_ bytes: [UInt8]) { left = Mutex(bytes[...]) }

        func write(_ bytes: Span<UInt8>) throws(TransportError) {}
        func closeInput() throws(TransportError) {}
        func wait() throws(TransportError) -> SandboxExit { SandboxExit(status: 0) }
        func terminate() {}

        func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
            let room = buffer.count
            let piece = left.withLock { left in
                defer { left = left.dropFirst(room) }
                return Array(left.prefix(room))
            }
            for index in piece.indices { buffer[index] = piece[index] }
            return piece.count
        }
    }
#endif
