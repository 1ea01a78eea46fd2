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
    /// What stands in every encoded baseline: at the end of this format, in front of former ones.
    static let magic = Array("FERRYBAS".utf8)

    /// The number of last bytes, which say how long the whole is: number of entries, lengths of the two parts, version, magic.
    public static let footerLength = 32

    /// How long the parts of an encoded baseline are, as its last bytes say.
    ///
    /// They stand at the end, so that the blocks can be written before anybody knows how many there will be.
    public struct Footer: Sendable, Hashable {
        /// The length of the blocks.
        public let blocksLength: Int
        /// The length of all behind the blocks, the footer included.
        public let endingLength: Int
        /// The number of entries.
        public let entryCount: Int

        /// The length of the whole.
        public var length: Int { blocksLength + endingLength }

        /// Reads the last bytes of an encoded baseline.
        ///
        /// - Parameters:
        ///   - bytes: At least its last ``Baseline/footerLength`` bytes, and maybe something behind them.
        ///   - trailing: How many bytes are behind them.
        /// - Throws: ``BaselineDamage``.
        public init(_ bytes: [UInt8], trailing: Int = 0) throws(BaselineDamage) {
            let end = bytes.count - trailing
            let magic = Baseline.magic
            guard end >= Baseline.footerLength, bytes[(end - magic.count)..<end].elementsEqual(magic) else {
                throw Self.damage(of: bytes)
            }
            var reader = BaselineReader(bytes, at: end - Baseline.footerLength, end: end)
            let entries = UInt64(reader.fixed32()) | UInt64(reader.fixed32()) << 32
            let blocks = UInt64(reader.fixed32()) | UInt64(reader.fixed32()) << 32
            let ending = Int(reader.fixed32())
            let version = reader.fixed32()
            guard version == BaselineHeader.formatVersion else { throw .otherVersion(version) }
            // No entry is shorter than ten bytes.
            guard ending >= Baseline.footerLength, blocks < 1 << 40, entries <= blocks / 10 else {
                throw .malformed(at: end - Baseline.footerLength)
            }
            blocksLength = Int(blocks)
            endingLength = ending
            entryCount = Int(entries)
        }

        /// What bytes are that do not end like a baseline: one of a former format, perhaps.
        private static func damage(of bytes: [UInt8]) -> BaselineDamage {
            guard bytes.starts(with: Baseline.magic) else { return .notABaseline }
            var reader = BaselineReader(bytes, at: Baseline.magic.count, end: bytes.count)
            return .otherVersion(reader.fixed32())
        }
    }

    /// Gives what comes first in the encoded form, piece by piece.
    ///
    /// - Parameter body: Takes the next bytes.
    /// - Throws: What the body throws.
    public func withEncodedBlocks<Failure>(
        _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        try blocks.withPieces(of: 0..<blocks.length, body)
    }

    /// What follows in the encoded form.
    public func encodedEnding() -> [UInt8] {
        Self.ending(
            header, BaselineContents(entryCount: entryCount, root: root, lastLinkGroup: lastLinkGroup), devices,
            blocksLength: blocks.length)
    }

    static func ending(
        _ header: BaselineHeader, _ contents: BaselineContents, _ devices: [UInt64], blocksLength: Int
    ) -> [UInt8] {
        var writer = BaselineWriter()
        for string in [
            header.workspaceKey, header.endpointKey, header.sandboxIdentity, header.sandboxBoot, header.rulesDigest,
            header.rulesText,
        ] {
            writer.string(string)
        }
        writer.time(header.localScan)
        writer.time(header.remoteScan)
        writer.byte((header.isComplete ? 1 : 0) | (header.isPushUnderWay ? 2 : 0))
        writer.number(UInt64(devices.count))
        for device in devices { writer.number(device) }
        writer.number(contents.root.map { UInt64($0.offset) + 1 } ?? 0)
        writer.number(UInt64(contents.lastLinkGroup))
        let length = writer.bytes.count + footerLength
        for number in [contents.entryCount, blocksLength] {
            writer.fixed32(UInt32(truncatingIfNeeded: number))
            writer.fixed32(UInt32(truncatingIfNeeded: number >> 32))
        }
        writer.fixed32(UInt32(length))
        writer.fixed32(BaselineHeader.formatVersion)
        return writer.bytes + magic
    }

    /// The whole encoded form, without a checksum.
    public func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        withEncodedBlocks { bytes += $0 }
        return bytes + encodedEnding()
    }

    /// Takes over an encoded baseline, and checks all of it.
    ///
    /// - Parameters:
    ///   - encoded: What ``encoded()`` gave, and maybe something behind it.
    ///   - trailing: How many bytes are behind it. They stay where they are: a large baseline is not copied to cut them off.
    ///   - isVerified: Whether a checksum said that these are the bytes that were written. Then the blocks are not gone through, which
    ///     takes longer than all else; whoever reads one that is damaged all the same finds less in it, and comes to an end.
    /// - Throws: ``BaselineDamage``.
    public init(encoded: [UInt8], trailing: Int = 0, isVerified: Bool = false) throws(BaselineDamage) {
        let footer = try Footer(encoded, trailing: trailing)
        guard footer.length + trailing == encoded.count else { throw .malformed(at: encoded.count) }
        let (header, devices, contents) = try Self.ending(encoded, footer, trailing: trailing)
        if !isVerified {
            let found = try Self.check(encoded, footer, devices: devices)
            guard found == contents else { throw .malformed(at: footer.blocksLength) }
        }
        self.init(
            header: header, contents: contents, devices: devices, blocks: .held(encoded, footer.blocksLength))
    }

    /// Takes over an encoded baseline whose blocks stay where they are, and trusts whoever says that they are what was written.
    ///
    /// - Parameters:
    ///   - ending: What follows the blocks, and maybe something behind it.
    ///   - trailing: How many bytes are behind it.
    ///   - source: Where the blocks are.
    /// - Throws: ``BaselineDamage``.
    public init(
        ending: [UInt8], trailing: Int = 0, blocks source: some BaselineBlockSource
    ) throws(BaselineDamage) {
        let footer = try Footer(ending, trailing: trailing)
        guard footer.endingLength + trailing <= ending.count, footer.blocksLength == source.length else {
            throw .malformed(at: ending.count)
        }
        let (header, devices, contents) = try Self.ending(ending, footer, trailing: trailing)
        self.init(header: header, contents: contents, devices: devices, blocks: .elsewhere(source))
    }

    /// What an encoded baseline is a baseline of; its entries are not looked at.
    ///
    /// - Parameters:
    ///   - encoded: What ``encoded()`` gave, or the end of it, and maybe something behind it.
    ///   - trailing: How many bytes are behind it.
    /// - Returns: The header.
    /// - Throws: ``BaselineDamage``.
    public static func header(
        ofEncoded encoded: [UInt8], trailing: Int = 0
    ) throws(BaselineDamage) -> BaselineHeader {
        let footer = try Footer(encoded, trailing: trailing)
        guard footer.endingLength + trailing <= encoded.count else { throw .malformed(at: encoded.count) }
        return try ending(encoded, footer, trailing: trailing).header
    }

    private static func ending(
        _ encoded: [UInt8], _ footer: Footer, trailing: Int
    ) throws(BaselineDamage) -> (header: BaselineHeader, devices: [UInt64], contents: BaselineContents) {
        let end = encoded.count - trailing
        var reader = BaselineReader(encoded, at: end - footer.endingLength, end: end - footerLength)
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
        let root = Int(reader.number(upTo: UInt64(footer.blocksLength)))
        let contents = BaselineContents(
            entryCount: footer.entryCount, root: root == 0 ? nil : BaselineDirectory(offset: root - 1),
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
        _ bytes: [UInt8], _ footer: Footer, devices: [UInt64]
    ) throws(BaselineDamage) -> BaselineContents {
        var reader = BaselineReader(bytes, at: 0, end: footer.blocksLength)
        var contents = BaselineContents()
        var unnamed: [BaselineBlock] = []
        var named: [Int] = []
        while !reader.isAtEnd {
            let start = reader.position
            let block = reader.block(at: start)
            guard block.count > 0 else { throw .malformed(at: start) }
            named.removeAll(keepingCapacity: true)
            var previous: ArraySlice<UInt8> = []
            for _ in 0..<block.count {
                let place = reader.position
                guard let item = reader.item(devices: devices, piece: block.pieceStart..<start),
                    isName(item.name),
                    isSound(item), previous.lexicographicallyPrecedes(item.name)
                else { throw .malformed(at: place) }
                previous = item.name
                if let directory = item.directory { named.append(directory.offset) }
                contents.lastLinkGroup = max(contents.lastLinkGroup, item.entry.linkGroup)
            }
            let below = unnamed.suffix(named.count)
            guard below.elementsEqual(named, by: { $0.start == $1 }), reader.position == block.end,
                block.pieceStart == below.first?.pieceStart ?? block.start,
                block.countBelow == below.reduce(0, { $0 + $1.countInPiece })
            else { throw .malformed(at: start) }
            unnamed.removeLast(named.count)
            unnamed.append(block)
            contents.entryCount += block.count
        }
        guard !reader.isDamaged, unnamed.count <= 1, contents.entryCount == footer.entryCount else {
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
