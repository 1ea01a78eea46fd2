#if DEBUG
    import FerryCore

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
#endif
