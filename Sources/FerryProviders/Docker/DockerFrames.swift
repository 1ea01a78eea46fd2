import FerryHTTP
import FerryTransport

/// Takes the multiplexed stream of an exec apart: frames of 8 bytes of head and a payload, of standard output or standard error.
///
/// Frames may be cut anywhere by the network; nothing here waits.
struct DockerFrames {
    /// What one step did.
    enum Step {
        /// Bytes of standard output were put into the buffer.
        case output(Int)
        /// Something else moved on.
        case progress
        /// Nothing has come.
        case nothing
        /// The stream ended between two frames.
        case end
    }

    /// The stream is not what the Engine API describes.
    enum Fault: Error {
        /// The connection failed.
        case connection(HTTPError)
        /// Why it is wrong, as a clause.
        case malformed(String)
    }

    /// More than an engine's own buffers (32 KiB in practice); what claims more is not a frame.
    static let largestFrame = 16 << 20

    /// Whether a reset between two frames is an end.
    let resetIsEnd: Bool

    private var head = [UInt8](repeating: 0, count: 8)
    private var headCount = 0
    private var kind: UInt8 = 0
    private var left = 0
    private static let longestScratch = 8 << 10
    private var scratch = [UInt8](repeating: 0, count: longestScratch)
    private var complaint: [UInt8] = []

    init(resetIsEnd: Bool) { self.resetIsEnd = resetIsEnd }

    /// The last bytes of standard error.
    private(set) var errors: [UInt8] = []

    /// Takes some of the standard error that has come so far out.
    mutating func removeErrors(_ range: Range<Int>) { errors.removeSubrange(range) }

    /// Does one thing: reads a head, or a piece of a payload.
    ///
    /// - Parameters:
    ///   - tunnel: Where the stream comes from.
    ///   - buffer: Where standard output goes.
    /// - Returns: What it was.
    /// - Throws: ``Fault``; the stream is not read again afterwards.
    mutating func step(_ tunnel: HTTPTunnel, into buffer: inout MutableSpan<UInt8>) throws(Fault) -> Step {
        if left == 0 { return try readHead(tunnel) }
        if kind == 1 {
            guard let count = try receive(tunnel, &buffer, left) else { return .nothing }
            left -= count
            return .output(count)
        }
        let limit = left
        var room = scratch.mutableSpan
        let received: Int?
        do throws(HTTPError) {
            received = try tunnel.receive(into: &room, limit: limit)
        } catch {
            throw .connection(error)
        }
        guard let count = received else { return .nothing }
        guard count > 0 else { throw .malformed("it was cut within a frame") }
        left -= count
        if kind == 2 {
            errors += scratch[..<count]
            // Not at every frame, and never what the last step brought: somebody may look for a line in it.
            if errors.count > Self.longestScratch * 2 + SandboxExit.longestErrorTail {
                errors.removeFirst(errors.count - Self.longestScratch)
            }
        } else {
            complaint += scratch[..<min(count, max(0, SandboxExit.longestErrorTail - complaint.count))]
            if left == 0 {
                throw .malformed("the engine broke it off: \(String(decoding: complaint, as: UTF8.self))")
            }
        }
        return .progress
    }

    private mutating func readHead(_ tunnel: HTTPTunnel) throws(Fault) -> Step {
        let start = headCount
        var room = head.mutableSpan
        let received: Int?
        do throws(HTTPError) {
            received = try tunnel.receive(into: &room, at: start)
        } catch {
            // Podman closes with input unread, which resets a Unix socket behind everything that was sent; how the command ended, the
            // engine says afterwards. Over a network a reset may overtake what was sent.
            if resetIsEnd, error.code == .connectionLost, error.isReset, start == 0 { return .end }
            throw .connection(error)
        }
        guard let count = received else { return .nothing }
        guard count > 0 else {
            guard headCount == 0 else { throw .malformed("it was cut within the head of a frame") }
            return .end
        }
        headCount += count
        guard headCount == head.count else { return .progress }
        headCount = 0
        kind = head[0]
        guard (1...3).contains(kind), head[1...3].allSatisfy({ $0 == 0 }) else {
            throw .malformed("a frame has a head that the Engine API does not know")
        }
        left = head[4...].reduce(0) { $0 << 8 | Int($1) }
        guard left <= Self.largestFrame else { throw .malformed("a frame claims \(left) bytes") }
        return .progress
    }

    private func receive(_ tunnel: HTTPTunnel, _ buffer: inout MutableSpan<UInt8>, _ limit: Int) throws(Fault) -> Int? {
        let received: Int?
        do throws(HTTPError) {
            received = try tunnel.receive(into: &buffer, limit: limit)
        } catch {
            throw .connection(error)
        }
        if received == 0, buffer.count > 0 { throw .malformed("it was cut within a frame") }
        return received
    }
}
