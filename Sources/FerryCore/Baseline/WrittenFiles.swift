/// What a file that was written has of its own: everything else it has of the source's.
public struct WrittenFile: Sendable {
    // The large numbers first, so that one takes 24 bytes.
    private let inode: UInt64
    private let ctimeSeconds: Int64
    private let ctimeNanoseconds: UInt32
    /// The entry in the plan's source.
    public let id: EntryID

    /// Makes one.
    ///
    /// - Parameters:
    ///   - id: The entry in the plan's source.
    ///   - inode: The file's inode number.
    ///   - ctime: When anything about it last changed.
    public init(_ id: EntryID, inode: UInt64, ctime: Timestamp) {
        self.id = id
        self.inode = inode
        ctimeSeconds = ctime.seconds
        ctimeNanoseconds = ctime.nanoseconds
    }

    fileprivate func fingerprint(in source: Snapshot, device: UInt64) -> Fingerprint {
        var print = Fingerprint(of: id, in: source)
        print.inode = inode
        print.device = device
        print.ctime = Timestamp(seconds: ctimeSeconds, nanoseconds: ctimeNanoseconds)
        return print
    }
}

/// The files that were written and are just like the source's, all on one device.
public struct WrittenFiles: Sendable {
    /// What each worker wrote, in the order of the source's entries.
    private var parts: [[WrittenFile]] = []
    /// The device that they are on.
    public var device: UInt64 = 0

    /// None yet.
    public init() {}

    /// Adds what one worker wrote; no file was written by two.
    public mutating func append(_ part: consuming [WrittenFile]) {
        part.sort { $0.id.rawValue < $1.id.rawValue }
        parts.append(part)
    }

    /// What a file that was written looked like right after it; nil for any other.
    ///
    /// - Parameters:
    ///   - id: The entry in the source.
    ///   - source: The plan's source.
    /// - Returns: The fingerprint.
    func fingerprint(of id: EntryID, in source: Snapshot) -> Fingerprint? {
        for part in parts {
            var (low, high) = (0, part.count)
            while low < high {
                let middle = (low + high) / 2
                if part[middle].id.rawValue < id.rawValue { low = middle + 1 } else { high = middle }
            }
            if low < part.count, part[low].id == id { return part[low].fingerprint(in: source, device: device) }
        }
        return nil
    }
}
