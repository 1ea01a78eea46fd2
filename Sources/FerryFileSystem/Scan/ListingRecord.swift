import FerryCore

/// What one worker of a scan leaves of its directories' listings for the next scan.
struct ListingRecord: Sendable {
    /// The listings that were taken from memory.
    private(set) var taken: [Range<Int>] = []
    /// The listings that were read anew, encoded; none runs over the end of its piece.
    private(set) var pieces: [[UInt8]] = []
    /// The directories and entries of each.
    private(set) var takenEntries = 0
    private(set) var newEntries = 0
    private(set) var newListings = 0

    private static let pieceLength = 64 << 10
    /// How many entries of a tree there are to one that was listed anew, when it is time to write all listings again.
    ///
    /// Writing all of them costs as much as reading some hundredth of the directories: an edit now and then is not worth it.
    private static let worthwhilePart = 32

    /// Notes that a listing was still right.
    mutating func note(_ listing: KnownListings.Listing) {
        taken.append(listing.range)
        takenEntries += 1 + listing.count
    }

    /// Notes what was listed anew.
    ///
    /// - Parameters:
    ///   - reader: What was listed.
    ///   - status: The directory's metadata, read before it was listed.
    mutating func note(_ reader: borrowing DirectoryReader, _ status: EntryStatus) {
        newEntries += 1 + reader.count
        newListings += 1
        if pieces.last.map({ $0.count >= Self.pieceLength }) ?? true { pieces.append([]) }
        let last = pieces.count - 1
        if pieces[last].isEmpty { pieces[last].reserveCapacity(Self.pieceLength + Self.pieceLength / 8) }
        pieces[last].append(number: status.device)
        pieces[last].append(number: status.inode)
        for time in [status.mtime, status.ctime] {
            pieces[last].append(number: time.seconds)
            pieces[last].append(number: time.nanoseconds)
        }
        pieces[last].append(number: UInt32(truncatingIfNeeded: reader.count))
        pieces[last].append(number: UInt32(truncatingIfNeeded: reader.namesLength))
        reader.encode(into: &pieces[last])
    }

    /// Whether enough was listed anew to write all listings again.
    ///
    /// - Parameters:
    ///   - records: What the workers noted.
    ///   - minimum: How many entries a tree must have.
    /// - Returns: Whether it is worth it.
    static func isWorthWriting(_ records: [ListingRecord], minimum: Int) -> Bool {
        let new = records.reduce(0) { $0 + $1.newEntries }
        let all = records.reduce(new) { $0 + $1.takenEntries }
        return new > 0 && all >= minimum && new * worthwhilePart >= all
    }
}

extension ScanStamp {
    /// Whether a directory was at rest before the scan, so that its next change gives it another ctime.
    func trusts(listingOf status: EntryStatus) -> Bool {
        // Inodes of 128 bytes, as ext3 made them, have times of whole seconds.
        let isCoarse = status.ctime.nanoseconds == 0
        let stamp = isCoarse ? ScanStamp(start: start, granularity: granularity + 1_000_000_000) : self
        return stamp.trusts(mtime: status.mtime, ctime: status.ctime)
    }
}
