import Crypto
import FerryCore

/// The bytes of a journal.
///
/// Magic and version, a header, a frame for each directory, a frame with the counts, and the SHA-256 of all before it. Numbers
/// have seven bits a byte; names are bytes with their length in front.
enum JournalCodec {
    static let magic = Array("FERRYJRN".utf8)
    static let version: UInt64 = 1
    static let digestSize = 32
    /// Beside an operation's kind: a ctime stands at its end.
    private static let hasOldChange: UInt8 = 0x80
    private static let hasNewChange: UInt8 = 0x40

    /// What a frame holds.
    enum Frame: UInt8 {
        case directory = 1
        /// A directory that has to be opened; told apart so that the others need not be read to find them.
        case closedDirectory = 2
        case end = 3
    }

    /// What else is known of a directory.
    private struct Fields: OptionSet {
        let rawValue: UInt8
        static let modes = Fields(rawValue: 1 << 0)
        static let oldTime = Fields(rawValue: 1 << 1)
        static let newTime = Fields(rawValue: 1 << 2)
        static let all: Fields = [.modes, .oldTime, .newTime]
    }

    static func encode(_ directory: JournalDirectory) -> [UInt8] {
        var encoder = ByteEncoder()
        var fields: Fields = []
        if directory.modes != nil { fields.insert(.modes) }
        if directory.oldTime != nil { fields.insert(.oldTime) }
        if directory.newTime != nil { fields.insert(.newTime) }
        encoder.add(byte: fields.rawValue)
        encoder.add(name: directory.path)
        encoder.add(directory.inode)
        if let modes = directory.modes {
            encoder.add(UInt64(modes.old))
            encoder.add(UInt64(modes.new))
        }
        if let time = directory.oldTime { encoder.add(time) }
        if let time = directory.newTime { encoder.add(time) }
        encoder.add(UInt64(directory.operations.count))
        for operation in directory.operations { encode(operation, into: &encoder) }
        return encoder.bytes
    }

    private static func encode(_ operation: JournalOperation, into encoder: inout ByteEncoder) {
        encoder.add(
            byte: operation.kind.rawValue | (operation.oldChange == nil ? 0 : hasOldChange)
                | (operation.newChange == nil ? 0 : hasNewChange))
        encoder.add(name: operation.name.bytes)
        switch operation.slot {
        case .tree: encoder.add(UInt64(0))
        case .aside(let number): encoder.add(number + 1)
        }
        if let old = operation.old { encoder.add(old) }
        if let new = operation.new { encoder.add(new) }
        if let time = operation.oldChange { encoder.add(time) }
        if let time = operation.newChange { encoder.add(time) }
    }

    static func decodeDirectory(_ bytes: [UInt8]) throws(JournalError) -> JournalDirectory {
        var decoder = ByteDecoder(bytes)
        let fields = Fields(rawValue: try decoder.byte())
        guard fields.isSubset(of: .all) else { throw .damaged("a directory has unknown fields") }
        let path = try decoder.name()
        guard path.isEmpty || RelativePath.problem(in: path.span) == nil else {
            throw .damaged("a path is none")
        }
        var directory = JournalDirectory(path: path, inode: try decoder.number())
        if fields.contains(.modes) {
            directory.modes = JournalDirectory.Modes(old: try decoder.mode(), new: try decoder.mode())
        }
        if fields.contains(.oldTime) { directory.oldTime = try decoder.time() }
        if fields.contains(.newTime) { directory.newTime = try decoder.time() }
        let count = try decoder.number()
        for _ in 0..<count { directory.operations.append(try decodeOperation(&decoder)) }
        guard decoder.isAtEnd else { throw .damaged("a directory's record is too long") }
        return directory
    }

    private static func decodeOperation(_ decoder: inout ByteDecoder) throws(JournalError) -> JournalOperation {
        let bits = try decoder.byte()
        guard let kind = JournalOperation.Kind(rawValue: bits & ~(hasOldChange | hasNewChange)) else {
            throw .damaged("an operation is none")
        }
        let bytes = try decoder.name()
        guard let name = try? TerminatedName(bytes) else { throw .damaged("a name is none") }
        let number = try decoder.number()
        var operation = JournalOperation(kind, name, slot: number == 0 ? .tree : .aside(number - 1))
        if kind != .bring { operation.old = try decoder.state() }
        if kind != .take { operation.new = try decoder.state() }
        if bits & hasOldChange != 0 { operation.oldChange = try decoder.time() }
        if bits & hasNewChange != 0 { operation.newChange = try decoder.time() }
        return operation
    }

    /// A short record under its own magic, with its digest behind it.
    static func seal(_ payload: [UInt8], magic: [UInt8]) -> [UInt8] {
        let content = magic + payload
        return content + SHA256.hash(data: content)
    }

    /// The payload of a short record.
    static func open(_ record: [UInt8], magic: [UInt8]) throws(JournalError) -> [UInt8] {
        guard record.count >= magic.count + digestSize, record.starts(with: magic) else {
            throw .damaged("it is not one")
        }
        let content = record.dropLast(digestSize)
        guard SHA256.hash(data: Array(content)).elementsEqual(record.suffix(digestSize)) else {
            throw .damaged("its checksum is wrong")
        }
        return Array(content.dropFirst(magic.count))
    }
}
