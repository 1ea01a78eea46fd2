import FerryHTTP
import FerryThreads
import FerryTransport

/// The stream of an exec, for one thread that writes and one that reads.
///
/// A writer that finds no room takes what has come off the connection, if nobody reads: a command that complains at length while its
/// input is sent would otherwise block both sides for ever. Standard output is held up to a limit then.
final class DockerStream: Sendable {
    private struct State {
        var frames: DockerFrames
        /// Standard output that came while nobody read it.
        var held: [UInt8] = []
        var heldStart = 0
        /// Whether a thread is in ``read(into:)``.
        var isReading = false
        var hasEnded = false
        var fault: DockerFrames.Fault?
        var lastMove = ContinuousClock.now
        var isInputClosed = false
    }

    /// How a call ended that did not do what it was to.
    enum Problem: Error {
        case fault(DockerFrames.Fault)
        /// The other side takes no more.
        case closedInput
        /// Time is over; how long it was.
        case deadline(Duration)
        case idle(Duration)
    }

    /// How much standard output is held while nobody reads it.
    private static let mostHeld = 1 << 20
    /// How often a writer looks whether the reader has gone.
    private static let glance = Duration.milliseconds(50)

    private let tunnel: HTTPTunnel
    private let deadline: (end: ContinuousClock.Instant, length: Duration)?
    private let idleTimeout: Duration?
    private let isRunning: @Sendable () -> Bool
    private let state: Monitor<State>

    /// Takes over a connection.
    ///
    /// - Parameters:
    ///   - tunnel: The connection.
    ///   - deadline: When the command has to be over, and how long that was from its start.
    ///   - idleTimeout: How long nothing may move.
    ///   - isRunning: Whether the command runs; asked when its output has ended and it does not take its input.
    init(
        _ tunnel: HTTPTunnel, deadline: (end: ContinuousClock.Instant, length: Duration)?, idleTimeout: Duration?,
        isRunning: @escaping @Sendable () -> Bool
    ) {
        self.tunnel = tunnel
        self.isRunning = isRunning
        state = Monitor(State(frames: DockerFrames(resetIsEnd: tunnel.isLocal)))
        self.deadline = deadline
        self.idleTimeout = idleTimeout
    }

    /// Ends both directions; whoever waits gets a fault with the code `cancelled`.
    func cancel() { tunnel.cancel() }

    // MARK: Writing

    func write(_ bytes: Span<UInt8>) throws(Problem) {
        if state.withLock({ state.state.isInputClosed }) { throw .closedInput }
        restartIdleClock()
        var sent = 0
        while sent < bytes.count {
            let count: Int
            do throws(HTTPError) {
                count = try tunnel.send(bytes, from: sent)
            } catch {
                throw error.code == .connectionLost ? .closedInput : .fault(.connection(error))
            }
            sent += count
            if count > 0 { noteMove() } else { try waitForRoom() }
        }
    }

    func closeInput() {
        let isFirst = state.withLock {
            defer { state.state.isInputClosed = true }
            return !state.state.isInputClosed
        }
        if isFirst { tunnel.closeWriting() }
    }

    private func waitForRoom() throws(Problem) {
        let (mayTake, hasEnded) = state.withLock { (canTake, state.state.hasEnded) }
        // Docker ends only its own side of the connection with the command, and reads no more.
        if hasEnded, !isRunning() { throw .closedInput }
        tunnel.waitToSend(atMost: min(Self.glance, try timeLeft()), orReceive: mayTake)
        guard mayTake else { return }
        var piece = [UInt8](repeating: 0, count: 32 << 10)
        state.withLock {
            while canTake {
                var room = piece.mutableSpan
                do throws(DockerFrames.Fault) {
                    switch try state.state.frames.step(tunnel, into: &room) {
                    case .output(let count): state.state.held += piece[..<count]
                    case .progress: break
                    case .nothing: return
                    case .end: state.state.hasEnded = true
                    }
                } catch {
                    state.state.fault = error
                }
                state.state.lastMove = .now
            }
        }
    }

    /// Whether the writer may take from the connection; the lock is held.
    private var canTake: Bool {
        !state.state.isReading && !state.state.hasEnded && state.state.fault == nil
            && state.state.held.count - state.state.heldStart < Self.mostHeld
    }

    // MARK: Reading

