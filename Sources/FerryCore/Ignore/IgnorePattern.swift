/// One pattern of gitignore's language, parsed but not yet compiled.
public struct IgnorePattern: Hashable, Sendable {
    /// The pattern as it was written, without the line's end and trailing spaces.
    public let text: [UInt8]
    /// Where it was written.
    public let origin: IgnoreOrigin
    /// Whether it begins with `!` and includes again what an earlier pattern excluded.
    public let isNegated: Bool
    /// Whether it ends with `/` and matches directories only.
    public let isDirectoryOnly: Bool
    /// Whether it has a `/` elsewhere and matches the path from its base instead of the name.
    public let isAnchored: Bool
    /// The part of ``text`` to match: without `!`, one leading and one trailing slash.
    let body: Range<Int>

    /// Reads one pattern; comments and trailing spaces have no meaning here, as with git's own `--exclude`.
    ///
    /// The result is nil when nothing is left that could match, as in `` or `/`.
    ///
    /// - Parameters:
    ///   - text: The pattern. It ends at a NUL byte, which no name can contain.
    ///   - origin: Where it was written.
    public init?(_ text: some Collection<UInt8>, origin: IgnoreOrigin) {
        let text = Array(text.prefix { $0 != 0 })
        var body = text.indices
        let isNegated = text.first == UInt8(ascii: "!")
        if isNegated { body = 1..<body.upperBound }
        let isDirectoryOnly = !body.isEmpty && text.last == RelativePath.separator
        if isDirectoryOnly { body = body.lowerBound..<(body.upperBound - 1) }
        let isAnchored = text[body].contains(RelativePath.separator)
        if text[body].first == RelativePath.separator { body = (body.lowerBound + 1)..<body.upperBound }
        if body.isEmpty { return nil }
        self.text = text
        self.origin = origin
        self.isNegated = isNegated
        self.isDirectoryOnly = isDirectoryOnly
        self.isAnchored = isAnchored
        self.body = body
    }
}

extension IgnorePattern: CustomStringConvertible {
    /// The pattern for people; see ``displayName(of:)``.
    public var description: String { displayName(of: text) }
}
