public import FerryCore

/// Reads a tar archive strictly: what it hands out is well-formed, complete once it says so, and leads nowhere outside.
///
/// libarchive decodes; an auditor of our own walks the same bytes, and both have to agree on every member. Takes what GNU tar, bsdtar,
/// BusyBox and Python write (v7, ustar, old GNU, pax; sparse; plain, gzip, zstd or xz). One thread at a time may use it.
public struct ArchiveReader: ~Copyable {
    private static let noAdvice = "the archive is damaged or hostile: make it anew"

    private let source: BlockProducer
    private let joinsArchives: Bool
    let limits: ArchiveLimits
    private var handle: DecodingHandle?
    private var current: AuditedMember?
    private var piece: DecodingHandle.Piece?
    /// Where the next piece of content may begin, and how much of it may still come.
    private var contentEnd: Int64 = 0
    private var contentLeft: Int64 = 0
    private var members: Int64 = 0
    /// What went wrong; from then on everything throws it, so that no caller can step over a bad member.
    private var failure: ArchiveError?
    /// What proves that the archive was complete; nil until ``next()`` returned nil.
    public private(set) var evidence: EndOfArchiveEvidence?

    /// Makes a reader; nothing is read yet.
    ///
    /// - Parameters:
    ///   - source: Where the archive comes from.
    ///   - limits: What is too much.
    ///   - joinsArchives: Whether several archives, one after the other, are read as one; otherwise that is refused.
    public init<Source: ByteSource & ~Copyable>(
        source: consuming sending Source, limits: ArchiveLimits = .default, joinsArchives: Bool = false
    ) {
        self.source = SourceProducer(source)
        self.joinsArchives = joinsArchives
        self.limits = limits
    }

    /// Goes to the next member, passing over what is left of the content of the one before.
    ///
    /// - Returns: The member; nil only when the archive was read to a proven end, and then ``evidence`` is there.
    /// - Throws: ``ArchiveError`` for anything but that; the reader throws again when it is asked again.
    public mutating func next() throws(ArchiveError) -> ArchiveMember? {
        if let failure { throw failure }
        do throws(ArchiveError) {
            while evidence == nil {
                piece = nil
                let handle = try open()
                guard let member = try withUTF8Locale({ () throws(ArchiveError) in try step(handle) }) else { continue }
                return member
            }
            return nil
        } catch {
            failure = error
            throw error
        }
    }

    /// Copies the next bytes of the current member's content into a buffer.
    ///
    /// - Parameter buffer: Where the bytes go, from its front; not empty.
    /// - Returns: Where in the file the bytes belong and how many there are; nil at the content's end. A gap is a hole.
    /// - Throws: ``ArchiveError`` when the content cannot be read.
    public mutating func readContent(into buffer: inout MutableSpan<UInt8>) throws(ArchiveError) -> ContentPiece? {
        guard let next = try nextPiece() else { return nil }
        let count = min(next.count, buffer.count)
        unsafe buffer.withUnsafeMutableBufferPointer { room in
            guard let start = room.baseAddress, let from = unsafe next.bytes.baseAddress else { return }
            unsafe start.update(from: from, count: count)
        }
        if count < next.count {
            piece = unsafe DecodingHandle.Piece(
                offset: next.offset + Int64(count), bytes: UnsafeBufferPointer(rebasing: next.bytes[count...]))
        }
        return ContentPiece(offset: next.offset, count: count)
    }

    /// Gives the next bytes of the current member's content to the body, without a copy.
    ///
    /// - Parameter body: Takes the bytes and where in the file they belong; a gap is a hole.
    /// - Returns: What the body returned; nil at the content's end.
    /// - Throws: ``ArchiveError`` when the content cannot be read.
    public mutating func withNextContent<Result>(
        _ body: (_ offset: Int64, _ bytes: Span<UInt8>) -> Result
    ) throws(ArchiveError) -> Result? {
        guard let next = try nextPiece() else { return nil }
        return body(next.offset, unsafe Span(_unsafeElements: next.bytes))
    }

    private mutating func nextPiece() throws(ArchiveError) -> DecodingHandle.Piece? {
        if let failure { throw failure }
        do throws(ArchiveError) {
            return try decodePiece()
        } catch {
            failure = error
            throw error
        }
    }

