import FerryCore

/// Writes the numbers and names of a journal.
struct ByteEncoder {
    private(set) var bytes: [UInt8] = []

    mutating func add(byte: UInt8) { bytes.append(byte) }

    /// Seven bits a byte, the lowest first.
    mutating func add(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    /// Small values of either sign stay short.
    mutating func add(_ value: Int64) {
        add(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    mutating func add(name: some Collection<UInt8>) {
        add(UInt64(name.count))
        bytes.append(contentsOf: name)
    }

    mutating func add(_ time: Timestamp) {
        add(time.seconds)
        add(UInt64(time.nanoseconds))
    }

    mutating func add(_ state: EntryState) {
        add(byte: state.kind.rawValue | (state.comparesMode ? 0x40 : 0) | (state.isWhole ? 0x80 : 0))
        add(UInt64(state.mode))
        add(state.size)
        add(state.mtime)
        add(state.inode)
    }
}

/// Reads what ``ByteEncoder`` wrote; never reads beyond the end.
struct ByteDecoder {
    private let bytes: [UInt8]
    private var position: Int

    init(_ bytes: [UInt8], from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(JournalError) -> UInt8 {
        guard position < bytes.count else { throw .damaged("a record ends too early") }
        position += 1
        return bytes[position - 1]
    }

    mutating func number() throws(JournalError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 64, by: 7) {
            let next = try byte()
            let part = UInt64(next & 0x7F)
            guard shift < 63 || part <= 1 else { break }
            value |= part << UInt64(shift)
            if next < 0x80 { return value }
        }
        throw .damaged("a number is too long")
    }

    mutating func signed() throws(JournalError) -> Int64 {
        let value = try number()
        return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
    }

    mutating func name() throws(JournalError) -> [UInt8] {
        let count = try number()
        guard count <= UInt64(bytes.count - position) else { throw .damaged("a name is too long") }
        defer { position += Int(count) }
        return Array(bytes[position..<(position + Int(count))])
    }

    mutating func time() throws(JournalError) -> Timestamp {
        let seconds = try signed()
        guard let nanoseconds = UInt32(exactly: try number()), nanoseconds < 1_000_000_000 else {
            throw .damaged("a time is none")
        }
        return Timestamp(seconds: seconds, nanoseconds: nanoseconds)
    }

    mutating func mode() throws(JournalError) -> UInt16 {
        guard let mode = UInt16(exactly: try number()), mode <= 0o777 else { throw .damaged("a mode is none") }
        return mode
    }

    mutating func state() throws(JournalError) -> EntryState {
        let bits = try byte()
        guard let kind = EntryKind(rawValue: bits & 0x3F) else { throw .damaged("a kind is none") }
        return EntryState(
            kind: kind, mode: try mode(), size: try signed(), mtime: try time(), inode: try number(),
            comparesMode: bits & 0x40 != 0, isWhole: bits & 0x80 != 0)
    }
}
