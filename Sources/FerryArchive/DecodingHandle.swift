import CArchive

/// One libarchive reader with one format and at most one filter.
///
/// It pulls its bytes from a producer, lets an inspector see them first, and takes nothing but "ok" and "end" for an answer.
// SAFETY: owns the handle and frees it once. libarchive holds an unretained pointer to `feed`, which this class retains and
// outlives, and a pointer to the bytes of the last refill, which stay where they are until libarchive asks for more.
@safe
final class DecodingHandle {
    /// What the read callback works with.
    final class Feed {
        let producer: BlockProducer
        /// Sees every block before libarchive does.
        var auditor: TarFrameAuditor?
        /// Why the callback failed; thrown in place of libarchive's answer.
        var failure: ArchiveError?
        /// Whether the producer's current block is still to be given out.
        var hasUnreadBlock: Bool
        var hasEnded = false

        init(producer: BlockProducer, auditor: TarFrameAuditor?, hasUnreadBlock: Bool) {
            self.producer = producer
            self.auditor = auditor
            self.hasUnreadBlock = hasUnreadBlock
        }

        /// Makes the next block current; false at the end.
        func advance() throws(ArchiveError) -> Bool {
            if let failure { throw failure }
            if hasEnded { return false }
            do throws(ArchiveError) {
                if hasUnreadBlock { hasUnreadBlock = false } else { try producer.refill() }
                hasEnded = producer.block.isEmpty
                try producer.block.withSpan { bytes throws(ArchiveError) in try auditor?.feed(bytes) }
            } catch {
                failure = error
                throw error
            }
            return !hasEnded
        }
    }

    /// What a handle decodes.
    enum Role {
        case tar
        case compressed(Compression)
    }

    let feed: Feed
    private let archive: OpaquePointer?
    private let role: Role
    private var isOpen = false

    init(_ role: Role, feed: Feed) {
        self.role = role
        self.feed = feed
        unsafe archive = ferry_archive_read_new()
    }

    deinit {
        unsafe ferry_archive_read_free(archive)
    }

    /// The bytes that were decoded so far, up to where the codec stands.
    var decodedBytes: Int64 { unsafe ferry_archive_filter_bytes(archive, 0) }
    /// The bytes of the producer that the codec has used up.
    var consumedBytes: Int64 { unsafe ferry_archive_filter_bytes(archive, -1) }
    /// Where the current member's first header begins.
    var headerPosition: Int64 { unsafe ferry_archive_read_header_position(archive) }

    /// Goes to the next member; nil at what the codec takes for the end.
    func next() throws(ArchiveError) -> DecodedHeader? {
        try open()
        var entry: OpaquePointer?
        let status = unsafe ferry_archive_read_next_header(archive, &entry)
        if let failure = feed.failure { throw failure }
        if status == ARCHIVE_EOF { return nil }
        guard status == ARCHIVE_OK, let entry = unsafe entry else { throw failure("reading the next member") }
        return unsafe DecodedHeader(entry)
    }

    /// Gives the next piece of content to the body; nil at the content's end.
    func nextContent<Result>(_ body: (Int64, Span<UInt8>) -> Result) throws(ArchiveError) -> Result? {
        while let piece = try nextPiece() {
            if piece.count > 0 { return body(piece.offset, unsafe Span(_unsafeElements: piece.bytes)) }
        }
        return nil
    }

    /// A piece of content that stays valid until the next call of this handle.
    @safe
    struct Piece {
        var offset: Int64
        let bytes: UnsafeBufferPointer<UInt8>
        var count: Int { unsafe bytes.count }
    }

    func nextPiece() throws(ArchiveError) -> Piece? {
        var bytes: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        let status = unsafe ferry_archive_read_data_block(archive, &bytes, &count, &offset)
        if let failure = feed.failure { throw failure }
        if status == ARCHIVE_EOF { return nil }
        guard status == ARCHIVE_OK else { throw failure("reading the content") }
        let typed = unsafe bytes?.assumingMemoryBound(to: UInt8.self)
        return unsafe Piece(offset: offset, bytes: UnsafeBufferPointer(start: typed, count: typed == nil ? 0 : count))
    }

    private func open() throws(ArchiveError) {
        guard !isOpen else { return }
        guard unsafe archive != nil else {
            throw ArchiveError(
                .codec, "opening the archive", reason: unsafe codecMessage(of: nil),
                advice: "ask 'ferry doctor' what this machine has")
        }
        isOpen = true
        let context = unsafe Unmanaged.passUnretained(feed).toOpaque()
        guard enable(),
            unsafe ferry_archive_read_open2(archive, context, nil, readBlock, nil, nil) == ARCHIVE_OK
        else {
            if let failure = feed.failure { throw failure }
            throw failure("opening the archive")
        }
    }

    /// Enables one format and one filter, never more: several others run programs or read other formats' names.
    private func enable() -> Bool {
        switch role {
        case .tar: unsafe ferry_archive_read_support_format_tar(archive) == ARCHIVE_OK
        case .compressed(let compression):
            unsafe ferry_archive_read_support_format_raw(archive) == ARCHIVE_OK
                && ferry_archive_read_support_format_empty(archive) == ARCHIVE_OK
                && enableFilter(compression) == ARCHIVE_OK
        }
    }

    private func enableFilter(_ compression: Compression) -> Int32 {
        switch compression {
        case .none: ARCHIVE_OK
        case .gzip: unsafe ferry_archive_read_support_filter_gzip(archive)
        case .zstd: unsafe ferry_archive_read_support_filter_zstd(archive)
        case .xz: unsafe ferry_archive_read_support_filter_xz(archive)
        }
    }

    private func failure(_ operation: String) -> ArchiveError {
        let reason = unsafe ferry_archive_error_string(archive) == nil ? nil : codecMessage(of: archive)
        switch role {
        case .tar:
            // That the input ended says more than how libarchive stumbled over it.
            if feed.hasEnded, let auditor = feed.auditor {
                do throws(ArchiveError) { try auditor.finish() } catch { return error }
            }
            // GNU tar's pax format puts names of any bytes into records that have to be UTF-8.
            let isCharset = reason?.contains("converted from UTF-8") == true
            return ArchiveError(
                isCharset ? .unsupported : .malformed, operation, position: max(decodedBytes, 0),
                reason: reason ?? "the codec refuses it",
                advice: isCharset
                    ? "a name is not UTF-8: make the archive with --format=gnu"
                    : "make the archive anew, with GNU tar, bsdtar, BusyBox or Ferry")
        case .compressed(let compression):
            // The filters fail in many words when their input ends early; that the input did end is the better guide.
            let isCut = feed.hasEnded
            return ArchiveError(
                isCut ? .truncated : .malformed, "undoing the \(compression.rawValue) compression",
                position: feed.producer.produced,
                reason: reason ?? (isCut ? "the compressed data ends too early" : "the compressed data is damaged"),
                advice: isCut
                    ? "the archive was cut: see whether the command that makes it failed, then start over"
                    : "the archive is damaged: make it anew")
        }
    }
}

/// libarchive's read callback.
private func readBlock(
    _ archive: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeMutablePointer<UnsafeRawPointer?>?
) -> Int {
    guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
    let feed = unsafe Unmanaged<DecodingHandle.Feed>.fromOpaque(context).takeUnretainedValue()
    guard let hasMore = try? feed.advance() else { return -1 }
    guard hasMore else { return 0 }
    return feed.producer.block.withSpan { block in
        unsafe block.withUnsafeBufferPointer { block in
            unsafe bytes.pointee = UnsafeRawPointer(block.baseAddress)
            return block.count
        }
    }
}
