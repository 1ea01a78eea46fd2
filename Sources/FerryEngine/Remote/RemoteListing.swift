import FerryCore

/// What a sandbox's directory holds, as the sandbox says and as far as it makes sense.
struct RemoteListing: Sendable {
    /// The tree, without what the rules leave out.
    var snapshot: Snapshot
    /// What could not be read, and what is of a kind that is not carried.
    var problems: [Problem]
    /// The number of entries that the rules left out.
    var excludedCount: Int
    /// Whether everything could be read, or what could not is marked.
    ///
    /// When not, every directory of the tree is marked as unreadable: nothing that is missing counts as absent.
    var isComplete: Bool
    /// The owners of entries that do not belong to the root's owner, by path.
    var owners: [[UInt8]: RemoteOwner]
    /// The root's own status and owner; nil in a listing of chosen paths.
    var root: ListedStatus?
    /// When the sandbox began to list, by its own clock; nil when it did not say.
    var start: Timestamp?

    /// From when on its entries are known.
    ///
    /// Without a clock only what is older than the youngest of them is trusted: that one may change once more in the same tick.
    var stamp: ScanStamp { start.map { ScanStamp(start: $0) } ?? .latest(in: snapshot) }
}

/// What of a listing is looked at.
struct RemoteListingOptions: Sendable {
    /// The workspace's rules; never anything in the sandbox.
    var exclusion = StreamExclusion(rules: IgnoreRules(), selection: nil)
    /// What is not to be deleted for being absent on the other side.
    var preserve = PreservePatterns(IgnorePatternList())
    /// Whether directories on other file systems are left out.
    var staysOnOneFileSystem = false
    /// How much is taken.
    var limits = RemoteLimits()

    init() {}
}
