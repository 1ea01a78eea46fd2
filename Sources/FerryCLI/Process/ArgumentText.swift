import FerryCore

/// Carries command line arguments, which are bytes, through a parser that takes strings.
///
/// Valid UTF-8 stays as it is. A byte that is not part of any becomes one scalar of the last 128 of the private use area, and
/// so do the bytes of those scalars themselves, so the way back is exact.
enum ArgumentText {
    private static let base: UInt32 = 0x10FF00
    private static let reserved: ClosedRange<UInt32> = 0x10FF80...0x10FFFF

    /// The text for some bytes.
    static func text(of bytes: some Collection<UInt8>) -> String {
        var text = ""
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let (scalar, length) = nextScalar(rest)
            if let scalar, !reserved.contains(scalar.value) {
                text.unicodeScalars.append(scalar)
            } else {
                for byte in rest.prefix(length) { text.unicodeScalars.append(stand(in: byte)) }
            }
            rest = rest.dropFirst(length)
        }
        return text
    }

    /// The bytes that a text stands for.
    static func bytes(of text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if reserved.contains(scalar.value) {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
            }
        }
        return bytes
    }

    /// A message that holds such texts, with the bytes that were replaced shown as `\ooo`.
    static func message(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { reserved.contains($0.value) }) else { return text }
        var message = ""
        for scalar in text.unicodeScalars {
            if reserved.contains(scalar.value) {
                message += displayName(of: [UInt8(truncatingIfNeeded: scalar.value)])
            } else {
                message.unicodeScalars.append(scalar)
            }
        }
        return message
    }

    private static func stand(in byte: UInt8) -> UnicodeScalar {
        // A byte below 0x80 is always valid on its own and never gets here.
        UnicodeScalar(base + UInt32(byte)) ?? "\u{FFFD}"
    }

    /// The scalar at the front and its length; nil and 1 when there is no valid one.
    private static func nextScalar(_ bytes: ArraySlice<UInt8>) -> (UnicodeScalar?, Int) {
        for length in 1...4 where length <= bytes.count {
            let text = String(validating: bytes.prefix(length), as: UTF8.self)
            if let scalar = text?.unicodeScalars.first { return (scalar, length) }
        }
        return (nil, 1)
    }
}
