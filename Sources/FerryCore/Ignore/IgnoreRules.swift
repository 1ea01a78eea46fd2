/// What the rules say about one path.
public enum IgnoreVerdict: Hashable, Sendable {
    /// No pattern matches: the path takes part in the sync.
    case undecided
    /// The last pattern that matches is a negated one.
    case included(by: IgnorePattern)
    /// The path, or a directory above it, is excluded by this pattern.
    case excluded(by: IgnorePattern)

    /// Whether the path is left out.
    public var isExcluded: Bool {
        guard case .excluded = self else { return false }
        return true
    }
}

/// The patterns of one rule file that applies to one directory and what lies below.
public struct IgnoreDirectoryFile: Hashable, Sendable {
    /// Whether it is a `.gitignore` or a `.ferryignore`.
    public let kind: IgnoreOrigin.Kind
    /// The directory's path from the root; empty for the root.
    public let directory: [UInt8]
    /// What the file says.
    public let patterns: IgnorePatternList

    package init(kind: IgnoreOrigin.Kind, directory: [UInt8], patterns: IgnorePatternList) {
        self.kind = kind
        self.directory = directory
        self.patterns = patterns
    }
}

/// All exclude rules of one sync: defaults, rule files, configuration, command line.
///
/// The same value serves both sides and both directions. Of the sources the later one wins: defaults, `.gitignore` files,
/// `.ferryignore` files, configuration, command line; of the files of one kind the deeper one. In each source the last
/// pattern that matches decides. What lies below an excluded directory is excluded whatever matches it.
public struct IgnoreRules: Sendable {
    /// Whether Ferry's own default patterns apply.
    public enum Defaults: Hashable, Sendable {
        /// Leave out what macOS puts beside files on other file systems.
        case builtIn
        /// Exclude nothing unasked.
        case none
    }

    /// The rule files in the order in which they were added.
    public private(set) var directoryFiles: [IgnoreDirectoryFile] = []
    /// Whether Ferry's own default patterns apply.
    public let defaults: Defaults
    /// The patterns of the configuration, the weakest first.
    public let configuration: IgnorePatternList
    /// The patterns of the command line, the weakest first.
    public let commandLine: IgnorePatternList
    private let global: [IgnoreScope.Layer]
    private var directories: [[UInt8]: [IgnoreScope.Layer]] = [:]

    /// Makes the rules of one sync.
    ///
    /// - Parameters:
    ///   - defaults: Whether Ferry's own default patterns apply; they do unless said otherwise.
    ///   - configuration: The patterns of the configuration.
    ///   - commandLine: The patterns of the command line in the order given.
    public init(
        defaults: Defaults = .builtIn, configuration: IgnorePatternList = .init(),
        commandLine: IgnorePatternList = .init()
    ) {
        var explicit = configuration
        explicit.append(contentsOf: commandLine)
        (self.defaults, self.configuration, self.commandLine) = (defaults, configuration, commandLine)
        global = [
            IgnoreScope.Layer(.configuration, directoryLength: 0, explicit),
            IgnoreScope.Layer(.builtIn, directoryLength: 0, defaults == .builtIn ? .builtInDefaults : .init()),
        ].compactMap(\.self)
    }

    /// Whether there is no pattern at all.
    public var isEmpty: Bool { global.isEmpty && directories.isEmpty }

    /// Adds a rule file; a second one of the same kind and directory counts as its continuation.
    ///
    /// - Parameters:
    ///   - kind: Whether it is a `.gitignore` or a `.ferryignore`.
    ///   - directory: The directory's path from the root; empty for the root.
    ///   - patterns: What the file says.
    public mutating func addDirectoryFile(
        kind: IgnoreOrigin.Kind, directory: [UInt8], patterns: IgnorePatternList
    ) {
        guard let layer = IgnoreScope.Layer(kind, directoryLength: directory.count, patterns) else { return }
        directoryFiles.append(IgnoreDirectoryFile(kind: kind, directory: directory, patterns: patterns))
        directories[directory, default: []].append(layer)
    }

    /// What applies in the root directory.
    public func rootScope() -> IgnoreScope {
        IgnoreScope(layers: global, directories: directories).child(at: [])
    }

    /// Which pattern decides about a path, with regard to the directories above it.
    ///
    /// - Parameters:
    ///   - path: The path from the root.
    ///   - isDirectory: Whether it is a directory, and not a link to one.
    /// - Returns: The verdict on the path, or on the first excluded directory above it.
    public func verdict(for path: RelativePath, isDirectory: Bool) -> IgnoreVerdict {
        var scope = rootScope()
        for end in path.bytes.indices where path.bytes[end] == RelativePath.separator {
            let ancestor = RelativePath(unchecked: Array(path.bytes[..<end]))
            let verdict = scope.verdict(for: ancestor, isDirectory: true)
            if verdict.isExcluded { return verdict }
            scope = scope.child(at: ancestor.bytes)
        }
        return scope.verdict(for: path, isDirectory: isDirectory)
    }
}
