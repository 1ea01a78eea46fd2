/// Where a pattern was written, for `ferry check-ignore` and for messages.
public struct IgnoreOrigin: Hashable, Sendable {
    /// The sources of patterns, in rising precedence.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable, Comparable {
        /// The defaults that Ferry brings along.
        case builtIn
        /// A `.gitignore` file, read only when asked for.
        case gitignore
        /// A `.ferryignore` file.
        case ferryignore
        /// The configuration file.
        case configuration
        /// `--exclude`, `--include`, `--exclude-from`.
        case commandLine

        /// Orders by precedence, the weaker source first.
        public static func < (lhs: Kind, rhs: Kind) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// The kind of source.
    public let kind: Kind
    /// The file's path or the option's name, for display.
    public let label: [UInt8]
    /// The line in the file, counted from 1; 0 when the source has no lines.
    public let line: Int

    /// Describes a place.
    ///
    /// - Parameters:
    ///   - kind: The kind of source.
    ///   - label: The file's path or the option's name.
    ///   - line: The line, counted from 1; 0 when the source has no lines.
    public init(kind: Kind, label: [UInt8], line: Int = 0) {
        self.kind = kind
        self.label = label
        self.line = line
    }
}

extension IgnoreOrigin: CustomStringConvertible {
    /// The place for people: `path:line`, or the label alone.
    public var description: String {
        let name = displayName(of: label)
        return line > 0 ? "\(name):\(line)" : name
    }
}
