/// The rules that somebody gave to a push, as its baseline keeps them for a pull that is given none.
///
/// Rule files and the configuration are not part of it: they are read anew each time.
public struct RecordedRules: Hashable, Sendable {
    /// Whether Ferry's own default patterns apply.
    public var defaults = IgnoreRules.Defaults.builtIn
    /// Whether `.gitignore` files count.
    public var usesGitignore = false
    /// The patterns of the command line, the weakest first.
    public var patterns = IgnorePatternList()
    /// The patterns of what is not deleted for being absent.
    public var preserves = IgnorePatternList()

    /// Makes rules that say nothing.
    public init() {}

    private enum Tag {
        static let version = UInt8(ascii: "1")
        static let noDefaults = UInt8(ascii: "n")
        static let gitignore = UInt8(ascii: "g")
        static let pattern = UInt8(ascii: "x")
        static let preserve = UInt8(ascii: "p")
    }

    /// The form in which a baseline keeps them: a version, then parts that begin with a letter and end with a NUL byte.
    public var encoded: [UInt8] {
        var bytes = [Tag.version]
        if defaults == .none { bytes += [Tag.noDefaults, 0] }
        if usesGitignore { bytes += [Tag.gitignore, 0] }
        for pattern in patterns.patterns { bytes += [Tag.pattern] + pattern.text + [0] }
        for pattern in preserves.patterns { bytes += [Tag.preserve] + pattern.text + [0] }
        return bytes
    }

    /// Reads what ``encoded`` gave; nil when the bytes are anything else.
    public init?(encoded: [UInt8]) {
        guard encoded.first == Tag.version else { return nil }
        let origin = IgnoreOrigin(kind: .commandLine, label: Array("the last push".utf8))
        for part in encoded.dropFirst().split(separator: 0) {
            switch part.first {
            case Tag.noDefaults: defaults = .none
            case Tag.gitignore: usesGitignore = true
            case Tag.pattern: patterns.append(excluding: part.dropFirst(), origin: origin)
            case Tag.preserve: preserves.append(excluding: part.dropFirst(), origin: origin)
            default: return nil
            }
        }
    }
}
