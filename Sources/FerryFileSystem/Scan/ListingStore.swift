import Crypto
import FerryCore
import SystemPackage

/// Keeps the listings of trees' directories on disk: one file for each tree, below `listings` in the state directory.
///
/// It is a cache, and nobody misses it: a file that is damaged, cut, of another version or not readable is none, and one that cannot
/// be written is not. It is written beside its name and renamed, but not synced; the checksum tells what a crash left.
package struct ListingStore: Sendable {
    /// The directory that holds the files.
    private let path: [UInt8]
    /// Whether what a scan finds is written, or only what is there is read.
    let isWritten: Bool
    private let minimumEntries: Int

    private static let directoryName = Array("/listings".utf8)
    private static let suffix = Array(".listing".utf8)
    /// Some sixty million entries take; a larger file is not one of ours.
    private static let maximumLength = 1 << 30
    private static let pieceLength = 256 << 10

    /// Prepares; nothing is made yet.
    ///
    /// - Parameters:
    ///   - stateDirectory: The directory for Ferry's state.
    ///   - isWritten: Whether what a scan finds is written.
    ///   - minimumEntries: How many entries a tree must have; a smaller one is read sooner than a file about it.
    package init(in stateDirectory: [UInt8], isWritten: Bool, minimumEntries: Int = 500) {
        path = stateDirectory + Self.directoryName
        self.isWritten = isWritten
        self.minimumEntries = minimumEntries
    }

    /// The path of the file for a tree.
    ///
    /// - Parameter root: The tree's root.
    /// - Returns: The path.
    /// - Throws: Why the root's real path cannot be found.
    func path(for root: OpenDirectory) throws(Errno) -> [UInt8] {
        path + [RelativePath.separator] + Self.fileName(try RootDirectory.realPath(of: root))
    }

    /// Reads the listings of a tree.
    ///
    /// - Parameter root: The tree's root.
    /// - Returns: The listings; nil when there are none that can be used.
    func load(_ root: OpenDirectory) -> KnownListings? {
        guard let name = try? Self.name(Self.fileName(RootDirectory.realPath(of: root))),
            let directory = try? DirectoryHandle(path: path),
            let content = try? Self.read(name, in: directory)
        else { return nil }
        return KnownListings(content)
    }

    /// Writes the listings of a tree, if that is worth it.
    ///
    /// - Parameters:
    ///   - records: What the workers of a scan noted.
    ///   - known: The listings that they took some of.
    ///   - root: The tree's root.
    func save(_ records: [ListingRecord], known: KnownListings?, of root: OpenDirectory) {
        guard isWritten, ListingRecord.isWorthWriting(records, minimum: minimumEntries) else { return }
        guard let head = ListingHead(records, known: known), head.totalLength <= Self.maximumLength else { return }
        // Whoever cannot keep them reads the directories again the next time.
        try? write(head, records, known, of: root)
    }

    private func write(
        _ head: ListingHead, _ records: [ListingRecord], _ known: KnownListings?, of root: OpenDirectory
    ) throws {
        let fileName = Self.fileName(try RootDirectory.realPath(of: root))
        try RootDirectory.createWithParents(path)
        let directory = try DirectoryHandle(path: path)
        // Pushes of one workspace into several sandboxes may write at once: at worst, one renames what the other has begun, and the
        // checksum refuses it.
        let temporary = try Self.name(ReservedNames.temporaryPrefix + fileName)
        do {
            var output = ListingOutput(try directory.createFileAnew(temporary, mode: 0o600))
            try output.write(head.bytes[...])
            for record in records {
                if let known { for range in record.taken { try output.write(known.bytes[range]) } }
                for piece in record.pieces { try output.write(piece[...]) }
            }
            try output.finish()
            try directory.rename(temporary, to: directory, as: try Self.name(fileName))
        } catch {
            try? directory.removeFile(temporary)
            throw error
        }
    }

    private static func fileName(_ key: [UInt8]) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return SHA256.hash(data: key).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + suffix
    }

    private static func name(_ bytes: [UInt8]) throws(Errno) -> TerminatedName {
        do throws(RelativePathError) {
            return try TerminatedName(bytes)
        } catch {
            throw .invalidArgument
        }
    }

    /// Reads a file whose checksum is right; nil for any other.
    private static func read(_ name: TerminatedName, in directory: borrowing DirectoryHandle) throws(Errno) -> [UInt8]?
    {
        let file = try directory.openFile(name)
        let status = try file.status()
        guard status.kind == .file, status.size <= maximumLength, status.size >= ListingLayout.checksum else {
            return nil
        }
        var content = [UInt8](repeating: 0, count: Int(status.size))
        let body = content.count - ListingLayout.checksum
        var hash = SHA256()
        var filled = 0
        while filled < content.count {
            let count = try fill(&content, filled..<min(filled + pieceLength, content.count), from: file)
            if count == 0 { return nil }
            // While it is in the cache.
            if filled < body { hash.update(data: content[filled..<min(filled + count, body)]) }
            filled += count
        }
        return hash.finalize().elementsEqual(content[body...]) ? content : nil
    }

    private static func fill(
        _ content: inout [UInt8], _ range: Range<Int>, from file: borrowing FileHandle
    ) throws(Errno) -> Int {
        var all = content.mutableSpan
        var window = all._mutatingExtracting(range)
        return try file.read(into: &window)
    }
}

