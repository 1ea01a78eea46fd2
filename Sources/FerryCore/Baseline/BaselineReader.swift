/// Reads numbers and byte strings out of a baseline's bytes.
///
/// It never traps and never allocates by what it reads: past the end, or on a value that cannot be, it turns damaged and gives
/// zeros.
struct BaselineReader {
    private let bytes: [UInt8]
    private(set) var position: Int
    private let end: Int
    /// How much there is behind the end that is not among these bytes.
    private let beyond: Int
    private(set) var isDamaged = false

    init(_ bytes: [UInt8], at position: Int, end: Int, beyond: Int = 0) {
        self.bytes = bytes
        self.position = position
        self.end = Swift.min(end, bytes.count)
        self.beyond = beyond
    }

    /// How many bytes are left to read.
    var left: Int { end - position }

    /// Bytes that were read.
    subscript(range: Range<Int>) -> ArraySlice<UInt8> { bytes[range] }

    var isAtEnd: Bool { position >= end }

    mutating func fail() {
        isDamaged = true
        position = end
    }

    mutating func byte() -> UInt8 {
        guard position < end else {
            isDamaged = true
            return 0
        }
        position += 1
        return bytes[position - 1]
    }

    /// A number in groups of seven bits, the lowest first, in as few as possible.
    mutating func number() -> UInt64 {
        if position < end, bytes[position] < 0x80 { return UInt64(byte()) }
        return longNumber()
    }

    private mutating func longNumber() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = byte()
            if shift == 63 && next > 1 || shift > 0 && next == 0 || isDamaged {
                fail()
                return 0
            }
            value |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return value }
            shift += 7
        }
    }

    /// A number that must fit a bound.
    mutating func number(upTo limit: UInt64) -> UInt64 {
        let value = number()
        if value <= limit { return value }
        fail()
        return 0
    }

    /// How many things follow, each of at least one byte.
    mutating func count() -> Int { Int(number(upTo: UInt64(Swift.max(0, end + beyond - position)))) }

    mutating func skip(_ length: Int) {
        if length <= end - position { position += length } else { fail() }
    }

    mutating func string(_ length: Int) -> ArraySlice<UInt8> {
        guard length >= 0, length <= end - position else {
            fail()
            return []
        }
        position += length
        return bytes[(position - length)..<position]
    }

    /// A string behind its length.
    mutating func string() -> ArraySlice<UInt8> { string(count()) }

    /// Reads a string of a known length and says whether it is another.
    mutating func passes(_ other: Span<UInt8>) -> Bool {
        guard other.count <= end - position else { return false }
        let start = position
        position += other.count
        let own = bytes.span
        for index in other.indices where own[start + index] != other[index] { return false }
        return true
    }

    /// Goes back to a place before, at which nothing was damaged.
    mutating func rewind(to place: Int) {
        position = place
        isDamaged = false
    }

    mutating func fixed32() -> UInt32 {
        if end - position >= 4 {
            let first = position
            position += 4
            return UInt32(bytes[first]) | UInt32(bytes[first + 1]) << 8 | UInt32(bytes[first + 2]) << 16
                | UInt32(bytes[first + 3]) << 24
        }
        var value: UInt32 = 0
        for shift in stride(from: UInt32(0), to: 32, by: 8) { value |= UInt32(byte()) << shift }
        return value
    }

    mutating func time() -> Timestamp {
        let folded = number()
        let seconds = Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1)
        let nanoseconds = fixed32()
        if nanoseconds >= 1_000_000_000 { fail() }
        return Timestamp(seconds: seconds, nanoseconds: isDamaged ? 0 : nanoseconds)
    }

    mutating func mode() -> UInt16 { UInt16(number(upTo: 0o777)) }
}

/// Writes what ``BaselineReader`` reads.
struct BaselineWriter {
    var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func string(_ value: some Collection<UInt8>) {
        number(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func fixed32(_ value: UInt32) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    mutating func time(_ value: Timestamp) {
        number(UInt64(bitPattern: value.seconds << 1 ^ value.seconds >> 63))
        fixed32(min(value.nanoseconds, 999_999_999))
    }
}
