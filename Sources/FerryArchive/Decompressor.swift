import FerryCore

/// The stage that undoes a compression, by libarchive's raw format and one named filter.
final class Decompressor: BlockProducer {
    private let handle: DecodingHandle
    private let kind: Compression
    private let limits: ArchiveLimits
    private var hasStarted = false
    private var hasEnded = false
    private var checksum = CRC32()
    /// The last eight bytes of the source: a gzip member's checksum and size.
    private let tail: TrailerKeeper

    /// Makes the stage.
    ///
    /// - Parameters:
    ///   - kind: The compression that the first block showed.
    ///   - upstream: The source, whose first block is current and not used yet.
    ///   - limits: What is too much.
    init(_ kind: Compression, upstream: BlockProducer, limits: ArchiveLimits) {
        self.kind = kind
        self.limits = limits
        tail = TrailerKeeper(upstream)
        let feed = DecodingHandle.Feed(producer: tail, auditor: nil, hasUnreadBlock: false)
        handle = DecodingHandle(.compressed(kind), feed: feed)
    }

    override var sourceBytes: Int64 { tail.produced }
    override var compression: Compression { kind }

    override func refill() throws(ArchiveError) {
        block.removeAll()
        guard !hasEnded else { return }
        if !hasStarted {
            hasStarted = true
            guard try handle.next() != nil else { return try finish() }
        }
        // libarchive's own block may be used up while this one is read, so it is copied.
        var hasMore = true
        while hasMore && block.count < BlockProducer.blockSize / 2 {
            hasMore = try handle.nextContent { _, bytes in block.append(bytes) } != nil
        }
        produced += Int64(block.count)
        if kind == .gzip { block.withSpan { checksum.update($0) } }
        try checkRatio()
        if !hasMore { try finish() }
    }

    private func checkRatio() throws(ArchiveError) {
        guard let ratio = limits.expansionRatio, produced > ArchiveLimits.ratioThreshold else { return }
        let (bound, overflow) = tail.produced.multipliedReportingOverflow(by: ratio)
        guard overflow || produced <= bound else {
            throw ArchiveLimits.exceeded("expansion ratio", ratio, position: produced)
        }
    }

    /// Demands that the compressed stream used up the source and, for gzip, that its checksum is right.
    private func finish() throws(ArchiveError) {
        hasEnded = true
        let consumed = handle.consumedBytes
        while try handle.feed.advance() {}
        guard consumed == tail.produced else {
            throw failure(
                .malformed, "bytes follow the compressed data", "nothing may follow it: make the archive anew")
        }
        guard kind == .gzip else { return }
        guard tail.checksum == checksum.value && tail.size == UInt32(truncatingIfNeeded: produced) else {
            throw failure(
                .malformed, "the checksum is wrong, or there are several gzip members, which cannot be checked",
                "make the archive anew, in one run of gzip")
        }
    }

    private func failure(_ code: ArchiveError.Code, _ reason: String, _ advice: String) -> ArchiveError {
        ArchiveError(
            code, "undoing the \(kind.rawValue) compression", position: produced, reason: reason, advice: advice)
    }
}

/// Passes a source's blocks on and remembers its last eight bytes.
private final class TrailerKeeper: BlockProducer {
    private let upstream: BlockProducer
    private var isFirst = true
    private var last: UInt64 = 0

    init(_ upstream: BlockProducer) {
        self.upstream = upstream
    }

    var checksum: UInt32 { UInt32(truncatingIfNeeded: last) }
    var size: UInt32 { UInt32(truncatingIfNeeded: last >> 32) }

    override func refill() throws(ArchiveError) {
        if !isFirst { try upstream.refill() }
        isFirst = false
        swap(&block, &upstream.block)
        produced += Int64(block.count)
        for index in max(block.count - 8, 0)..<block.count { last = last >> 8 | UInt64(block[index]) << 56 }
    }
}
