/// Why bytes are not a baseline.
public enum BaselineDamage: Error, Sendable, Hashable {
    /// It does not begin like one.
    case notABaseline
    /// It was written by another version of Ferry.
    case otherVersion(UInt32)
    /// It is cut, or something in it cannot be; the offset says where.
    case malformed(at: Int)

    /// What is wrong, as a clause that follows "the baseline".
    public var reason: String {
        switch self {
        case .notABaseline: "is not one of Ferry's"
        case .otherVersion(let version): "was written by another version of Ferry (format \(version))"
        case .malformed(let offset): "is damaged at byte \(offset)"
        }
    }
}

extension Baseline {
    /// The first bytes of every encoded baseline.
    static let magic = Array("FERRYBAS".utf8)

    /// The number of bytes that say how long the whole is: magic, version, lengths of the two parts, number of entries.
    public static let preambleLength = 32

    /// How long the parts of an encoded baseline are, as its first bytes say.
    public struct Preamble: Sendable, Hashable {
        /// The length of all before the blocks.
        public let prefixLength: Int
        /// The length of the blocks.
        public let blocksLength: Int
        /// The number of entries.
        public let entryCount: Int

        /// Reads the first bytes of an encoded baseline.
        ///
        /// - Parameter bytes: At least ``Baseline/preambleLength`` bytes.
        /// - Throws: ``BaselineDamage``.
        public init(_ bytes: [UInt8]) throws(BaselineDamage) {
            guard bytes.count >= Baseline.preambleLength, bytes.starts(with: Baseline.magic) else {
                throw .notABaseline
            }
            var reader = BaselineReader(bytes, at: Baseline.magic.count, end: Baseline.preambleLength)
            let version = reader.fixed32()
            guard version == BaselineHeader.formatVersion else { throw .otherVersion(version) }
            let prefix = UInt64(reader.fixed32())
            let blocks = UInt64(reader.fixed32()) | UInt64(reader.fixed32()) << 32
            let entries = UInt64(reader.fixed32()) | UInt64(reader.fixed32()) << 32
            // No entry is shorter than ten bytes.
            guard prefix >= Baseline.preambleLength, blocks < 1 << 40, entries <= blocks / 10 else {
                throw .malformed(at: Baseline.magic.count)
            }
            prefixLength = Int(prefix)
            blocksLength = Int(blocks)
            entryCount = Int(entries)
        }
    }

    /// What comes first in the encoded form.
    public func encodedPrefix() -> [UInt8] {
        var body = BaselineWriter()
        for string in [
            header.workspaceKey, header.endpointKey, header.sandboxIdentity, header.sandboxBoot, header.rulesDigest,
            header.rulesText,
        ] {
            body.string(string)
        }
        body.time(header.localScan)
        body.time(header.remoteScan)
        body.byte((header.isComplete ? 1 : 0) | (header.isPushUnderWay ? 2 : 0))
        body.number(UInt64(devices.count))
        for device in devices { body.number(device) }
        body.number(root.map { UInt64($0.offset) + 1 } ?? 0)
        body.number(UInt64(lastLinkGroup))
        var result = BaselineWriter(bytes: Self.magic)
        result.fixed32(BaselineHeader.formatVersion)
        result.fixed32(UInt32(Self.preambleLength + body.bytes.count))
        for length in [blocks.count, entryCount] {
            result.fixed32(UInt32(truncatingIfNeeded: length))
            result.fixed32(UInt32(truncatingIfNeeded: length >> 32))
        }
        return result.bytes + body.bytes
    }

    /// What follows in the encoded form.
    public var encodedBlocks: ArraySlice<UInt8> { bytes[blocks] }

    /// The whole encoded form, without a checksum.
    public func encoded() -> [UInt8] { encodedPrefix() + encodedBlocks }

    /// Takes over an encoded baseline, and checks all of it.
    ///
    /// - Parameters:
    ///   - encoded: What ``encoded()`` gave, and maybe something behind it.
    ///   - trailing: How many bytes are behind it. They stay where they are: a large baseline is not copied to cut them off.
    ///   - isVerified: Whether a checksum said that these are the bytes that were written. Then the blocks are not gone through, which
    ///     takes longer than all else; whoever reads one that is damaged all the same finds less in it, and comes to an end.
    /// - Throws: ``BaselineDamage``.
    public init(encoded: [UInt8], trailing: Int = 0, isVerified: Bool = false) throws(BaselineDamage) {
        let preamble = try Preamble(encoded)
        let end = preamble.prefixLength + preamble.blocksLength
        guard end + trailing == encoded.count else { throw .malformed(at: encoded.count) }
        let (header, devices, contents) = try Self.head(encoded, preamble)
        if !isVerified {
            let found = try Self.check(encoded, preamble, end: end, devices: devices)
            guard found == contents else { throw .malformed(at: preamble.prefixLength) }
        }
        self.init(
            header: header, contents: contents, devices: devices, bytes: encoded, blocks: preamble.prefixLength..<end)
    }

