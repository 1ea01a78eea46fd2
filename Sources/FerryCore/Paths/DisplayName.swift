/// Renders bytes of a name for people: valid UTF-8 as it is, everything that could move the cursor, end the line or is not
/// UTF-8 as `\ooo`, the form that git and rsync use.
///
/// The result is for display only and never goes back to the file system.
public func displayName(of bytes: some Collection<UInt8>) -> String {
    var result = ""
    result.reserveCapacity(bytes.count)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) {
        return String(decoding: bytes, as: UTF8.self)
    }
    guard String(validating: bytes, as: UTF8.self) != nil else {
        for byte in bytes { result += isPlainASCII(byte) ? String(UnicodeScalar(byte)) : octal(byte) }
        return result
    }
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
        if scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || isDirectionControl(scalar) {
            for byte in UTF8.encode(scalar).map(Array.init) ?? [] { result += octal(byte) }
        } else if scalar == "\\" {
            result += "\\\\"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}

private func isPlainASCII(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\")
}

/// Line and paragraph separators and the bidirectional controls, which would let a name rewrite the line it is shown in.
private func isDirectionControl(_ scalar: UnicodeScalar) -> Bool {
    (0x2028...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
        || (0x200E...0x200F).contains(scalar.value)
}

private func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
}
