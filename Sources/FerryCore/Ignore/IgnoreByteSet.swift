/// A set of byte values: what one character class of a pattern matches.
struct IgnoreByteSet: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    func contains(_ byte: UInt8) -> Bool {
        let word =
            switch byte >> 6 {
            case 0: words.0
            case 1: words.1
            case 2: words.2
            default: words.3
            }
        return word >> UInt64(byte & 63) & 1 != 0
    }

    mutating func insert(_ byte: UInt8) { set(byte, UInt64(1) << UInt64(byte & 63)) }

    mutating func insert(_ bytes: ClosedRange<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    mutating func remove(_ byte: UInt8) {
        guard contains(byte) else { return }
        let bit = UInt64(1) << UInt64(byte & 63)
        switch byte >> 6 {
        case 0: words.0 ^= bit
        case 1: words.1 ^= bit
        case 2: words.2 ^= bit
        default: words.3 ^= bit
        }
    }

    mutating func invert() {
        words = (~words.0, ~words.1, ~words.2, ~words.3)
    }

    private mutating func set(_ byte: UInt8, _ bit: UInt64) {
        switch byte >> 6 {
        case 0: words.0 |= bit
        case 1: words.1 |= bit
        case 2: words.2 |= bit
        default: words.3 |= bit
        }
    }

    static func == (lhs: IgnoreByteSet, rhs: IgnoreByteSet) -> Bool { lhs.words == rhs.words }

    func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}

extension IgnoreByteSet {
    /// Adds a named class such as `alpha`, with git's idea of it: ASCII only, and white space is blank, tab, LF and CR.
    ///
    /// - Parameter name: The name between `[:` and `:]`.
    /// - Returns: Whether there is such a class.
    mutating func insert(classNamed name: ArraySlice<UInt8>) -> Bool {
        for named in IgnoreByteSet.namedClasses where name.elementsEqual(named.name.utf8) {
            for range in named.ranges { insert(range) }
            return true
        }
        return false
    }

    private static let namedClasses: [(name: String, ranges: [ClosedRange<UInt8>])] = {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let upper = UInt8(ascii: "A")...UInt8(ascii: "Z")
        let lower = UInt8(ascii: "a")...UInt8(ascii: "z")
        let hexadecimal = [digits, UInt8(ascii: "A")...UInt8(ascii: "F"), UInt8(ascii: "a")...UInt8(ascii: "f")]
        return [
            ("alnum", [digits, upper, lower]),
            ("alpha", [upper, lower]),
            ("blank", [0x20...0x20, 0x09...0x09]),
            ("cntrl", [0x00...0x1F, 0x7F...0x7F]),
            ("digit", [digits]),
            ("graph", [0x21...0x7E]),
            ("lower", [lower]),
            ("print", [0x20...0x7E]),
            ("punct", [0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E]),
            ("space", [0x20...0x20, 0x09...0x0A, 0x0D...0x0D]),
            ("upper", [upper]),
            ("xdigit", hexadecimal),
        ]
    }()
}