    /// What an encoded baseline is a baseline of; its entries are not looked at.
    ///
    /// - Parameter encoded: What ``encoded()`` gave, and maybe something behind it.
    /// - Returns: The header.
    /// - Throws: ``BaselineDamage``.
    public static func header(ofEncoded encoded: [UInt8]) throws(BaselineDamage) -> BaselineHeader {
        let preamble = try Preamble(encoded)
        guard preamble.prefixLength <= encoded.count else { throw .malformed(at: encoded.count) }
        return try head(encoded, preamble).header
    }

    private static func head(
        _ encoded: [UInt8], _ preamble: Preamble
    ) throws(BaselineDamage) -> (header: BaselineHeader, devices: [UInt64], contents: BaselineContents) {
        var reader = BaselineReader(encoded, at: preambleLength, end: preamble.prefixLength)
        let strings = (0..<6).map { _ in Array(reader.string()) }
        var header = BaselineHeader(
            workspaceKey: strings[0], endpointKey: strings[1], sandboxIdentity: strings[2], sandboxBoot: strings[3],
            rulesDigest: strings[4], rulesText: strings[5])
        header.localScan = reader.time()
        header.remoteScan = reader.time()
        let bits = reader.byte()
        header.isComplete = bits & 1 != 0
        header.isPushUnderWay = bits & 2 != 0
        var devices: [UInt64] = []
        for _ in 0..<reader.count() { devices.append(reader.number()) }
        let root = Int(reader.number(upTo: UInt64(preamble.blocksLength)))
        let contents = BaselineContents(
            entryCount: preamble.entryCount, root: root == 0 ? nil : BaselineDirectory(offset: root - 1),
            lastLinkGroup: UInt32(reader.number(upTo: UInt64(UInt32.max))))
        guard !reader.isDamaged, reader.isAtEnd, bits < 4, Set(devices).count == devices.count else {
            throw .malformed(at: reader.position)
        }
        return (header, devices, contents)
    }

    /// Reads every block once and checks that together they are one tree.
    ///
    /// Blocks stand in the order in which a walk leaves the directories. So the blocks that a directory names are exactly the
    /// last ones that nobody has named yet, in their order, and in the end only the root's is left.
    private static func check(
        _ bytes: [UInt8], _ preamble: Preamble, end: Int, devices: [UInt64]
    ) throws(BaselineDamage) -> BaselineContents {
        let base = preamble.prefixLength
        var reader = BaselineReader(bytes, at: base, end: end)
        var contents = BaselineContents()
        var unnamed: [BaselineBlock] = []
        var named: [Int] = []
        while !reader.isAtEnd {
            let start = reader.position
            let block = reader.block(at: start - base)
            guard block.count > 0 else { throw .malformed(at: start) }
            named.removeAll(keepingCapacity: true)
            var previous: ArraySlice<UInt8> = []
            for _ in 0..<block.count {
                let place = reader.position
                guard let item = reader.item(devices: devices, piece: block.pieceStart..<start - base),
                    isName(item.name),
                    isSound(item), previous.lexicographicallyPrecedes(item.name)
                else { throw .malformed(at: place) }
                previous = item.name
                if let directory = item.directory { named.append(directory.offset) }
                contents.lastLinkGroup = max(contents.lastLinkGroup, item.entry.linkGroup)
            }
            let below = unnamed.suffix(named.count)
            guard below.elementsEqual(named, by: { $0.start == $1 }), reader.position - base == block.end,
                block.pieceStart == below.first?.pieceStart ?? block.start,
                block.countBelow == below.reduce(0, { $0 + $1.countInPiece })
            else { throw .malformed(at: start) }
            unnamed.removeLast(named.count)
            unnamed.append(block)
            contents.entryCount += block.count
        }
        guard !reader.isDamaged, unnamed.count <= 1, contents.entryCount == preamble.entryCount else {
            throw .malformed(at: reader.position)
        }
        contents.root = unnamed.first.map { BaselineDirectory(offset: $0.start) }
        return contents
    }

    private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
        var dots = 0
        for byte in name {
            if byte == 0 || byte == RelativePath.separator { return false }
            if byte == UInt8(ascii: ".") { dots += 1 }
        }
        return !name.isEmpty && !(dots == name.count && dots < 3)
    }

    private static func isSound(_ item: BaselineItem) -> Bool {
        item.entry.kind != .symlink || !item.entry.target.contains(0)
    }
}
