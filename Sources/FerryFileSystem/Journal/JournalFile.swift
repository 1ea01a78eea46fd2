import Crypto
package import FerryCore
import SystemPackage

/// A journal that was read and found whole.
///
/// Only an index is kept in memory, 16 bytes a directory; the records are read when they are needed.
package final class JournalFile: Sendable {
    /// Whether a directory comes before those below it.
    package let parentsFirst: Bool
    /// The first number that is free aside.
    package let nextSlot: UInt64
    /// The number of changes.
    package let operationCount: Int
    /// When it was finished, by the clock of its file system.
    ///
    /// What has a later ctime was changed afterwards.
    package let stamp: Timestamp

    private let file: FileHandle
    let name: [UInt8]
    private let places: [Place]

    private struct Place: Sendable {
        var offset: Int64
        var size: UInt32
        var isClosed: Bool
    }

    /// Reads a journal to its end and checks it.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - area: Where.
    /// - Throws: ``JournalError`` when it is not exactly what was written.
    package init(_ name: TerminatedName, in area: OpenDirectory) throws(JournalError) {
        let path = Array(name.bytes)
        let file = try journaled("open", path) { () throws(Errno) in try area.handle.openFile(name) }
        let status = try journaled("look at", path) { () throws(Errno) in try file.status() }
        let contentSize = status.size - Int64(JournalCodec.digestSize)
        guard status.kind == .file, contentSize > 0 else { throw .damaged("it is too short") }
        var window = JournalWindow(name: path, size: contentSize)
        try window.checkDigest(of: file)
        let magic = try window.bytes(JournalCodec.magic.count, of: file)
        guard magic == JournalCodec.magic else { throw .damaged("it is not one") }
        let version = try window.number(of: file)
        guard version == JournalCodec.version else { throw .newerVersion(version) }
        parentsFirst = try window.byte(of: file) == 1
        var places: [Place] = []
        var end: [UInt8]?
        while end == nil {
            guard let frame = JournalCodec.Frame(rawValue: try window.byte(of: file)) else {
                throw .damaged("it has an unknown record")
            }
            guard let size = UInt32(exactly: try window.number(of: file)) else {
                throw .damaged("a record is too long")
            }
            if frame == .end {
                end = try window.bytes(Int(size), of: file)
            } else {
                let place = Place(offset: window.position, size: size, isClosed: frame == .closedDirectory)
                places.append(place)
                try window.skip(Int(size))
            }
        }
        guard window.isAtEnd else { throw .damaged("something follows its end") }
        var counts = ByteDecoder(end ?? [])
        guard try counts.number() == UInt64(places.count) else { throw .damaged("a directory is missing") }
        operationCount = Int(clamping: try counts.number())
        nextSlot = try counts.number()
        stamp = status.mtime
        self.name = path
        self.places = places
        self.file = file
    }

    /// The positions of the directories, in the order in which they were written.
    package var indices: Range<Int> { places.indices }

    /// The positions, each directory before those below it.
    package var parentsFirstIndices: [Int] { parentsFirst ? Array(indices) : indices.reversed() }

    /// The positions of the directories that have to be opened, each before those below it.
    package var closedIndices: [Int] { parentsFirstIndices.filter { places[$0].isClosed } }

    /// Reads the record of a directory.
    package func directory(at index: Int) throws(JournalError) -> JournalDirectory {
        let place = places[index]
        let bytes = try journaled("read", name) { () throws(Errno) in
            try read(Int(place.size), at: place.offset)
        }
        return try JournalCodec.decodeDirectory(bytes)
    }

    private func read(_ count: Int, at offset: Int64) throws(Errno) -> [UInt8] {
        try file.bytes(count, at: offset)
    }
}

/// Reads a journal from its beginning in large pieces.
private struct JournalWindow {
    private let name: [UInt8]
    private let size: Int64
    private var buffer: [UInt8] = []
    private var start: Int64 = 0
    private(set) var position: Int64 = 0

    private static let bufferSize: Int64 = 256 << 10

    init(name: [UInt8], size: Int64) {
        self.name = name
        self.size = size
    }

    var isAtEnd: Bool { position == size }

    func checkDigest(of file: borrowing FileHandle) throws(JournalError) {
        var digest = SHA256()
        var offset: Int64 = 0
        while offset < size {
            let piece = try read(file, at: offset, count: min(Self.bufferSize, size - offset))
            digest.update(data: piece)
            offset += Int64(piece.count)
        }
        let expected = try read(file, at: size, count: Int64(JournalCodec.digestSize))
        guard digest.finalize().elementsEqual(expected) else { throw .damaged("its checksum is wrong") }
    }

    mutating func byte(of file: borrowing FileHandle) throws(JournalError) -> UInt8 {
        guard position < size else { throw .damaged("it ends too early") }
        if position < start || position >= start + Int64(buffer.count) {
            buffer = try read(file, at: position, count: min(Self.bufferSize, size - position))
            start = position
        }
        position += 1
        return buffer[Int(position - 1 - start)]
    }

    mutating func bytes(_ count: Int, of file: borrowing FileHandle) throws(JournalError) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(try byte(of: file)) }
        return bytes
    }

    mutating func number(of file: borrowing FileHandle) throws(JournalError) -> UInt64 {
        var bytes: [UInt8] = []
        repeat { bytes.append(try byte(of: file)) } while bytes.count < 10 && (bytes.last ?? 0) >= 0x80
        var decoder = ByteDecoder(bytes)
        return try decoder.number()
    }

    mutating func skip(_ count: Int) throws(JournalError) {
        guard Int64(count) <= size - position else { throw .damaged("a record is too long") }
        position += Int64(count)
    }

    private func read(_ file: borrowing FileHandle, at offset: Int64, count: Int64) throws(JournalError) -> [UInt8] {
        do throws(Errno) {
            return try file.bytes(Int(count), at: offset)
        } catch {
            throw .file(FileSystemError("read", path: name, cause: error))
        }
    }
}

extension FileHandle {
    /// Reads so many bytes from an offset; a file that ends before is an error.
    func bytes(_ count: Int, at offset: Int64) throws(Errno) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: count - bytes.count)
            var span = piece.mutableSpan
            let length = try read(into: &span, at: offset + Int64(bytes.count))
            if length == 0 { throw .ioError }
            if length == count { return piece }
            bytes += piece[..<length]
        }
        return bytes
    }
}
