import CFerryShims
import FerryCore
import Glibc
import SystemPackage

/// Lists directories with `getdents64(2)` into a buffer that is reused.
@safe
struct DirectoryReader: ~Copyable {
    // SAFETY: allocated in init, freed in deinit, never handed out.
    private let buffer: UnsafeMutableRawBufferPointer
    /// Names, one behind the other, each with a NUL.
    private var names: [UInt8] = []
    private var places: [Place] = []

    private struct Place {
        var start: Int
        var length: Int
        var type: UInt8
        /// The first bytes of the name as a number that is ordered as they are: it decides nearly every comparison.
        var key: UInt64

        init(start: Int, name: UnsafeRawBufferPointer, type: UInt8) {
            self.start = start
            length = name.count
            self.type = type
            var key: UInt64 = 0
            for index in 0..<8 { key = unsafe key << 8 | (index < name.count ? UInt64(name[index]) : 0) }
            self.key = key
        }

        /// One that is in order already.
        init(start: Int, length: Int, type: UInt8) {
            self.start = start
            self.length = length
            self.type = type
            key = 0
        }
    }

    /// 64 KiB hold some 1,500 entries; larger buffers measured no faster.
    private static let bufferSize = 64 << 10
    /// The longest record: header, 255 bytes of name, NUL, padding.
    ///
    /// A listing that leaves more room than this has ended, where the file system is one that fills the buffer.
    private static let longestRecord = 280
    private static let recordHeader = 19

