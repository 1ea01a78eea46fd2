import FerryCore

/// The listings of directories as an earlier scan found them, by inode.
///
/// A directory whose device, inode, mtime and ctime are those of its listing still holds the same names of the same kinds: whatever
/// adds, removes, renames or replaces an entry gives the directory a new ctime, which no program can set. A listing is raw: no rule
/// has left anything out of it, so it stays right whatever the rules of the next scan are.
///
/// The bytes are a head, a hash table of listings by inode, and the listings. Nothing in them can make a reader trap or run on: what
/// does not look like a listing is one that is not known.
struct KnownListings: Sendable {
    /// Where a listing's parts are.
    struct Listing {
        /// All of it.
        let range: Range<Int>
        /// The number of entries.
        let count: Int

        /// The kind and the length of the name of each entry, one byte each.
        var heads: Range<Int> {
            (range.lowerBound + ListingLayout.blockHead)..<(range.lowerBound + ListingLayout.blockHead + 2 * count)
        }
        /// The names in their order, each with a NUL.
        var names: Range<Int> { heads.upperBound..<range.upperBound }
    }

    /// The bytes, as they are in the file; the checksum at their end is not looked at here.
    let bytes: [UInt8]
    private let slotMask: Int
    private let blocks: Range<Int>

    /// Takes what was read.
    ///
    /// Nil: these are not the bytes of listings, or those of another version.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= ListingLayout.head, bytes.starts(with: ListingLayout.magic) else { return nil }
        guard bytes.number(at: ListingLayout.versionAt, as: UInt32.self) == ListingLayout.version else { return nil }
        let slots = ListingLayout.slotCount(for: Int(bytes.number(at: ListingLayout.countAt, as: UInt32.self)))
        let length = Int(bytes.number(at: ListingLayout.lengthAt, as: UInt32.self))
        let start = ListingLayout.head + slots * ListingLayout.slot
        guard start + length + ListingLayout.checksum == bytes.count else { return nil }
        self.bytes = bytes
        slotMask = slots - 1
        blocks = start..<(start + length)
    }

    /// The listing of a directory.
    ///
    /// - Parameter status: The directory's metadata, read before anything that is compared with it.
    /// - Returns: Its listing; nil when it is not known, or no longer.
    func listing(of status: EntryStatus) -> Listing? {
        var slot = ListingLayout.hash(status.inode) & slotMask
        for _ in 0...slotMask {
            let place = Int(bytes.number(at: ListingLayout.head + slot * ListingLayout.slot, as: UInt32.self))
            if place == 0 { return nil }
            let start = blocks.lowerBound + place - 1
            guard start + ListingLayout.blockHead <= blocks.upperBound else { return nil }
            if bytes.number(at: start + ListingLayout.inodeAt, as: UInt64.self) == status.inode,
                bytes.number(at: start + ListingLayout.deviceAt, as: UInt64.self) == status.device
            {
                return isCurrent(start, status) ? listing(at: start) : nil
            }
            slot = (slot + 1) & slotMask
        }
        return nil
    }

    private func isCurrent(_ start: Int, _ status: EntryStatus) -> Bool {
        bytes.number(at: start + ListingLayout.ctimeAt, as: Int64.self) == status.ctime.seconds
            && bytes.number(at: start + ListingLayout.ctimeAt + 8, as: UInt32.self) == status.ctime.nanoseconds
            && bytes.number(at: start + ListingLayout.mtimeAt, as: Int64.self) == status.mtime.seconds
            && bytes.number(at: start + ListingLayout.mtimeAt + 8, as: UInt32.self) == status.mtime.nanoseconds
    }

    private func listing(at start: Int) -> Listing? {
        let length = ListingLayout.blockLength(in: bytes, at: start)
        guard length <= blocks.upperBound - start else { return nil }
        return Listing(
            range: start..<(start + length),
            count: Int(bytes.number(at: start + ListingLayout.entriesAt, as: UInt32.self)))
    }
}

/// Where what is in the bytes of listings; all numbers are little-endian.
enum ListingLayout {
    /// Another kind of file never begins with this.
    static let magic = Array("FERRYLST".utf8)
    static let version: UInt32 = 1
    static let versionAt = 8
    /// The number of listings.
    static let countAt = 12
    /// The length of all listings.
    static let lengthAt = 16
    static let head = 20
    /// A place among the listings, counted from 1; 0: none.
    static let slot = 4
    static let checksum = 32

    // A listing: the directory, the number of entries, the length of the names; two bytes for each entry; the names.
    static let deviceAt = 0
    static let inodeAt = 8
    static let mtimeAt = 16
    static let ctimeAt = 28
    static let entriesAt = 40
    static let namesLengthAt = 44
    static let blockHead = 48

    /// A power of two that leaves half of the table empty.
    static func slotCount(for listings: Int) -> Int {
        var slots = 2
        while slots < 2 * listings { slots *= 2 }
        return slots
    }

    /// Inodes made together have numbers side by side: the multiplication spreads them.
    static func hash(_ inode: UInt64) -> Int {
        Int(truncatingIfNeeded: (inode &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    /// How long the listing is that begins at a place, by what it says itself.
    static func blockLength(in bytes: [UInt8], at start: Int) -> Int {
        blockHead + 2 * Int(bytes.number(at: start + entriesAt, as: UInt32.self))
            + Int(bytes.number(at: start + namesLengthAt, as: UInt32.self))
    }
}

extension [UInt8] {
    /// A little-endian number; the caller has seen that so many bytes are there.
    @inline(__always)
    func number<Number: FixedWidthInteger>(at position: Int, as _: Number.Type) -> Number {
        var value: Number = 0
        for index in 0..<(Number.bitWidth / 8) {
            value |= Number(truncatingIfNeeded: self[position + index]) << Number(truncatingIfNeeded: 8 * index)
        }
        return value
    }

    /// Appends a little-endian number.
    @inline(__always)
    mutating func append(number: some FixedWidthInteger) {
        for index in 0..<(number.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: number >> (8 * index)))
        }
    }
}
