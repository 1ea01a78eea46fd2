/// What `--preserve-absent` keeps from deletion on the receiving side.
///
/// The patterns are gitignore's, and `!` takes back as there. A pattern protects the entries that it matches and all that
/// lies below them: `node_modules` protects `pkg/node_modules/x`. What holds a protected entry must stay as well; see
/// ``PreservedPaths``.
///
/// `report[1].csv` is a pattern that matches `report1.csv`. The file of exactly that name is meant by `report\[1].csv`,
/// and because a user may not think of it, a pattern also matches the name or path that is equal to it byte for byte.
/// That can only protect more.
public struct PreservePatterns: Sendable {
    /// The patterns in the order given.
    public let list: IgnorePatternList
    private let index: IgnoreIndex

    /// Compiles the patterns.
    ///
    /// - Parameter list: The patterns in the order given.
    public init(_ list: IgnorePatternList) {
        self.list = list
        index = IgnoreIndex(list.patterns, reading: .languageOrLiteral)
    }

    /// Whether there is no pattern.
    public var isEmpty: Bool { index.patterns.isEmpty }

    /// Whether a path is protected because it, or a directory above it, matches.
    ///
    /// - Parameters:
    ///   - path: The path from the root.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: Whether it must not be deleted.
    public func protects(_ path: RelativePath, isDirectory: Bool) -> Bool {
        if isEmpty { return false }
        let bytes = path.bytes
        var nameStart = 0
        for end in bytes.indices where bytes[end] == RelativePath.separator {
            let directory = bytes[..<end]
            if matches(directory.span, nameStart: nameStart, isDirectory: true) { return true }
            nameStart = end + 1
        }
        return matches(bytes.span, nameStart: nameStart, isDirectory: isDirectory)
    }

    /// Whether the patterns match an entry itself, without regard to the directories above it.
    ///
    /// For a walk from the top, which knows already that no directory above is protected. Nothing is allocated.
    ///
    /// - Parameters:
    ///   - path: The path of the entry from the root.
    ///   - nameStart: Where its last component begins.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: Whether the entry and everything below it is protected.
    public func matches(_ path: borrowing Span<UInt8>, nameStart: Int, isDirectory: Bool) -> Bool {
        let rank = index.rank(path, base: 0, nameStart: nameStart, isDirectory: isDirectory)
        return rank >= 0 && rank & 1 == 0
    }
}

/// The entries of one tree that ``PreservePatterns`` keep, with the directories that hold them.
public struct PreservedPaths: Sendable {
    private var entries: Set<RelativePath> = []
    private var ancestors: Set<RelativePath> = []

    /// Looks through the entries that exist on the receiving side.
    ///
    /// - Parameters:
    ///   - patterns: What to protect.
    ///   - tree: The paths from the root, each with whether it is a directory.
    public init(_ patterns: PreservePatterns, in tree: some Sequence<(path: RelativePath, isDirectory: Bool)>) {
        if patterns.isEmpty { return }
        for (path, isDirectory) in tree where patterns.protects(path, isDirectory: isDirectory) {
            entries.insert(path)
            var parent = path.parent
            while let directory = parent, ancestors.insert(directory).inserted { parent = directory.parent }
        }
    }

    /// Whether nothing is protected.
    public var isEmpty: Bool { entries.isEmpty }

    /// Whether a path of the tree must not be deleted: it is protected, or holds an entry that is.
    public func contains(_ path: RelativePath) -> Bool {
        entries.contains(path) || ancestors.contains(path)
    }
}
