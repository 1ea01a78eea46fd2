import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTransport

/// The standard input of a command in a sandbox as a sink.
struct ProcessSink: ~Copyable, ByteSink {
    let process: any SandboxProcess

    mutating func write(_ bytes: Span<UInt8>) throws(TransportError) { try process.write(bytes) }
}

/// A stream on its way into a sandbox, straight or through a compressor.
struct RemoteSink: ~Copyable, PackSink {
    private let process: any SandboxProcess
    private let nonce: RemoteNonce
    private var compressor: CompressingSink<ProcessSink>?
    /// The number of entries that the end mark told; nil while there was none.
    private(set) var endMark: RemoteEndMark?

    static var feedsSandbox: Bool { true }

    init(_ channel: RemoteChannel, _ compression: Compression) throws(PackFailure) {
        process = channel.process
        nonce = channel.nonce
        guard compression != .none else { return }
        do throws(ArchiveError) {
            compressor = try CompressingSink(compression, to: ProcessSink(process: process))
        } catch {
            throw .archive(error)
        }
    }

    mutating func write(_ bytes: Span<UInt8>) throws(PackFailure) {
        guard compressor != nil else {
            do throws(TransportError) { return try process.write(bytes) } catch { throw .transport(error) }
        }
        do throws(ArchiveError) { try compressor?.write(bytes) } catch { throw Self.unwrapped(error) }
    }

    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int? {
        guard compressor == nil else { return nil }
        do throws(TransportError) {
            return try process.splice(from: file.rawDescriptor, count: count)
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

    /// Ends the compressed stream; without it the sandbox says that it was cut.
    mutating func finish() throws(PackFailure) {
        guard let compressor = compressor.take() else { return }
        do throws(ArchiveError) { _ = try compressor.finish() } catch { throw Self.unwrapped(error) }
    }

    private static func unwrapped(_ error: ArchiveError) -> PackFailure {
        if let cause = error.cause as? TransportError { return .transport(cause) }
        return .archive(error)
    }
}
