/// What `stat` said of an entry on one side when both sides agreed on it.
///
/// An entry with the same fingerprint has not been touched since. A changed one says only that something happened: then the
/// content decides.
public struct Fingerprint: Sendable, Hashable {
    /// The nine permission bits.
    public var mode: UInt16
    /// The size in bytes.
    public var size: Int64
    /// When the content last changed.
    public var mtime: Timestamp
    /// When anything about it last changed; no program can set it back.
    public var ctime: Timestamp
    /// The inode number.
    public var inode: UInt64
    /// The device that holds it.
    public var device: UInt64

    /// Makes a fingerprint of its parts.
    public init(mode: UInt16, size: Int64, mtime: Timestamp, ctime: Timestamp, inode: UInt64, device: UInt64) {
        self.mode = mode
        self.size = size
        self.mtime = mtime
        self.ctime = ctime
        self.inode = inode
        self.device = device
    }

    /// The fingerprint of an entry of a snapshot.
    public init(of id: EntryID, in snapshot: Snapshot) {
        let record = snapshot[id]
        self.init(
            mode: record.mode, size: record.size, mtime: record.mtime, ctime: record.ctime,
            inode: record.inodeNumber, device: snapshot.device(of: id))
    }
}

/// From when on the content of a side is known, and how coarse its clock is.
///
/// A file that changed in the same tick as it was looked at (it is *racy*) may change once more without a trace, so its
/// fingerprint is worth nothing and is not recorded.
public struct ScanStamp: Sendable, Hashable {
    /// The time, by the clock of that side's file system, from which on its entries were looked at: the start of the scan,
    /// or of the later reading of content, if a scan after that found the same.
    public var start: Timestamp
    /// How far apart two changes must be to get different times, in nanoseconds.
    public var granularity: Int64

    /// What Linux needs: its file systems take their time from a clock that ticks every 4 or 10 ms.
    public static let usualGranularity: Int64 = 10_000_000

    /// Makes a stamp.
    public init(start: Timestamp, granularity: Int64 = ScanStamp.usualGranularity) {
        self.start = start
        self.granularity = granularity
    }

    /// A stamp that trusts nothing, for a side whose clock is not known.
    public static let never = ScanStamp(start: Timestamp(seconds: .min / 2), granularity: 0)

    /// Whether an entry was at rest before it was looked at.
    public func trusts(mtime: Timestamp, ctime: Timestamp) -> Bool {
        let limit = start.earlier(by: granularity)
        return mtime < limit && ctime < limit
    }
}

extension Timestamp {
    /// The time so many nanoseconds before.
    func earlier(by nanoseconds: Int64) -> Timestamp {
        let whole = nanoseconds / 1_000_000_000
        let rest = Int64(self.nanoseconds) - nanoseconds % 1_000_000_000
        return rest < 0
            ? Timestamp(seconds: seconds &- whole &- 1, nanoseconds: UInt32(rest + 1_000_000_000))
            : Timestamp(seconds: seconds &- whole, nanoseconds: UInt32(rest % 1_000_000_000))
    }
}
