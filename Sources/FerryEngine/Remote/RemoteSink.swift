import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTransport

/// The standard input of a command in a sandbox as a sink.
///
/// Where the end of the input may stay hidden from the command, the stream goes in pieces: how many bytes come, then those, and at
/// last how many there were.
struct ProcessSink: ~Copyable, ByteSink {
    private let process: any SandboxProcess
    /// How long a piece may be; nil where the stream goes as it is.
    private let pieceSize: Int?
    /// What is gathered for the next piece, less than half of one: a piece that is half as long is sent with what made it so.
    private var piece = ByteBuffer(capacity: 64 << 10)
    private var total = 0

    init(_ process: any SandboxProcess, piece pieceSize: Int?) {
        self.process = process
        self.pieceSize = pieceSize
    }

    mutating func write(_ bytes: Span<UInt8>) throws(TransportError) {
        guard let pieceSize else { return try process.write(bytes) }
        var start = 0
        while piece.count + bytes.count - start > pieceSize {
            let end = start + pieceSize - piece.count
            try flush(and: bytes.extracting(start..<end))
            start = end
        }
        let rest = bytes.extracting(start...)
        if piece.count + rest.count >= pieceSize / 2 { try flush(and: rest) } else { piece.append(rest) }
    }

    /// Moves bytes from a file in the kernel; nil where that is not possible.
    mutating func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? {
        pieceSize != nil ? nil : try process.splice(from: descriptor, count: count)
    }

    /// Says that nothing more comes.
    mutating func finish() throws(TransportError) {
        guard pieceSize != nil else { return }
        if !piece.isEmpty { try flush(and: Span()) }
        try process.write(Array("end \(total)\n".utf8).span)
    }

    /// Sends what was gathered and what follows it as one piece.
    private mutating func flush(and bytes: Span<UInt8>) throws(TransportError) {
        let count = piece.count + bytes.count
        total += count
        try process.write(Array("piece \(count)\n".utf8).span)
        try piece.withSpan { bytes throws(TransportError) in try process.write(bytes) }
        piece.removeAll()
        try process.write(bytes)
    }
}

/// A stream on its way into a sandbox, straight or through a compressor.
struct RemoteSink: ~Copyable, PackSink {
    private let nonce: RemoteNonce
    /// Takes the stream when nothing compresses it.
    private var plain: ProcessSink?
    private var compressor: CompressingSink<ProcessSink>?
    /// The number of entries that the end mark told; nil while there was none.
    private(set) var endMark: RemoteEndMark?

    static var feedsSandbox: Bool { true }

    init(_ channel: RemoteChannel, _ compression: Compression, piece: Int? = nil) throws(PackFailure) {
        nonce = channel.nonce
        guard compression != .none else {
            plain = ProcessSink(channel.process, piece: piece)
            return
        }
        do throws(ArchiveError) {
            compressor = try CompressingSink(compression, to: ProcessSink(channel.process, piece: piece))
        } catch {
            throw .archive(error)
        }
    }

    mutating func write(_ bytes: Span<UInt8>) throws(PackFailure) {
        guard compressor != nil else {
            do throws(TransportError) { return try plain?.write(bytes) ?? () } catch { throw .transport(error) }
        }
        do throws(ArchiveError) { try compressor?.write(bytes) } catch { throw Self.unwrapped(error) }
    }

    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int? {
        guard compressor == nil else { return nil }
        do throws(TransportError) {
            return try plain?.splice(from: file.rawDescriptor, count: count) ?? nil
        } catch {
            throw .transport(error)
        }
    }

    mutating func endEntries(_ count: Int) throws(PackFailure) {
        let mark = RemoteEndMark(entries: count)
        let member: ByteBuffer
        do throws(ArchiveError) { member = try mark.member(nonce) } catch { throw .archive(error) }
        try member.withSpan { bytes throws(PackFailure) in try write(bytes) }
        endMark = mark
    }

    /// Ends the compressed stream and the pieces; without it the sandbox says that it was cut.
    mutating func finish() throws(PackFailure) {
        if let compressor = compressor.take() {
            do throws(ArchiveError) { plain = try compressor.finish() } catch { throw Self.unwrapped(error) }
        }
        do throws(TransportError) { try plain?.finish() } catch { throw .transport(error) }
    }

    private static func unwrapped(_ error: ArchiveError) -> PackFailure {
        if let cause = error.cause as? TransportError { return .transport(cause) }
        return .archive(error)
    }
}
