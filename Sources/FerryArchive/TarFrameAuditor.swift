import FerryCore

/// Walks the framing of a tar stream on its own, beside libarchive, and finds what libarchive lets pass.
///
/// libarchive resynchronises after a bad checksum, reports a clean end for a tar that was cut between members, ignores what
/// follows the end marker and normalises names. The auditor demands right checksums, well-formed numbers, one reading of
/// every name and size, an end marker of two blocks and nothing but NULs after it; the reader then demands that libarchive
/// agrees with it on every member.
struct TarFrameAuditor {
    /// What the next bytes are.
    enum State {
        /// A member's own header, a header of its chain, or the first block of the end marker.
        case header
        /// The content of an extended header or of a long name.
        case chain(typeFlag: UInt8, size: Int64)
        /// A further block of an old GNU sparse map.
        case sparseMap
        /// Content and padding that nothing here looks at.
        case content(Int64)
        /// The second block of the end marker.
        case endMarker
        /// NULs to the end of the input.
        case ended
    }

    let limits: ArchiveLimits
    var state = State.header
    private var partial: [UInt8] = []
    var chain = HeaderChain()
    private var chainContent: [UInt8] = []
    var member = AuditedMember()
    var globalMtime: Timestamp?
    var found: [AuditedMember] = []
    private var nextFound = 0
    /// The bytes seen.
    private(set) var position: Int64 = 0
    /// The number of members found.
    var memberCount: Int64 = 0
    /// The bytes of content found.
    var contentBytes: Int64 = 0

    init(limits: ArchiveLimits) {
        self.limits = limits
    }

    /// Takes the next member found; nil when there is none yet.
    mutating func takeMember() -> AuditedMember? {
        guard nextFound < found.count else { return nil }
        defer {
            nextFound += 1
            if nextFound == found.count {
                found.removeAll(keepingCapacity: true)
                nextFound = 0
            }
        }
        return found[nextFound]
    }

    /// Walks over the next bytes of the archive.
    mutating func feed(_ bytes: Span<UInt8>) throws(ArchiveError) {
        var index = 0
        while index < bytes.count {
            switch state {
            case .content(let left):
                let count = Int(min(left, Int64(bytes.count - index)))
                index += count
                position += Int64(count)
                state = left == Int64(count) ? .header : .content(left - Int64(count))
            case .ended:
                guard TarBlockReader.isZero(bytes.extracting(index..<bytes.count)) else {
                    throw malformed(
                        "there is more after the end marker", "it may hold a second archive: make one archive only")
                }
                position += Int64(bytes.count - index)
                index = bytes.count
            default:
                if partial.isEmpty && bytes.count - index >= TarBlock.size {
                    try visit(bytes.extracting(index..<(index + TarBlock.size)))
                    index += TarBlock.size
                } else {
                    let count = min(TarBlock.size - partial.count, bytes.count - index)
                    TarBlockReader.append(bytes, index..<(index + count), to: &partial)
                    index += count
                    guard partial.count == TarBlock.size else { return }
                    let block = partial
                    partial.removeAll(keepingCapacity: true)
                    try visit(block.span)
                }
            }
        }
    }

    /// Demands that the archive is complete.
    func finish() throws(ArchiveError) {
        guard case .ended = state, partial.isEmpty else {
            let reason =
                switch state {
                case .endMarker: "it ends after the first block of the end marker"
                case .header where !chain.needsMember && partial.isEmpty:
                    "it ends between two members, without an end marker"
                case .content: "it ends inside the content of a member"
                default: "it ends inside a header"
                }
            throw ArchiveError(
                .truncated, "reading the archive", path: member.name.isEmpty ? nil : member.name,
                position: position + Int64(partial.count), reason: reason,
                advice: "the archive was cut: see whether the command that makes it failed, then start over")
        }
    }

    // MARK: Blocks

