import FerryCore
import FerryFileSystem
import FerryTransport

/// An archive on its way to a sandbox's transport, which unpacks it as it is: with its modes, times and owners.
struct UploadSink: ~Copyable, PackSink {
    private let send: (Span<UInt8>) throws(TransportError) -> Void

    init(_ send: @escaping (Span<UInt8>) throws(TransportError) -> Void) { self.send = send }

    mutating func write(_ bytes: Span<UInt8>) throws(PackFailure) {
        do throws(TransportError) { try send(bytes) } catch { throw .transport(error) }
    }

    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int? { nil }
}
