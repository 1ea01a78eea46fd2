import Crypto
public import FerryArchive
public import FerryCore
public import FerryFileSystem
public import FerryTransport

/// What one side of a sync is.
public enum Endpoint: Sendable, Hashable {
    /// A directory on this machine, by the path that the user gave.
    case directory([UInt8])
    /// A tar archive, by its path; its compression follows from its name when it is written.
    case archive([UInt8])
    /// A tar stream on standard input or output.
    case standardStream
    /// A directory in a sandbox behind a transport.
    case sandbox(SandboxEndpoint)
}

/// What a pull does with an entry that both sides have and that differs.
public enum ConflictPolicy: String, Sendable, CaseIterable {
    /// The workspace's version stays; the sandbox's goes to the conflict store, where there is a state directory.
    case keepLocal = "keep-local"
    /// The sandbox's version replaces the workspace's.
    case takeRemote = "take-remote"
    /// The workspace's version stays and the sandbox's is put beside it as `NAME.ferry-remote`.
    case both
    /// Nothing at all is written.
    case fail
}

/// How a stream to or from a sandbox is compressed on its way.
public enum TransferCompression: String, Sendable, CaseIterable {
    /// As the link, which is measured, makes it pay.
    case automatic = "auto"
    /// Not at all.
    case none
    /// With gzip, which every sandbox has.
    case gzip
    /// With zstd.
    case zstd
}

/// How a sync is done.
///
/// The defaults are the safe choices.
public struct SyncOptions: Sendable {
    /// Exclude rules that are known before the scan.
    public var rules = IgnoreRules()
    /// Whether rule files in the source count at all.
    var readsRuleFiles = true
    /// Whether `.gitignore` files count too.
    ///
    /// Default: only `.ferryignore` files.
    public var usesGitignore = false
    /// Paths that git tracks, which a `.gitignore` does not exclude; only looked at with ``usesGitignore``.
    public var trackedPaths: FileSelection?
    /// The only paths to look at; nil for all.
    public var selection: FileSelection?
    /// What is not to be deleted for being absent on the other side.
    public var preserve = PreservePatterns(IgnorePatternList())
    /// Whether a push takes the sandbox for what it was after the last sync instead of looking: nothing ran there since.
    ///
    /// Where the last sync did not come to its end, or the sandbox is not the same any more, it looks all the same.
    public var trustsBaseline = false
    /// Whether fingerprints are ignored and content is always compared.
    public var comparesAllContent = false
    /// Whether the destination becomes the source's exact image: differing entries overwritten, extra ones deleted.
    public var mirrors = false
    /// Whether not even fifos, sockets and devices at the destination are left.
    package var removesSpecials = false
    /// Whether anything may be deleted at all.
    public var deletes = true
    /// What would otherwise make the sync halt.
    public var overrides = HaltOverrides()
    /// What a pull does with entries that differ on both sides.
    public var conflicts = ConflictPolicy.keepLocal
    /// Paths that a pull lets in although they would be held for review.
    public var allowedHeld = PreservePatterns(IgnorePatternList())
    /// Who new entries belong to; needs root.
    ///
    /// Nil: who the destination belongs to.
    public var owner: FileOwner?
    /// Whether to stop after the plan.
    public var isDryRun = false
    /// Whether a sync keeps its plan, and a pull what it fetched, instead of changing anything.
    var keepsPlan = false
    /// Whether a pull changes the workspace without a journal, see ``UnjournaledApply``: for measuring what that costs, and for nothing else.
    package var skipsJournal = false
    /// How it is found out what a file system does with names.
    var probesNames: @Sendable (OpenDirectory, _ stateDirectory: [UInt8]?) throws(SyncError) -> any NameProbe =
        FoldingProbe.make
    /// What a push may do at most; nil for whatever it finds.
    var approvedPush: ApprovedPush?
    /// Whether each changed entry is told to the observer; conflicts and held entries always are.
    public var reportsItems = true
    /// Whether directories on other file systems are left out.
    public var staysOnOneFileSystem = false
    /// Whether a SHA-256 is taken of each file's content as it streams, for the report of items.
    public var takesDigests = false
    /// The most bytes a second that are read from the source; nil for no limit.
    public var bandwidthLimit: Int?
    /// What a push does about files that look like secrets.
    public var secrets = SecretPolicy.warn
    /// How a stream to or from a sandbox is compressed on its way.
    public var compression = TransferCompression.automatic
    /// How long a stream may keep silent before the sync gives up; nil for ever.
    public var idleTimeout: Duration?
    /// What an archive may make Ferry do.
    public var limits = ArchiveLimits()
    /// The directory that holds Ferry's state, by its path; nil: what is staged lies beside the workspace, the sandbox's versions
    /// of conflicting and held entries are not kept, and nothing can be undone.
    public var stateDirectory: [UInt8]?
    /// Whether the listings of directories are kept in the state directory, so that the next scan reads only those that changed.
    var remembersListings = true
    /// How many runs of a workspace can be undone; 0: nothing is kept for that.
    public var undoKeep = 10
    /// Whether an undo goes on where something is not any more as the run left it, and a stored version takes the place of one that
    /// was edited since its conflict was found.
    public var undoesNewerEdits = false
    /// Whether a pull waits for the disk before and after it changes the workspace.
    ///
    /// Without, a kill is still recovered from, a power failure may not be.
    public var flushes = true
    /// How long to wait for another sync of the same workspace or endpoint to end.
    public var lockWait = Duration.seconds(30)
    /// The number of threads.
    public var threads = TreeScanner.defaultThreads

    /// The number of threads that make files on this machine.
    ///
    /// Two threads that make files in one directory wait for each other's block of the inode table to be read; with twice as many
    /// as cores, somebody else runs meanwhile.
    var writingThreads: Int { threads * 2 }

    /// Sets the limits on what comes from the other side.
    ///
    /// - Parameters:
    ///   - entries: The most entries; nil leaves what is set.
    ///   - bytes: The most bytes of content; nil leaves what is set.
    ///   - depth: The deepest path; nil leaves what is set.
    public mutating func limit(entries: Int?, bytes: Int?, depth: Int?) {
        if let entries { limits.entries = Int64(entries) }
        if let bytes { limits.contentBytes = Int64(bytes) }
        if let depth { limits.depth = depth }
    }

    /// The rules given, as a baseline keeps them.
    var recordedRules: RecordedRules {
        var recorded = RecordedRules()
        recorded.defaults = rules.defaults
        recorded.usesGitignore = usesGitignore
        recorded.patterns = rules.commandLine
        for pattern in preserve.list.patterns where pattern.origin.kind == .commandLine {
            recorded.preserves.append(pattern)
        }
        return recorded
    }

    /// A digest of all rules that were in force; nil where a list of paths was one of them.
    func digest(of rules: IgnoreRules) -> [UInt8]? {
        guard selection == nil else { return nil }
        var hash = SHA256()
        func add(_ bytes: [UInt8]) {
            hash.update(data: Array("\(bytes.count):".utf8))
            hash.update(data: bytes)
        }
        add(recordedRules.encoded)
        add([staysOnOneFileSystem ? 1 : 0])
        for pattern in rules.configuration.patterns { add(pattern.text) }
        // Scans in parallel find them in any order.
        let files = rules.directoryFiles.map { ([$0.kind.rawValue] + $0.directory, $0.patterns.patterns) }
        for (place, patterns) in files.sorted(by: { $0.0.lexicographicallyPrecedes($1.0) }) {
            add(place)
            for pattern in patterns { add(pattern.text) }
        }
        return Array(hash.finalize())
    }

    /// Makes the default options.
    public init() {}
}
