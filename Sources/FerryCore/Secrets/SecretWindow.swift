/// Eight neighbouring bytes, looked at together.
struct SecretWindow {
    static let size = 8

    private let word: UInt64
    /// The high bit of each byte below `-`.
    private let belowHyphen: UInt64
    /// The high bit of each byte above `Z`; of the bytes behind one above 0x7F it may be wrong.
    private let aboveZ: UInt64

    private static let highBits: UInt64 = 0x8080_8080_8080_8080
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let blanks: UInt64 = 0x2020_2020_2020_2020
    private static let firstTwo: UInt64 = 0x8080

    /// Takes the bytes from a position on; the compiler makes one load of it.
    @inline(__always)
    init(_ bytes: Span<UInt8>, at position: Int) {
        let bytes = bytes.extracting(position..<(position + Self.size))
        let low =
            UInt64(bytes[0]) | UInt64(bytes[1]) << 8 | UInt64(bytes[2]) << 16 | UInt64(bytes[3]) << 24
        let high =
            UInt64(bytes[4]) << 32 | UInt64(bytes[5]) << 40 | UInt64(bytes[6]) << 48 | UInt64(bytes[7]) << 56
        word = low | high
        belowHyphen = ~((word | Self.highBits) &- Self.ones &* UInt64(UInt8(ascii: "-"))) & Self.highBits
        aboveZ = (word | (word &+ Self.ones &* UInt64(0x7F - UInt8(ascii: "Z")))) & Self.highBits
    }

    /// Whether something looked for may go through all of it, or a key of AWS through its first two bytes.
    ///
    /// The first and cheapest question: it says yes too often, and never no where one does.
    @inline(__always)
    var mayBeInside: Bool {
        belowHyphen == 0 || aboveZ == 0 || (belowHyphen | aboveZ) & Self.firstTwo == 0
    }

    /// Whether what goes through this window may go through all of a neighbour too.
    @inline(__always)
    func mayGoOn(in neighbour: SecretWindow) -> Bool {
        (belowHyphen | neighbour.belowHyphen) == 0
            || (aboveZ | neighbour.aboveZ) == 0 && word != Self.blanks && neighbour.word != Self.blanks
            || mayBeginWithCapitals && neighbour.mayBeCapitals
    }

    /// Whether a key of AWS may go through all of it.
    @inline(__always)
    var mayBeCapitals: Bool { belowHyphen | aboveZ == 0 }

    /// Whether a key of AWS may go through its first two bytes.
    @inline(__always)
    var mayBeginWithCapitals: Bool { (belowHyphen | aboveZ) & Self.firstTwo == 0 }
}
