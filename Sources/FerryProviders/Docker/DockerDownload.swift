import FerryHTTP
import FerryThreads
import FerryTransport

/// An archive that the engine packs.
///
/// Its status goes out before the tree is read, and a failure later only ends the body, properly framed. So the end counts only
/// behind the two blocks of NULs that end a tar.
final class DockerDownload: SandboxDownload {
    private let exchange: HTTPExchange
    private let purpose: String
    private let engine: DockerEngine
    /// How many NULs came last, as far as that matters.
    private let zeros = Monitor(0)

    private static let endMark = 1_024

    init(_ exchange: HTTPExchange, purpose: String, engine: DockerEngine) {
        self.exchange = exchange
        self.purpose = purpose
        self.engine = engine
    }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        guard buffer.count > 0 else { return 0 }
        let count: Int
        do throws(HTTPError) {
            count = try exchange.read(into: &buffer)
        } catch {
            throw engine.failure(error, purpose: purpose)
        }
        if count > 0 {
            let last = zerosAtEnd(of: buffer.span, count: count, limit: Self.endMark)
            zeros.withLock { zeros.state = last == count ? min(zeros.state + last, Self.endMark) : last }
        } else if zeros.withLock({ zeros.state }) < Self.endMark {
            throw engine.error(
                .malformed, purpose, "the engine ended the archive before its end mark",
                advice: "the engine's log says why; repeat the command")
        }
        return count
    }

    func terminate() { exchange.cancel() }
}

/// How many NULs the first bytes of a buffer end with.
private func zerosAtEnd(of bytes: Span<UInt8>, count: Int, limit: Int) -> Int {
    var zeros = 0
    while zeros < min(count, limit), bytes[count - 1 - zeros] == 0 { zeros += 1 }
    return zeros
}