/// What comes before the listings in a file of them: what it is, how much there is, and where each one is.
struct ListingHead {
    let bytes: [UInt8]
    /// The length of the whole file.
    let totalLength: Int

    /// Looks through what the workers of a scan noted, in the order in which it is written.
    ///
    /// Nil: there is more than places can be told for.
    init?(_ records: [ListingRecord], known: KnownListings?) {
        let count = records.reduce(0) { $0 + $1.taken.count + $1.newListings }
        var table = [UInt32](repeating: 0, count: ListingLayout.slotCount(for: count))
        var length = 0
        func add(_ bytes: [UInt8], at start: Int) {
            let inode = bytes.number(at: start + ListingLayout.inodeAt, as: UInt64.self)
            var slot = ListingLayout.hash(inode) & (table.count - 1)
            // Half of them stay free.
            while table[slot] != 0 { slot = (slot + 1) & (table.count - 1) }
            table[slot] = UInt32(clamping: length + 1)
        }
        for record in records {
            if let known {
                for range in record.taken {
                    add(known.bytes, at: range.lowerBound)
                    length += range.count
                }
            }
            for piece in record.pieces {
                var start = 0
                while start < piece.count {
                    add(piece, at: start)
                    let size = ListingLayout.blockLength(in: piece, at: start)
                    start += size
                    length += size
                }
            }
        }
        guard let length = UInt32(exactly: length), let listings = UInt32(exactly: count) else { return nil }
        var bytes = ListingLayout.magic
        bytes.reserveCapacity(ListingLayout.head + table.count * ListingLayout.slot)
        bytes.append(number: ListingLayout.version)
        bytes.append(number: listings)
        bytes.append(number: length)
        for slot in table { bytes.append(number: slot) }
        self.bytes = bytes
        totalLength = bytes.count + Int(length) + ListingLayout.checksum
    }
}

/// Writes a file in pieces of some size, and its checksum at the end.
private struct ListingOutput: ~Copyable {
    private let file: FileHandle
    private var hash = SHA256()
    private var buffer: [UInt8] = []

    private static let bufferLength = 64 << 10

    init(_ file: consuming FileHandle) { self.file = file }

    mutating func write(_ bytes: ArraySlice<UInt8>) throws(Errno) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferLength { try flush() }
    }

    mutating func finish() throws(Errno) {
        try flush()
        try file.write(Array(hash.finalize()).span)
    }

    private mutating func flush() throws(Errno) {
        hash.update(data: buffer)
        try file.write(buffer.span)
        buffer.removeAll(keepingCapacity: true)
    }
}
