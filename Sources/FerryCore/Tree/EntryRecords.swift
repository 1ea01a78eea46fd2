/// The records of one segment, 48 bytes each: what is rarely needed stands elsewhere.
struct EntryRecords: Sendable {
    private var packed = ChunkedArray<PackedRecord>()
    /// The times of entries with one that a packed record has no room for.
    private var farTimes: [Int: FarTimes] = [:]

    private struct FarTimes: Sendable {
        var mtime: Timestamp
        var ctime: Timestamp
    }

    /// The number of records.
    var count: Int { packed.count }

    /// Adds a record at the end.
    mutating func append(_ record: EntryRecord) {
        let new = PackedRecord(record)
        if new.hasFarTimes { keepTimes(of: record, at: count) }
        packed.append(new)
    }

    /// The record at a position.
    subscript(index: Int) -> EntryRecord {
        @inline(__always) get {
            let packed = packed[index]
            var record = packed.record
            if packed.hasFarTimes { addFarTimes(to: &record, at: index) }
            return record
        }
        set {
            let new = PackedRecord(newValue)
            if new.hasFarTimes {
                keepTimes(of: newValue, at: index)
            } else if packed[index].hasFarTimes {
                farTimes[index] = nil
            }
            packed[index] = new
        }
    }

    private mutating func keepTimes(of record: EntryRecord, at index: Int) {
        farTimes[index] = FarTimes(mtime: record.mtime, ctime: record.ctime)
    }

    @inline(never)
    private func addFarTimes(to record: inout EntryRecord, at index: Int) {
        guard let times = farTimes[index] else { return }
        record.mtime = times.mtime
        record.ctime = times.ctime
    }
}

/// A record as it is kept.
///
/// A directory has children and no size, a symbolic link as many bytes of target as its size says, and a file no count: one number
/// serves for both.
private struct PackedRecord: Sendable {
    private let sizeOrCount: Int64
    private let inode: UInt64
    private let mtime: PackedTime
    private let ctime: PackedTime
    private let nameOffset: UInt32
    private let parent: UInt32
    private let link: UInt32
    /// The kind in 3 bits, the mode in 9, the flags in 7, the device in 5, the length of the name in 8.
    private let bits: UInt32

    init(_ record: EntryRecord) {
        let counts = record.kind == .directory || record.kind == .symlink
        sizeOrCount = counts ? Int64(record.count) : record.size
        inode = record.inodeNumber
        let times = PackedTime(record.mtime).flatMap { mtime in PackedTime(record.ctime).map { (mtime, $0) } }
        (mtime, ctime) = times ?? (.elsewhere, .elsewhere)
        nameOffset = record.nameOffset
        parent = record.parent
        link = record.link
        let nature = UInt32(record.kind.rawValue - 1) | UInt32(record.mode & 0o777) << 3
        bits =
            nature | UInt32(record.flags.rawValue & 0x7F) << 12 | UInt32(record.device & 0x1F) << 19
            | UInt32(record.nameLength) << 24
    }

    var hasFarTimes: Bool { mtime == .elsewhere }

    var record: EntryRecord {
        @inline(__always) get {
            var record = EntryRecord()
            record.kind = EntryKind(rawValue: UInt8(bits & 7) + 1) ?? .unknown
            record.mode = UInt16(bits >> 3 & 0o777)
            record.flags = EntryFlags(rawValue: UInt8(bits >> 12 & 0x7F))
            record.device = UInt8(bits >> 19 & 0x1F)
            record.nameLength = UInt8(bits >> 24)
            switch record.kind {
            case .directory: record.count = UInt32(truncatingIfNeeded: sizeOrCount)
            case .symlink:
                record.count = UInt32(truncatingIfNeeded: sizeOrCount)
                record.size = sizeOrCount
            default: record.size = sizeOrCount
            }
            record.inodeNumber = inode
            record.mtime = mtime.time
            record.ctime = ctime.time
            record.nameOffset = nameOffset
            record.parent = parent
            record.link = link
            return record
        }
    }
}

/// A time from 1901 to 2446, all that ext4 can keep, in eight bytes: 34 bits of seconds, 30 of nanoseconds.
private struct PackedTime: Sendable, Hashable {
    private let bits: UInt64

    private static let first: Int64 = -(1 << 31)
    private static let nanosecondBits: UInt64 = 30

    private init(bits: UInt64) { self.bits = bits }

    /// Stands for a time that is kept elsewhere: nanoseconds that none has.
    static let elsewhere = PackedTime(bits: .max)
    /// Stands for ``Timestamp/unknown``, which all entries of an archive have.
    private static let unknown = PackedTime(bits: .max - 1)

    init?(_ time: Timestamp) {
        if time == .unknown {
            self = .unknown
            return
        }
        let (seconds, overflows) = time.seconds.subtractingReportingOverflow(Self.first)
        guard !overflows, seconds >= 0, seconds < 1 << 34, time.nanoseconds < 1_000_000_000 else { return nil }
        bits = UInt64(seconds) << Self.nanosecondBits | UInt64(time.nanoseconds)
    }

    var time: Timestamp {
        if self == .unknown { return .unknown }
        return Timestamp(
            seconds: Int64(bits >> Self.nanosecondBits) + Self.first,
            nanoseconds: UInt32(bits & (1 << Self.nanosecondBits - 1)))
    }
}