    private mutating func decodePiece() throws(ArchiveError) -> DecodingHandle.Piece? {
        if let rest = piece {
            piece = nil
            return rest
        }
        guard let handle, let member = current, evidence == nil else { return nil }
        while let next = try handle.nextPiece() {
            guard next.count > 0 else { continue }
            let (end, overflow) = next.offset.addingReportingOverflow(Int64(next.count))
            guard next.offset >= contentEnd, !overflow, end <= member.size, Int64(next.count) <= contentLeft,
                member.isSparse || next.offset == contentEnd
            else { throw disagreement(member, "its content does not fit its size") }
            contentEnd = end
            contentLeft -= Int64(next.count)
            return next
        }
        guard member.isSparse || contentEnd == member.size else {
            throw disagreement(member, "its content is shorter than its size")
        }
        current = nil
        return nil
    }

    // MARK: Steps

    private mutating func open() throws(ArchiveError) -> DecodingHandle {
        if let handle { return handle }
        try source.refill()
        let compression = try source.block.withSpan { bytes throws(ArchiveError) in
            try FormatSniffer.compression(of: bytes)
        }
        let isPlain = compression == .none
        let single = isPlain ? source : Decompressor(compression, upstream: source, limits: limits)
        let producer = joinsArchives ? TarJoiner(upstream: single, hasUnreadBlock: isPlain) : single
        let feed = DecodingHandle.Feed(
            producer: producer, auditor: TarFrameAuditor(limits: limits), hasUnreadBlock: isPlain && !joinsArchives)
        let handle = DecodingHandle(.tar, feed: feed)
        self.handle = handle
        return handle
    }

    /// Reads one header; nil when there is nothing to hand out, because of the end or of a root member.
    private mutating func step(_ handle: DecodingHandle) throws(ArchiveError) -> ArchiveMember? {
        guard let header = try handle.next() else {
            try finish(handle)
            return nil
        }
        guard let member = handle.feed.auditor?.takeMember() else {
            throw ArchiveError(
                .malformed, "reading the next member", position: handle.headerPosition,
                reason: "the codec found a member where the framing has none", advice: ArchiveReader.noAdvice)
        }
        members += 1
        try check(header, against: member, at: handle)
        current = member
        contentEnd = 0
        contentLeft = member.storedSize
        return try convert(member, header)
    }

    private mutating func finish(_ handle: DecodingHandle) throws(ArchiveError) {
        while try handle.feed.advance() {}
        try handle.feed.auditor?.finish()
        guard let auditor = handle.feed.auditor, auditor.memberCount == members else {
            throw ArchiveError(
                .malformed, "reading the archive", position: handle.feed.auditor?.position,
                reason: "the codec ended before the last member", advice: ArchiveReader.noAdvice)
        }
        current = nil
        evidence = EndOfArchiveEvidence(
            members: members, archiveBytes: auditor.position, sourceBytes: handle.feed.producer.sourceBytes,
            contentBytes: auditor.contentBytes, compression: handle.feed.producer.compression)
    }

    private func disagreement(_ member: AuditedMember, _ reason: String) -> ArchiveError {
        ArchiveError(
            .malformed, "reading", path: member.name, position: member.headerStart, reason: reason,
            advice: ArchiveReader.noAdvice)
    }

    /// Demands that libarchive sees the member where and as the auditor does.
    private func check(
        _ header: borrowing DecodedHeader, against member: AuditedMember, at handle: DecodingHandle
    ) throws(ArchiveError) {
        let data = handle.decodedBytes
        let isInPlace =
            member.hasMapInContent
            ? data >= member.dataStart && data <= member.dataStart + member.storedSize : data == member.dataStart
        guard handle.headerPosition == member.headerStart, isInPlace else {
            throw disagreement(member, "two readings of its headers disagree about where its content is")
        }
        guard header.size == member.size else {
            throw disagreement(member, "two readings of its headers disagree about its size")
        }
        guard header.hasName(member.name, mayBeNormalised: member.hasPaxName) else {
            throw disagreement(member, "two readings of its headers disagree about its name")
        }
        guard
            member.linkTarget.isEmpty
                || header.hasLinkTarget(member.linkTarget, mayBeNormalised: member.hasPaxLink)
        else { throw disagreement(member, "two readings of its headers disagree about its link target") }
    }
}
