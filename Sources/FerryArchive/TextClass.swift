/// What the bytes of a name are, as far as the headers care.
enum TextClass {
    /// Bytes 0x01 to 0x7F.
    case ascii
    /// Something beyond ASCII, UTF-8 or not.
    case beyondASCII
    /// A NUL somewhere.
    case withNUL

    init(of bytes: Span<UInt8>) {
        var union: UInt8 = 0
        var smallest: UInt8 = 0xFF
        for index in bytes.indices {
            let byte = bytes[index]
            union |= byte
            smallest = min(smallest, byte)
        }
        self = smallest == 0 ? .withNUL : union < 0x80 ? .ascii : .beyondASCII
    }

    static func isUTF8(_ bytes: Span<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes)) != nil
    }
}
