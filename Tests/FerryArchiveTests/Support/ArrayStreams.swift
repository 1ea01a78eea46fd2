import FerryArchive
import FerryCore

/// Bytes from memory, in pieces of a chosen size.
struct ArraySource: ByteSource {
    var bytes: [UInt8]
    var pieceSize = Int.max
    private var offset = 0

    init(_ bytes: [UInt8], pieceSize: Int = .max) {
        self.bytes = bytes
        self.pieceSize = pieceSize
    }

    mutating func read(into buffer: inout MutableSpan<UInt8>) throws(Never) -> Int {
        let count = min(bytes.count - offset, buffer.count, pieceSize)
        for index in 0..<count { buffer[index] = bytes[offset + index] }
        offset += count
        return count
    }
}

/// A member as a test wants to see it.
struct ReadMember: Equatable {
    var path: String
    var kind: ArchiveMember.Kind
    var mode: UInt16
    var size: Int64
    var mtime: Timestamp
    var content: [UInt8]
}

/// Reads a whole archive with its content, holes filled.
func readAll(
    _ archive: [UInt8], pieceSize: Int = .max, limits: ArchiveLimits = .default
) throws(ArchiveError) -> [ReadMember] {
    var reader = ArchiveReader(source: ArraySource(archive, pieceSize: pieceSize), limits: limits)
    var members: [ReadMember] = []
    while let member = try reader.next() {
        var content: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1_000)
        var span = room.mutableSpan
        while let piece = try reader.readContent(into: &span) {
            content += Array(repeating: 0, count: Int(piece.offset) - content.count)
            for index in 0..<piece.count { content.append(span[index]) }
        }
        if member.size < 1 << 26 { content += Array(repeating: 0, count: Int(member.size) - content.count) }
        members.append(
            ReadMember(
                path: member.path.description, kind: member.kind, mode: member.mode, size: member.size,
                mtime: member.mtime, content: content))
    }
    return members
}
