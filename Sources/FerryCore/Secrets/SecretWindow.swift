/// Eight neighbouring bytes, looked at together.
struct SecretWindow {
    static let size = 8

    private let word: UInt64

    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let blanks: UInt64 = 0x2020_2020_2020_2020

    /// Takes the bytes from a position on; the compiler makes one load of it.
    @inline(__always)
    init(_ bytes: Span<UInt8>, at position: Int) {
        let bytes = bytes.extracting(position..<(position + Self.size))
        let low =
            UInt64(bytes[0]) | UInt64(bytes[1]) << 8 | UInt64(bytes[2]) << 16 | UInt64(bytes[3]) << 24
        let high =
            UInt64(bytes[4]) << 32 | UInt64(bytes[5]) << 40 | UInt64(bytes[6]) << 48 | UInt64(bytes[7]) << 56
        word = low | high
    }

    /// Whether a token or a key's header may go through all of it, or a key of AWS through its first two bytes.
    ///
    /// Says yes too often, and never no where one does.
    @inline(__always)
    var mayBeInside: Bool {
        // From `-` to `z`: no blank, quotation mark, bracket, comma or end of a line.
        let token = Self.outside(word, UInt8(ascii: "-"), UInt8(ascii: "z"))
        // From the blank to `Z`: no small letter. Indentation is no part of a header.
        let header = Self.outside(word, UInt8(ascii: " "), UInt8(ascii: "Z"))
        // From `0` to `Z`, twice.
        let capitals = Self.outside(word, UInt8(ascii: "0"), UInt8(ascii: "Z")) & 0x8080
        return token == 0 || capitals == 0 || (header == 0 && word != Self.blanks)
    }

    /// The high bit of each byte that is outside of a range; of the bytes behind one above 0x7F it may be wrong.
    @inline(__always)
    private static func outside(_ word: UInt64, _ first: UInt8, _ last: UInt8) -> UInt64 {
        let tooLow = ~((word | highBits) &- ones &* UInt64(first))
        let tooHigh = word &+ ones &* UInt64(0x7F - last)
        return (word | tooLow | tooHigh) & highBits
    }
}