    init() {
        unsafe buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferSize, alignment: 16)
    }

    deinit { unsafe buffer.deallocate() }

    /// Reads a directory's entries, `.` and `..` apart, sorted by name.
    ///
    /// - Parameters:
    ///   - directory: The directory; it is read from its beginning once.
    ///   - fillsBuffer: Whether its file system returns a short listing only at the end, which saves a call.
    /// - Throws: Why it cannot be read.
    mutating func read(_ directory: borrowing DirectoryHandle, fillsBuffer: Bool) throws(Errno) {
        names.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        while true {
            let count = Int(
                try systemCall { unsafe ferry_getdents64(directory.descriptor, buffer.baseAddress, buffer.count) })
            if count == 0 { break }
            collect(count)
            if unsafe fillsBuffer && count < buffer.count - Self.longestRecord { break }
        }
        sort()
    }

    /// Takes the entries of a directory from an earlier listing of it, in place of reading it.
    ///
    /// - Parameters:
    ///   - listing: The listing.
    ///   - known: All listings.
    /// - Returns: Whether it is one; where it is not, the directory has to be read.
    mutating func take(_ listing: KnownListings.Listing, of known: KnownListings) -> Bool {
        names.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        names.append(contentsOf: known.bytes[listing.names])
        places.reserveCapacity(listing.count)
        var start = 0
        for head in stride(from: listing.heads.lowerBound, to: listing.heads.upperBound, by: 2) {
            let length = Int(known.bytes[head + 1])
            guard length > 0, start + length < names.count, names[start + length] == 0 else { return false }
            if length <= 2, Self.isDots(names[start..<(start + length)]) { return false }
            places.append(Place(start: start, length: length, type: known.bytes[head]))
            start += length + 1
        }
        return start == names.count && Self.areComponents(names, count: listing.count)
    }

    private static func isDots(_ name: ArraySlice<UInt8>) -> Bool { name.allSatisfy { $0 == 0x2E } }

    /// Whether there is one NUL behind each name and no slash in any.
    private static func areComponents(_ names: [UInt8], count: Int) -> Bool {
        var ends = 0
        var slashes = 0
        for byte in names {
            ends &+= byte == 0 ? 1 : 0
            slashes &+= byte == RelativePath.separator ? 1 : 0
        }
        return ends == count && slashes == 0
    }

    /// Appends the entries as ``take(_:of:)`` takes them: kinds and lengths, then names, in order.
    func encode(into bytes: inout [UInt8]) {
        for place in places {
            bytes.append(place.type)
            bytes.append(UInt8(clamping: place.length))
        }
        for place in places { bytes.append(contentsOf: names[place.start...(place.start + place.length)]) }
    }

    /// The length of all names, each with its NUL.
    var namesLength: Int { names.count }

    /// The number of entries.
    var count: Int { places.count }

    /// All names, one behind the other: ``place(at:)`` says where each is.
    ///
    /// Whoever goes through all of a directory holds on to these once, and not to a slice a name.
    var allNames: [UInt8] { names }

    /// Where an entry's name is among all of them; a NUL follows.
    func place(at index: Int) -> Range<Int> { places[index].start..<(places[index].start + places[index].length) }

    /// An entry's name.
    func name(at index: Int) -> TerminatedName {
        let place = places[index]
        return TerminatedName(unchecked: names[place.start...(place.start + place.length)])
    }

    /// Where a name is in the order; nil when there is none such.
    func index(of name: [UInt8]) -> Int? {
        var low = 0
        var high = places.count
        while low < high {
            let middle = (low + high) / 2
            switch order(of: places[middle], beside: name) {
            case 0: return middle
            case ..<0: low = middle + 1
            default: high = middle
            }
        }
        return nil
    }

    private func order(of place: Place, beside name: [UInt8]) -> Int {
        let names = names.span.extracting(place.start..<(place.start + place.length))
        for index in 0..<min(names.count, name.count) where names[index] != name[index] {
            return Int(names[index]) - Int(name[index])
        }
        return names.count - name.count
    }

    /// An entry's kind, where the file system says.
    func kind(at index: Int) -> EntryKind? { EntryKind(directoryEntryType: places[index].type) }

    private mutating func collect(_ count: Int) {
        var offset = 0
        while offset + Self.recordHeader < count {
            let length = unsafe Int(buffer.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
            let type = unsafe buffer[offset + 18]
            let name = unsafe UnsafeRawBufferPointer(
                rebasing: buffer[(offset + Self.recordHeader)..<min(offset + length, count)])
            let size = unsafe name.firstIndex(of: 0) ?? name.count
            offset += max(length, Self.recordHeader)
            let isDots = unsafe size <= 2 && name[0] == 0x2E && (size == 1 || name[1] == 0x2E)
            if size == 0 || isDots { continue }
            let bytes = unsafe UnsafeRawBufferPointer(rebasing: name[..<size])
            unsafe places.append(Place(start: names.count, name: bytes, type: type))
            unsafe names.append(contentsOf: bytes)
            names.append(0)
        }
    }

    private mutating func sort() {
        unsafe names.withUnsafeBufferPointer { bytes in
            places.sort { left, right in
                // A name holds no NUL: one that ends here is smaller than one that goes on.
                if left.key != right.key { return left.key < right.key }
                guard let base = bytes.baseAddress else { return false }
                let order = unsafe memcmp(base + left.start, base + right.start, min(left.length, right.length))
                return order != 0 ? order < 0 : left.length < right.length
            }
        }
    }
}

/// What is known of the file system that a directory lies on.
struct FileSystemTraits: Sendable {
    /// Whether a short listing is always the last.
    let fillsListings: Bool

    /// Whether every change of a directory's names shows in its ctime: so it is with the same file systems.
    ///
    /// They take the time of this machine's kernel for it, and no other machine writes to them.
    var tellsChanges: Bool { fillsListings }

    /// Asks the kernel.
    init(of directory: borrowing DirectoryHandle) {
        // ext2/3/4, tmpfs, XFS, btrfs: their readdir goes on until the buffer is full. FUSE and network file systems need not.
        let known: Set<Int64> = [0xEF53, 0x0102_1994, 0x5846_5342, 0x9123_683E]
        fillsListings = known.contains(ferry_file_system_type(directory.descriptor))
    }
}
