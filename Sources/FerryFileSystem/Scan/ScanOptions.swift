public import FerryCore

/// What a scan looks at.
public struct ScanOptions: Sendable {
    /// Which rule files a scan reads where it finds them.
    ///
    /// Only a workspace's are ever read, never a sandbox's.
    public enum RuleFiles: Sendable {
        /// None.
        case none
        /// `.ferryignore`.
        case ferryignore
        /// `.ferryignore` and `.gitignore`.
        case ferryignoreAndGitignore
    }

    /// The rules known before the scan.
    public var rules: IgnoreRules
    /// The rule files to read.
    public var ruleFiles: RuleFiles
    /// Paths that git tracks: a `.gitignore` does not exclude them.
    public var tracked: FileSelection?
    /// The only paths to look at; nil for all.
    public var selection: FileSelection?
    /// What is not to be deleted for being absent on the other side.
    public var preserve: PreservePatterns
    /// Whether directories on another file system are left out.
    public var staysOnOneFileSystem: Bool
    /// The number of threads.
    public var threads: Int
    /// Where the directories' listings are kept from scan to scan; nil: every directory is read.
    package var listings: ListingStore?

    /// Makes options.
    public init(
        rules: IgnoreRules = IgnoreRules(), ruleFiles: RuleFiles = .none, tracked: FileSelection? = nil,
        selection: FileSelection? = nil, preserve: PreservePatterns = PreservePatterns(IgnorePatternList()),
        staysOnOneFileSystem: Bool = false, threads: Int = TreeScanner.defaultThreads
    ) {
        self.rules = rules
        self.ruleFiles = ruleFiles
        self.tracked = tracked
        self.selection = selection
        self.preserve = preserve
        self.staysOnOneFileSystem = staysOnOneFileSystem
        self.threads = threads
    }
}

/// What a scan found.
public struct ScanResult: Sendable {
    /// The tree.
    public let snapshot: Snapshot
    /// What could not be read, and what is of a kind that is not carried.
    public let problems: [Problem]
    /// The rules, those of the rule files found included: they serve the other side too.
    public let rules: IgnoreRules
    /// The number of entries that the rules left out, directories with all below them counted once.
    public let excludedCount: Int
}
