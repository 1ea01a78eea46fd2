import FerryCore
import FerryTransport

/// An archive that a sandbox's transport packs, as a source.
struct DownloadSource: ~Copyable, ByteSource {
    private let download: any SandboxDownload

    init(_ download: any SandboxDownload) { self.download = download }

    deinit { download.terminate() }

    mutating func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        try download.read(into: &buffer)
    }
}