    /// Waits for standard output.
    ///
    /// - Returns: How many bytes; 0 at the end.
    func read(into buffer: inout MutableSpan<UInt8>) throws(Problem) -> Int {
        guard buffer.count > 0 else { return 0 }
        return try reading { () throws(Problem) in
            while true {
                switch try take(into: &buffer) {
                case .output(let count): return count
                case .end: return 0
                case .progress: break
                case .nothing: tunnel.waitToReceive(atMost: try timeLeft())
                }
            }
        }
    }

    /// Waits for the first line of standard error that begins with a marker, and takes it out.
    ///
    /// - Returns: What follows the marker; nil when the stream ended without one.
    func waitForLine(after marker: String) throws(Problem) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 8 << 10)
        return try reading { () throws(Problem) in
            while true {
                if let line = state.withLock({ takeLine(after: Array(marker.utf8)) }) { return line }
                var room = piece.mutableSpan
                switch try takeFromConnection(into: &room) {
                case .output(let count): state.withLock { state.state.held += piece[..<count] }
                case .end: return nil
                case .progress: break
                case .nothing: tunnel.waitToReceive(atMost: try timeLeft())
                }
            }
        }
    }

    /// The last bytes of standard error.
    var errorTail: [UInt8] {
        state.withLock { Array(state.state.frames.errors.suffix(SandboxExit.longestErrorTail)) }
    }

    /// The standard output that nobody has read yet, as far as it came.
    var unread: [UInt8] { state.withLock { Array(state.state.held[state.state.heldStart...]) } }

    private func takeLine(after marker: [UInt8]) -> [UInt8]? {
        let errors = state.state.frames.errors
        guard let start = errors.firstRange(of: marker), let end = errors[start.upperBound...].firstIndex(of: 0x0A)
        else {
            return nil
        }
        state.state.frames.removeErrors(start.lowerBound..<(end + 1))
        return Array(errors[start.upperBound..<end])
    }

    private func take(into buffer: inout MutableSpan<UInt8>) throws(Problem) -> DockerFrames.Step {
        let count = state.withLock { () -> Int in
            let count = copyBytes(from: state.state.held[state.state.heldStart...], to: &buffer)
            state.state.heldStart += count
            if state.state.heldStart == state.state.held.count {
                state.state.held.removeAll()
                state.state.heldStart = 0
            }
            return count
        }
        return count > 0 ? .output(count) : try takeFromConnection(into: &buffer)
    }

    private func takeFromConnection(into buffer: inout MutableSpan<UInt8>) throws(Problem) -> DockerFrames.Step {
        do throws(DockerFrames.Fault) {
            return try state.withLock { () throws(DockerFrames.Fault) in
                if let fault = state.state.fault { throw fault }
                if state.state.hasEnded { return .end }
                do throws(DockerFrames.Fault) {
                    let step = try state.state.frames.step(tunnel, into: &buffer)
                    switch step {
                    case .nothing: break
                    case .end: state.state.hasEnded = true
                    case .output, .progress: state.state.lastMove = .now
                    }
                    return step
                } catch {
                    state.state.fault = error
                    throw error
                }
            }
        } catch {
            throw .fault(error)
        }
    }

    private func reading<Value>(_ body: () throws(Problem) -> Value) throws(Problem) -> Value {
        state.withLock { state.state.isReading = true }
        defer { state.withLock { state.state.isReading = false } }
        restartIdleClock()
        return try body()
    }

    // MARK: Time

    private func noteMove() { state.withLock { state.state.lastMove = .now } }

    /// The time that callers take between two calls does not count.
    private func restartIdleClock() { if idleTimeout != nil { noteMove() } }

    /// How long a call may still wait.
    func timeLeft() throws(Problem) -> Duration {
        var longest = Duration.seconds(60)
        let now = ContinuousClock.now
        if let deadline {
            guard now < deadline.end else { throw .deadline(deadline.length) }
            longest = min(longest, deadline.end - now)
        }
        if let idleTimeout {
            let left = state.withLock { state.state.lastMove } + idleTimeout - now
            guard left > .zero else { throw .idle(idleTimeout) }
            longest = min(longest, left)
        }
        return longest
    }
}

/// Copies as many bytes as fit.
private func copyBytes(from bytes: ArraySlice<UInt8>, to buffer: inout MutableSpan<UInt8>) -> Int {
    let count = min(bytes.count, buffer.count)
    for index in 0..<count { buffer[index] = bytes[bytes.startIndex + index] }
    return count
}