    private mutating func visit(_ block: Span<UInt8>) throws(ArchiveError) {
        switch state {
        case .header:
            try visitHeader(block)
        case .chain(let typeFlag, let size):
            let count = Int(min(Int64(TarBlock.size), size - Int64(chainContent.count)))
            TarBlockReader.append(block, 0..<count, to: &chainContent)
            if Int64(chainContent.count) == size {
                state = .header
                try finishChainHeader(typeFlag)
            }
        case .sparseMap:
            try addToChain(Int64(TarBlock.size))
            if block[504] == 0 { try finishMember(dataStart: position + Int64(TarBlock.size)) }
        case .endMarker:
            guard TarBlockReader.isZero(block) else {
                throw malformed(
                    "a block follows a lone block of NULs", "one member may be hidden: make the archive anew")
            }
            state = .ended
        case .content, .ended:
            break
        }
        position += Int64(TarBlock.size)
    }

    private mutating func visitHeader(_ block: Span<UInt8>) throws(ArchiveError) {
        if TarBlockReader.isZero(block) {
            guard !chain.needsMember else {
                throw malformed("an extended header has no member", "make the archive anew")
            }
            member.name = []
            state = .endMarker
            return
        }
        guard TarBlockReader.hasRightChecksum(block) else {
            throw position == 0
                ? malformed("it is not a tar archive", "see whether the command that makes it printed something else")
                : malformed("a header's checksum is wrong", "the archive is damaged: make it anew")
        }
        guard let size = TarBlockReader.number(block, 124, 12), size >= 0 else {
            throw malformed("a header's size is negative or not a number", "the archive is damaged: make it anew")
        }
        if chain.isEmpty { chain.start = position }
        try addToChain(Int64(TarBlock.size))
        let typeFlag = block[156]
        switch typeFlag {
        case UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            try addToChain(size)
            guard size > 0 else { throw malformed("an extended header is empty", "make the archive anew") }
            chainContent.removeAll(keepingCapacity: true)
            state = .chain(typeFlag: typeFlag, size: size)
        case UInt8(ascii: "0")...UInt8(ascii: "7"), 0, UInt8(ascii: "S"):
            try visitMember(block, typeFlag: typeFlag, size: size)
        default:
            throw ArchiveError(
                .unsupported, "reading the archive", position: position,
                reason: "a member has the type '\(displayName(of: [typeFlag]))', which is not read",
                advice: "make the archive without multiple volumes, labels or incremental backup")
        }
    }

    private mutating func addToChain(_ bytes: Int64) throws(ArchiveError) {
        let (sum, overflow) = chain.bytes.addingReportingOverflow(bytes)
        guard !overflow, sum <= limits.headerBytes else {
            throw ArchiveLimits.exceeded("header bytes", limits.headerBytes, position: chain.start)
        }
        chain.bytes = sum
    }

    private mutating func finishChainHeader(_ typeFlag: UInt8) throws(ArchiveError) {
        switch typeFlag {
        case UInt8(ascii: "L"):
            guard chain.longName == nil else { throw malformed("a member has two long names", "make the archive anew") }
            chain.longName = try longName()
        case UInt8(ascii: "K"):
            guard chain.longLink == nil else { throw malformed("a member has two long links", "make the archive anew") }
            chain.longLink = try longName()
        case UInt8(ascii: "g"):
            let header = try paxHeader()
            guard !header.changesFraming else {
                throw ArchiveError(
                    .unsupported, "reading the archive", position: chain.start,
                    reason: "a global header sets names or sizes", advice: "make the archive without global options")
            }
            globalMtime = header.mtime ?? globalMtime
        default:
            guard chain.extended == nil else {
                throw malformed("a member has two extended headers", "make the archive anew")
            }
            chain.extended = try paxHeader()
        }
    }

    private func paxHeader() throws(ArchiveError) -> PaxHeader {
        do throws(PaxHeader.Problem) {
            return try PaxHeader(chainContent)
        } catch {
            throw malformed(error.reason, "the archive is damaged or hostile: make it anew")
        }
    }

    private func longName() throws(ArchiveError) -> [UInt8] {
        var name = chainContent
        while name.last == 0 { name.removeLast() }
        guard !name.isEmpty && !name.contains(0) else {
            throw malformed("a long name is empty or hides a NUL", "the archive is damaged or hostile: make it anew")
        }
        return name
    }

    func malformed(_ reason: String, _ advice: String) -> ArchiveError {
        ArchiveError(.malformed, "reading the archive", position: position, reason: reason, advice: advice)
    }
}
