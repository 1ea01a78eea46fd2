/// Patterns in the order in which they were written; of those that match, the last one decides.
public struct IgnorePatternList: Hashable, Sendable {
    /// The patterns, the weakest first.
    public private(set) var patterns: [IgnorePattern] = []

    /// Makes a list without patterns.
    public init() {}

    /// Parses the content of a rule file.
    ///
    /// Lines end at a line feed, a carriage return before it does not count, a line that begins with `#` is a comment,
    /// trailing spaces count only behind a backslash, and a UTF-8 byte order mark at the start is skipped.
    ///
    /// - Parameters:
    ///   - content: The bytes of the file.
    ///   - kind: The kind of source.
    ///   - label: The file's path, for display.
    public init(parsing content: some Collection<UInt8>, kind: IgnoreOrigin.Kind, label: [UInt8]) {
        append(parsing: content, kind: kind, label: label)
    }

    /// Whether there is no pattern.
    public var isEmpty: Bool { patterns.isEmpty }

    /// Adds the content of a rule file, as for `--exclude-from`.
    ///
    /// - Parameters:
    ///   - content: The bytes of the file.
    ///   - kind: The kind of source.
    ///   - label: The file's path, for display.
    public mutating func append(parsing content: some Collection<UInt8>, kind: IgnoreOrigin.Kind, label: [UInt8]) {
        let bytes = Array(content)
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        var start = bytes.starts(with: byteOrderMark) ? byteOrderMark.count : 0
        var number = 1
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = IgnorePatternList.significant(bytes[start..<end])
            if !line.isEmpty, let pattern = IgnorePattern(line, origin: .init(kind: kind, label: label, line: number)) {
                patterns.append(pattern)
            }
            start = end + 1
            number += 1
        }
    }

    /// Adds one pattern exactly as it is, as for `--exclude`; one without any meaning is left out.
    ///
    /// - Parameters:
    ///   - pattern: The pattern's text.
    ///   - origin: Where it was written.
    public mutating func append(excluding pattern: some Collection<UInt8>, origin: IgnoreOrigin) {
        if let pattern = IgnorePattern(pattern, origin: origin) { patterns.append(pattern) }
    }

    /// Adds the negation of one pattern, as for `--include`.
    ///
    /// - Parameters:
    ///   - pattern: The pattern's text, without the `!`.
    ///   - origin: Where it was written.
    public mutating func append(including pattern: some Collection<UInt8>, origin: IgnoreOrigin) {
        append(excluding: [UInt8(ascii: "!")] + pattern, origin: origin)
    }

    /// Adds one parsed pattern.
    public mutating func append(_ pattern: IgnorePattern) {
        patterns.append(pattern)
    }

    /// Adds the patterns of another list, which then decide over those before them.
    public mutating func append(contentsOf other: IgnorePatternList) {
        patterns += other.patterns
    }

    /// The defaults that apply unless they are turned off: what macOS leaves beside files on other file systems.
    public static let builtInDefaults: IgnorePatternList = {
        var list = IgnorePatternList()
        let origin = IgnoreOrigin(kind: .builtIn, label: Array("built-in default".utf8))
        for pattern in ["._*", ".DS_Store"] { list.append(excluding: pattern.utf8, origin: origin) }
        return list
    }()

    /// The part of a line that is a pattern; empty for a comment.
    private static func significant(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        if line.first == UInt8(ascii: "#") { return line.prefix(0) }
        let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
        let text = line.prefix { $0 != 0 }
        var end: Int?
        var index = text.startIndex
        while index < text.endIndex {
            switch text[index] {
            case UInt8(ascii: " "):
                end = end ?? index
            case UInt8(ascii: "\\"):
                index += 1
                if index == text.endIndex { return text }
                end = nil
            default:
                end = nil
            }
            index += 1
        }
        return text[..<(end ?? text.endIndex)]
    }
}
