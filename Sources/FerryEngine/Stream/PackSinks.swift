import FerryArchive
import FerryCore
import FerryFileSystem
import SystemPackage

/// A stream that goes out as it is.
struct PlainSink: ~Copyable, PackSink {
    private var output: OutputStream

    init(_ output: consuming OutputStream) { self.output = output }

    mutating func write(_ bytes: Span<UInt8>) throws(PackFailure) {
        do throws(Errno) { try output.write(bytes) } catch { throw .output(error) }
    }

    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int? {
        do throws(Errno) { return try output.splice(from: file, count: count) } catch { throw .output(error) }
    }
}

/// A stream that is compressed on its way out.
struct CompressedSink: ~Copyable, PackSink {
    private var sink: CompressingSink<OutputStream>

    init(_ compression: Compression, to output: consuming sending OutputStream) throws(PackFailure) {
        do throws(ArchiveError) { sink = try CompressingSink(compression, to: output) } catch { throw .archive(error) }
    }

    mutating func write(_ bytes: Span<UInt8>) throws(PackFailure) {
        do throws(ArchiveError) { try sink.write(bytes) } catch { throw .archive(error) }
    }

    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int? { nil }

    /// Ends the compressed stream.
    ///
    /// Without it the stream is cut, and readers say so.
    consuming func finish() throws(PackFailure) {
        do throws(ArchiveError) { _ = try sink.finish() } catch { throw .archive(error) }
    }
}
