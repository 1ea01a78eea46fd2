/// What a snapshot keeps of one entry, without its name's bytes; ``EntryRecords`` packs it into 48 bytes.
public struct EntryRecord: Sendable {
    /// The size of a file in bytes, of a symbolic link's target; 0 for everything else.
    public internal(set) var size: Int64 = 0
    var inodeNumber: UInt64 = 0
    /// When the content last changed.
    public internal(set) var mtime = Timestamp(seconds: 0)
    /// When anything about the entry last changed.
    public internal(set) var ctime = Timestamp(seconds: 0)
    var nameOffset: UInt32 = 0
    /// The directory that holds the entry, as a raw ``EntryID``.
    var parent: UInt32 = 0
    /// Directory: the first child, as a raw ``EntryID``.
    ///
    /// Symbolic link: the target's place in the arena. File: the first name of its hard-link group, as a raw
    /// ``EntryID``, or itself.
    var link: UInt32 = 0
    /// Directory: the number of children.
    ///
    /// Symbolic link: the target's length.
    var count: UInt32 = 0
    /// The nine permission bits.
    public internal(set) var mode: UInt16 = 0
    var device: UInt8 = 0
    /// What the entry is.
    public internal(set) var kind: EntryKind = .unknown
    var nameLength: UInt8 = 0
    /// What else is known of it.
    public internal(set) var flags: EntryFlags = []

    init() {}
}

/// Facts about an entry that are not part of its stat; a record has room for seven.
public struct EntryFlags: OptionSet, Sendable {
    /// The bits.
    public let rawValue: UInt8

    /// Wraps bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The entry, or the directory's listing, could not be read: what it is on this side is unknown, never absent.
    public static let unreadable = EntryFlags(rawValue: 1 << 0)
    /// The directory holds something excluded, skipped or unreadable itself; it must not be removed or change its kind.
    public static let holdsUnlisted = EntryFlags(rawValue: 1 << 1)
    /// The file has several names on disk.
    public static let hasSeveralNames = EntryFlags(rawValue: 1 << 2)
    /// The file occupies less than its size on disk.
    public static let hasHoles = EntryFlags(rawValue: 1 << 3)
    /// The file or link is not to be deleted for being absent on the other side (`--preserve-absent`).
    public static let isPreserved = EntryFlags(rawValue: 1 << 4)
    /// The content is not the same on every read.
    ///
    /// No scan sets it in this version.
    public static let isUnstable = EntryFlags(rawValue: 1 << 5)
    /// The directory is only implied by the paths below it: nothing is known of its mode and time.
    public static let hasNoMetadata = EntryFlags(rawValue: 1 << 6)
}

/// Names an entry within one ``Snapshot``.
public struct EntryID: Hashable, Sendable {
    /// Segment in the upper bits, index in the lower.
    package let rawValue: UInt32

    static let indexBits = 27

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    init(segment: Int, index: Int) { rawValue = UInt32(segment << EntryID.indexBits | index) }

    package var segment: Int { Int(rawValue >> EntryID.indexBits) }
    package var index: Int { Int(rawValue & (1 << EntryID.indexBits - 1)) }

    /// The entry that follows in the same directory, if there is one.
    func advanced(by distance: Int) -> EntryID { EntryID(rawValue: rawValue + UInt32(distance)) }
}

/// The metadata of one entry as `stat` gives it, before it goes into a snapshot.
public struct EntryStatus: Sendable, Equatable {
    /// What the entry is.
    public var kind: EntryKind
    /// The nine permission bits.
    public var mode: UInt16
    /// The size in bytes.
    public var size: Int64
    /// When the content last changed.
    public var mtime: Timestamp
    /// When anything about it last changed.
    public var ctime: Timestamp
    /// The inode number.
    public var inode: UInt64
    /// The device that holds it.
    public var device: UInt64
    /// How many names it has.
    public var linkCount: UInt64
    /// What it occupies on disk, in bytes.
    public var allocatedSize: Int64

    /// Makes a status of its parts.
    public init(
        kind: EntryKind, mode: UInt16 = 0, size: Int64 = 0, mtime: Timestamp = Timestamp(seconds: 0),
        ctime: Timestamp = Timestamp(seconds: 0), inode: UInt64 = 0, device: UInt64 = 0, linkCount: UInt64 = 1,
        allocatedSize: Int64 = .max
    ) {
        self.kind = kind
        self.mode = mode
        self.size = size
        self.mtime = mtime
        self.ctime = ctime
        self.inode = inode
        self.device = device
        self.linkCount = linkCount
        self.allocatedSize = allocatedSize
    }
}
