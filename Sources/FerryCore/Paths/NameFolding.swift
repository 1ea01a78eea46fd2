/// Which names a file system takes for one although their bytes differ.
public struct NameFolding: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// Wraps bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Those that differ only in upper and lower case.
    public static let letterCase = NameFolding(rawValue: 1 << 0)
    /// Those that are the same text in different normal forms of Unicode, or differ only in characters that nobody sees.
    public static let normalization = NameFolding(rawValue: 1 << 1)

    /// Whether a name is ASCII without capitals: folded, it is itself.
    static func isPlain(_ name: ArraySlice<UInt8>) -> Bool {
        name.allSatisfy { $0 < 0x80 && !($0 >= 0x41 && $0 <= 0x5A) }
    }

    /// What a name is to such a file system: equal keys mean one name.
    ///
    /// No two file systems use the very same tables, so this says only what to try.
    ///
    /// - Parameter name: The name's bytes.
    /// - Returns: The key; a name that is no UTF-8 is itself.
    func key(of name: ArraySlice<UInt8>) -> FoldedName {
        if name.allSatisfy({ $0 < 0x80 }) {
            let lower = contains(.letterCase) ? name.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 } : Array(name)
            return contains(.normalization) ? .text(String(decoding: lower, as: UTF8.self)) : .bytes(lower)
        }
        guard !isEmpty, let text = String(validating: name, as: UTF8.self) else { return .bytes(Array(name)) }
        var folded = ""
        for scalar in text.unicodeScalars {
            if contains(.normalization), scalar.properties.isDefaultIgnorableCodePoint { continue }
            guard contains(.letterCase) else {
                folded.unicodeScalars.append(scalar)
                continue
            }
            // Up and down again: so what has two small forms, or a capital of two letters, meets as well.
            for upper in scalar.properties.uppercaseMapping.unicodeScalars {
                folded += upper.properties.lowercaseMapping
            }
        }
        // Texts are equal when they are canonically equivalent.
        return contains(.normalization) ? .text(folded) : .bytes(Array(folded.utf8))
    }
}

/// A name as a file system compares it.
enum FoldedName: Hashable {
    case bytes([UInt8])
    case text(String)
}
