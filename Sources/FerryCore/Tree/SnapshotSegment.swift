/// The part of a snapshot that one worker of a scan writes.
///
/// A directory's children are appended together and sorted, so they are contiguous. What is only learnt when a directory is
/// opened (its own status, its children) goes into a list of amendments where the directory's record belongs to another
/// worker; ``Snapshot/init(merging:)`` carries them out.
public struct SnapshotSegment: Sendable {
    struct Amendment: Sendable {
        var directory: EntryID
        var status: EntryStatus?
        var firstChild: EntryID
        var childCount: Int
        var flags: EntryFlags
    }

    let number: Int
    var records = EntryRecords()
    var arena = ByteArena()
    var amendments: [Amendment] = []
    /// Files with several names: (device index, inode, entry).
    var severalNames: [EntryID] = []
    var devices: [UInt64] = []
    /// The sum of the sizes of all files, each name counted.
    private(set) var byteCount: Int64 = 0

    /// The most segments one snapshot can have.
    public static let maximumCount = 1 << (32 - EntryID.indexBits)

    /// Makes an empty segment.
    ///
    /// - Parameter number: Its number within the snapshot, below ``maximumCount``.
    public init(number: Int) {
        precondition(number >= 0 && number < SnapshotSegment.maximumCount)
        self.number = number
    }

    /// Where the next appended entry goes.
    public var nextID: EntryID { EntryID(segment: number, index: records.count) }

    /// Adds an entry.
    ///
    /// The children of one directory must be added together, sorted by their names' bytes.
    ///
    /// - Parameters:
    ///   - name: The entry's name, one component of at most 255 bytes; empty for the root.
    ///   - parent: The directory that holds it.
    ///   - status: Its metadata, as far as it is known already.
    ///   - target: A symbolic link's target.
    ///   - flags: What else is known.
    /// - Returns: The entry's place.
    @discardableResult
    public mutating func append(
        name: ArraySlice<UInt8>, parent: EntryID, status: EntryStatus, target: ArraySlice<UInt8> = [],
        flags: EntryFlags = []
    ) -> EntryID {
        append(name: name.span, parent: parent, status: status, target: target.span, flags: flags)
    }

    /// Adds an entry whose name lies in somebody's buffer.
    ///
    /// - Parameters:
    ///   - name: The entry's name, one component of at most 255 bytes; empty for the root.
    ///   - parent: The directory that holds it.
    ///   - status: Its metadata, as far as it is known already.
    ///   - target: A symbolic link's target.
    ///   - flags: What else is known.
    /// - Returns: The entry's place.
    @discardableResult
    public mutating func append(
        name: Span<UInt8>, parent: EntryID, status: EntryStatus, target: Span<UInt8>, flags: EntryFlags
    ) -> EntryID {
        let id = nextID
        var record = EntryRecord()
        record.nameOffset = arena.append(name)
        record.nameLength = UInt8(name.count)
        record.parent = parent.rawValue
        record.flags = flags
        if status.kind == .symlink {
            record.link = arena.append(target)
            record.count = UInt32(target.count)
        }
        set(status, in: &record, id: id)
        records.append(record)
        if status.kind == .file { byteCount = byteCount.addingUpTo(max: status.size) }
        return id
    }

    /// Says what a directory holds and what it is, once it has been opened.
    ///
    /// - Parameters:
    ///   - directory: The directory, of any segment.
    ///   - status: Its metadata, if it was read.
    ///   - firstChild: Its first child, in this segment.
    ///   - childCount: The number of its children.
    ///   - flags: What else is known; added to its flags.
    public mutating func amend(
        directory: EntryID, status: EntryStatus?, firstChild: EntryID, childCount: Int, flags: EntryFlags = []
    ) {
        let amendment = Amendment(
            directory: directory, status: status, firstChild: firstChild, childCount: childCount, flags: flags)
        if directory.segment == number { carryOut(amendment) } else { amendments.append(amendment) }
    }

    /// Carries out an amendment of one of its own directories.
    mutating func carryOut(_ amendment: Amendment) {
        var record = records[amendment.directory.index]
        if let status = amendment.status { set(status, in: &record, id: amendment.directory) }
        record.link = amendment.firstChild.rawValue
        record.count = UInt32(amendment.childCount)
        record.flags.formUnion(amendment.flags)
        records[amendment.directory.index] = record
    }

    mutating func set(_ status: EntryStatus, in record: inout EntryRecord, id: EntryID) {
        record.kind = status.kind
        record.mode = status.mode
        record.mtime = status.mtime
        record.ctime = status.ctime
        record.inodeNumber = status.inode
        record.device = index(ofDevice: status.device)
        switch status.kind {
        case .file:
            record.size = status.size
            record.link = id.rawValue
            if status.allocatedSize < status.size { record.flags.insert(.hasHoles) }
            if status.linkCount > 1 {
                record.flags.insert(.hasSeveralNames)
                severalNames.append(id)
            }
        case .symlink: record.size = Int64(record.count)
        default: record.size = 0
        }
    }

    /// The most devices that are told apart.
    static let mostDevices = 31

    /// A tree rarely spans more than a few devices; past 31 they share a number that names none, which costs the detection of hard
    /// links there.
    private mutating func index(ofDevice device: UInt64) -> UInt8 {
        if let index = devices.lastIndex(of: device) { return UInt8(index) }
        guard devices.count < Self.mostDevices else { return UInt8(Self.mostDevices) }
        devices.append(device)
        return UInt8(devices.count - 1)
    }
}

extension Int64 {
    /// The sum, or the largest number there is: a listing that lies may name any size.
    func addingUpTo(max other: Int64) -> Int64 {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}
