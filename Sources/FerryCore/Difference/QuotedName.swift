/// A name as git writes it in a diff: as it is, or in quotes with escapes where it holds a control character, a quote, a backslash
/// or a byte that is not ASCII.
///
/// - Parameter bytes: The name.
/// - Returns: ASCII without control characters.
public func quotedName(of bytes: some Collection<UInt8>) -> String {
    let isPlain = bytes.allSatisfy {
        $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\")
    }
    if isPlain { return String(decoding: bytes, as: UTF8.self) }
    var result = "\""
    for byte in bytes {
        switch byte {
        case 0x07: result += "\\a"
        case 0x08: result += "\\b"
        case 0x09: result += "\\t"
        case 0x0A: result += "\\n"
        case 0x0B: result += "\\v"
        case 0x0C: result += "\\f"
        case 0x0D: result += "\\r"
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): result += "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7F: result.unicodeScalars.append(UnicodeScalar(byte))
        default:
            let digits = String(byte, radix: 8)
            result += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }
    return result + "\""
}
