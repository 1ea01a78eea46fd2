/// What a baseline knows of one path.
public struct BaselineEntry: Sendable, Equatable {
    /// What both sides last agreed that it is.
    public var kind: EntryKind
    /// The nine permission bits.
    public var mode: UInt16
    /// The size of a file; 0 for everything else.
    public var size: Int64
    /// When the content last changed.
    ///
    /// Never a reason to do anything: each side's own time is in its fingerprint.
    public var mtime: Timestamp
    /// A symbolic link's target.
    public var target: ArraySlice<UInt8>
    /// Entries with the same number above 0 are names of one file.
    public var linkGroup: UInt32
    /// What the workspace's entry looked like; nil when it is not the agreed one, or was racy.
    public var local: Fingerprint?
    /// What the sandbox's entry looked like; nil when it is not the agreed one, or was racy.
    public var remote: Fingerprint?
    /// The SHA-256 of a file's content, where one was taken in passing; else empty.
    public var digest: ArraySlice<UInt8>
    /// A digest of what an index of git says, without what git only remembers to be faster; empty for every other file.
    public var indexDigest: ArraySlice<UInt8>
    /// What else is known.
    public var flags: BaselineFlags

    /// Makes an entry.
    public init(
        kind: EntryKind, mode: UInt16 = 0, size: Int64 = 0, mtime: Timestamp = Timestamp(seconds: 0),
        target: ArraySlice<UInt8> = [], linkGroup: UInt32 = 0, local: Fingerprint? = nil, remote: Fingerprint? = nil,
        digest: ArraySlice<UInt8> = [], indexDigest: ArraySlice<UInt8> = [], flags: BaselineFlags = []
    ) {
        self.kind = kind
        self.mode = mode
        self.size = size
        self.mtime = mtime
        self.target = target
        self.linkGroup = linkGroup
        self.local = local
        self.remote = remote
        self.digest = digest
        self.indexDigest = indexDigest
        self.flags = flags
    }

    /// The number of bytes of a digest.
    public static let digestLength = 32

    /// Whether one side at least still has the content of this entry in a later one.
    func isUntouched(in later: BaselineEntry) -> Bool {
        guard size == later.size else { return false }
        return (local != nil && local == later.local) || (remote != nil && remote == later.remote)
    }

    /// The entry of a snapshot as the agreed one, without fingerprints.
    public init(agreeing id: EntryID, in snapshot: Snapshot, linkGroup: UInt32 = 0, flags: BaselineFlags = []) {
        let record = snapshot[id]
        self.init(
            kind: record.kind, mode: record.mode, size: record.kind == .file ? record.size : 0, mtime: record.mtime,
            target: record.kind == .symlink ? snapshot.target(of: id) : [], linkGroup: linkGroup, flags: flags)
    }
}

/// Facts about a baseline's entry.
public struct BaselineFlags: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8

    /// Wraps bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The entry was in the sandbox before the first sync.
    ///
    /// It and all below it is never deleted, fetched or counted.
    public static let foreign = BaselineFlags(rawValue: 1 << 0)
    /// A push that did not come to its end wrote it or was about to: it is Ferry's own, neither stops a push nor is pulled.
    public static let pushUnderWay = BaselineFlags(rawValue: 1 << 1)
    /// With ``pushUnderWay``: the same holds for all below it.
    public static let ownsBelow = BaselineFlags(rawValue: 1 << 2)
    /// Held for review and not in the workspace: pushes leave it alone in the sandbox.
    public static let held = BaselineFlags(rawValue: 1 << 3)
    /// The file kept changing while it was sent.
    public static let unstable = BaselineFlags(rawValue: 1 << 4)

    /// All that are defined.
    static let all: BaselineFlags = [.foreign, .pushUnderWay, .ownsBelow, .held, .unstable]
}

/// One entry of a directory of a baseline.
public struct BaselineItem: Sendable, Equatable {
    /// The name.
    public var name: ArraySlice<UInt8>
    /// What is known of it.
    public var entry: BaselineEntry
    /// What is inside, for a directory that holds something.
    public var directory: BaselineDirectory?
}

/// A directory of one ``Baseline``.
public struct BaselineDirectory: Sendable, Hashable {
    /// Where its block begins.
    let offset: Int
}
