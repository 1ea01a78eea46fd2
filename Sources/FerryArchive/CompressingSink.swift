import CArchive
public import FerryCore

// SAFETY: owns the handle and frees it once, after which nothing refers to `context`; libarchive holds an unretained pointer
// to it, and this value retains it for as long as the handle lives.
/// Compresses what is written to it, by libarchive's raw format and one named filter, and passes it on.
///
/// Only ``finish()`` completes the compressed stream; a sink that goes away before leaves one that every decompressor calls cut.
@safe
public struct CompressingSink<Sink: ByteSink & ~Copyable>: ~Copyable, ByteSink {
    private var archive: OpaquePointer?
    private let context: TypedOutputContext<Sink>
    private let compression: Compression

    /// Makes a compressing sink.
    ///
    /// - Parameters:
    ///   - compression: How to compress; none passes the bytes on.
    ///   - level: The filter's own scale: zstd 1 to 19, gzip and xz 0 to 9; its default when nil.
    ///   - sink: Where the compressed bytes go.
    /// - Throws: ``ArchiveError`` when the codec cannot be made or refuses the level.
    public init(_ compression: Compression, level: Int? = nil, to sink: consuming sending Sink) throws(ArchiveError) {
        self.compression = compression
        context = TypedOutputContext(sink)
        unsafe archive = compression == .none ? nil : ferry_archive_write_new()
        guard compression != .none else { return }
        guard unsafe archive != nil, unsafe ferry_archive_write_set_format_raw(archive) == ARCHIVE_OK,
            addFilter() == ARCHIVE_OK, setLevel(level),
            unsafe ferry_archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK, open()
        else { throw failure("starting the \(compression.rawValue) compression") }
    }

    deinit {
        guard let archive = unsafe archive else { return }
        // Freeing completes the compressed stream, and failing first (`archive_write_fail`) would leak the compressor's state.
        // So it completes into nothing: after this no byte is passed on.
        context.isDiscarding = true
        unsafe ferry_archive_write_free(archive)
    }

    /// Compresses the bytes and passes on what is ready.
    ///
    /// - Parameter bytes: What to write.
    /// - Throws: ``ArchiveError`` when the codec or the sink fails.
    public mutating func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
        guard compression != .none else { return try context.write(bytes) }
        let written = unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe ferry_archive_write_data(archive, bytes.baseAddress, bytes.count)
        }
        guard written == bytes.count else { throw failure("compressing") }
    }

    /// Completes the compressed stream.
    ///
    /// - Returns: The sink that was written to.
    /// - Throws: ``ArchiveError`` when the codec or the sink fails.
    public consuming func finish() throws(ArchiveError) -> Sink {
        if compression != .none {
            guard unsafe ferry_archive_write_close(archive) == ARCHIVE_OK else { throw failure("completing the compression") }
        }
        return try context.takeSink()
    }

    private func open() -> Bool {
        let pointer = unsafe Unmanaged<OutputContext>.passUnretained(context).toOpaque()
        let entry = unsafe ferry_archive_entry_new()
        defer { unsafe ferry_archive_entry_free(entry) }
        // The raw format holds one member, and it must be a file (`AE_IFREG`, a macro with a cast, cannot be imported).
        unsafe ferry_archive_entry_set_filetype(entry, 0o100_000)
        return unsafe ferry_archive_write_open2(archive, pointer, nil, passOn, nil, nil) == ARCHIVE_OK
            && ferry_archive_write_header(archive, entry) == ARCHIVE_OK
    }

    private func addFilter() -> Int32 {
        switch compression {
        case .none: ARCHIVE_OK
        case .gzip: unsafe ferry_archive_write_add_filter_gzip(archive)
        case .zstd: unsafe ferry_archive_write_add_filter_zstd(archive)
        case .xz: unsafe ferry_archive_write_add_filter_xz(archive)
        }
    }

    private func setLevel(_ level: Int?) -> Bool {
        // Without a time in its header, gzip's output depends on nothing but its input.
        if compression == .gzip {
            guard unsafe ferry_archive_write_set_filter_option(archive, "gzip", "timestamp", nil) == ARCHIVE_OK else {
                return false
            }
        }
        guard let level else { return true }
        return unsafe ferry_archive_write_set_filter_option(archive, nil, "compression-level", String(level)) == ARCHIVE_OK
    }

    private func failure(_ operation: String) -> ArchiveError {
        if let failure = context.failure { return failure }
        return ArchiveError(
            .codec, operation, reason: unsafe codecMessage(of: archive),
            advice: "choose another compression or level, or none")
    }
}

/// What the write callback of a compressor works with.
private class OutputContext {
    final var failure: ArchiveError?
    /// Whether the stream was given up, and what comes out of the codec goes nowhere.
    final var isDiscarding = false

    func write(_ bytes: Span<UInt8>) throws(ArchiveError) {}
}

private final class TypedOutputContext<Sink: ByteSink & ~Copyable>: OutputContext {
    private var sink: Sink?

    init(_ sink: consuming Sink) {
        self.sink = consume sink
    }

    override func write(_ bytes: Span<UInt8>) throws(ArchiveError) {
        do throws(Sink.Failure) {
            try sink?.write(bytes)
        } catch {
            let failure = ArchiveError(
                .stream, "writing the archive", reason: "the destination failed",
                advice: "see the cause, then start over", cause: error)
            self.failure = failure
            throw failure
        }
    }

    func takeSink() throws(ArchiveError) -> Sink {
        guard let sink = sink.take() else {
            throw failure
                ?? ArchiveError(.codec, "writing the archive", reason: "it ended twice", advice: "report this")
        }
        return sink
    }
}

/// libarchive's write callback.
private func passOn(
    _ archive: OpaquePointer?, _ context: UnsafeMutableRawPointer?, _ bytes: UnsafeRawPointer?, _ count: Int
) -> Int {
    guard let context = unsafe context, let bytes = unsafe bytes else { return -1 }
    let output = unsafe Unmanaged<OutputContext>.fromOpaque(context).takeUnretainedValue()
    guard !output.isDiscarding else { return count }
    let span = unsafe Span(_unsafeStart: bytes.assumingMemoryBound(to: UInt8.self), count: count)
    return (try? output.write(span)) == nil ? -1 : count
}
