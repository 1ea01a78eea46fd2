import FerryCore
import FerryThreads
public import FerryTransport

/// A sandbox without any process: a function plays the commands.
///
/// ```swift
/// let sandbox = InMemorySandbox { command, streams in
///     guard command.purpose == "the listing" else { return 127 }
///     try streams.write(Array("a\0b\0".utf8))
///     return 0
/// }
/// ```
public final class InMemorySandbox: Sandbox {
    /// Plays a command on a thread of its own; returns its exit status.
    ///
    /// What it throws ends the command with status 1 and the error's text on standard error; ``TransportError`` is what waiting for the
    /// command then throws.
    public typealias Player = @Sendable (SandboxCommand, InMemoryStreams) throws -> Int32

    /// What to call it in messages.
    public let name: String
    /// What it says of itself.
    public let capabilities: SandboxCapabilities
    private let knownIdentity: SandboxIdentity?
    private let player: Player
    private let state = Monitor<(commands: [SandboxCommand], isClosed: Bool)>(([], false))

    /// Makes a sandbox.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages.
    ///   - capabilities: What it says of itself.
    ///   - identity: Who it says it is.
    ///   - player: Plays its commands.
    public init(
        name: String = "memory", capabilities: SandboxCapabilities = .init(), identity: SandboxIdentity? = nil,
        player: @escaping Player
    ) {
        self.name = name
        self.capabilities = capabilities
        knownIdentity = identity
        self.player = player
    }

    /// The commands that were started, in order.
    public var commands: [SandboxCommand] { state.withLock { state.state.commands } }
    /// Whether it was closed.
    public var isClosed: Bool { state.withLock { state.state.isClosed } }

    /// What it was made with.
    public func identity() throws(TransportError) -> SandboxIdentity? { knownIdentity }

    /// Starts the player.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        let isClosed = state.withLock { () -> Bool in
            state.state.commands.append(command)
            return state.state.isClosed
        }
        guard !isClosed else {
            throw TransportError(.cancelled, sandbox: name, purpose: command.purpose, reason: "the sandbox was closed")
        }
        return try InMemoryProcess(command, sandbox: name, player: player)
    }

    /// Starts nothing more.
    public func close() { state.withLock { state.state.isClosed = true } }
}

/// The standard streams of a played command, as the player sees them.
public struct InMemoryStreams: Sendable {
    let input: MemoryPipe
    let output: MemoryPipe
    let errors: Monitor<[UInt8]>

    /// Waits for input.
    ///
    /// - Parameter count: The most bytes.
    /// - Returns: The bytes; none at the end.
    /// - Throws: When the command was stopped.
    public func read(atMost count: Int = 64 << 10) throws -> [UInt8] { try input.read(atMost: count) }

    /// All of the input.
    ///
    /// - Returns: The bytes.
    /// - Throws: When the command was stopped.
    public func readAll() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let part = try read()
            if part.isEmpty { return bytes }
            bytes += part
        }
    }

    /// Writes output.
    ///
    /// - Parameter bytes: The bytes.
    /// - Throws: When the command was stopped.
    public func write(_ bytes: [UInt8]) throws { try output.write(bytes.span) }

    /// Writes to standard error.
    ///
    /// - Parameter bytes: The bytes.
    public func writeError(_ bytes: [UInt8]) {
        errors.withLock { errors.state = (errors.state + bytes).suffix(SandboxExit.longestErrorTail) }
    }

    /// Reads no more: who writes on gets `closedInput`.
    public func closeInput() { input.close() }
}

/// A played command.
private final class InMemoryProcess: SandboxProcess {
    private let streams = InMemoryStreams(input: MemoryPipe(), output: MemoryPipe(), errors: Monitor([]))
    private let end = Monitor<Result<Int32, TransportError>?>(nil)
    private let sandbox: String
    private let purpose: String

    init(_ command: SandboxCommand, sandbox: String, player: @escaping InMemorySandbox.Player) throws(TransportError) {
        self.sandbox = sandbox
        purpose = command.purpose
        let (streams, end) = (streams, end)
        do throws(ThreadError) {
            try BlockingThread(named: "player") {
                let result: Result<Int32, TransportError>
                do {
                    result = .success(try player(command, streams))
                } catch let error as TransportError {
                    result = .failure(error)
                } catch {
                    streams.writeError(Array("\(error)\n".utf8))
                    result = .success(1)
                }
                end.withLock {
                    end.state = end.state ?? result
                    end.broadcast()
                }
                streams.output.end()
                streams.input.close()
            }.detach()
            if let deadline = command.deadline { try watch(deadline) }
        } catch {
            throw TransportError(
                .unreachable, sandbox: sandbox, purpose: command.purpose, reason: "no thread: error \(error.errno)")
        }
    }

    deinit { terminate() }

    private func watch(_ deadline: Duration) throws(ThreadError) {
        let (streams, end) = (streams, end)
        let due = ContinuousClock.now + deadline
        let error = error(.timedOut, "its deadline was over")
        try BlockingThread(named: "deadline") {
            end.withLock {
                while end.state == nil && .now < due { end.wait(atMost: due - .now) }
                end.state = end.state ?? .failure(error)
                end.broadcast()
            }
            if case .failure = end.withLock({ end.state }) {
                streams.input.stop(.timedOut)
                streams.output.stop(.timedOut)
            }
        }.detach()
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        do throws(MemoryPipe.Stop) { try streams.input.write(bytes) } catch { throw failure(error) }
    }

    func closeInput() throws(TransportError) { streams.input.end() }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        do throws(MemoryPipe.Stop) {
            let bytes = try streams.output.read(atMost: buffer.count)
            for (index, byte) in bytes.enumerated() { buffer[index] = byte }
            return bytes.count
        } catch {
            throw failure(error)
        }
    }

    func wait() throws(TransportError) -> SandboxExit {
        streams.input.end()
        streams.output.close()
        let result = end.withLock { () -> Result<Int32, TransportError> in
            while true {
                if let result = end.state { return result }
                end.wait()
            }
        }
        let tail = streams.errors.withLock { streams.errors.state }
        switch result {
        case .success(let status): return SandboxExit(status: status, errorTail: tail)
        case .failure(let error): throw error
        }
    }

    func terminate() {
        let error = error(.cancelled, "it was told to stop")
        end.withLock {
            end.state = end.state ?? .failure(error)
            end.broadcast()
        }
        streams.input.stop(.cancelled)
        streams.output.stop(.cancelled)
    }

    private func failure(_ stop: MemoryPipe.Stop) -> TransportError {
        switch stop {
        case .closed: error(.closedInput, "the command no longer reads its input")
        case .cancelled: error(.cancelled, "it was told to stop")
        case .timedOut: error(.timedOut, "its deadline was over")
        }
    }

    private func error(_ code: TransportError.Code, _ reason: String) -> TransportError {
        TransportError(code, sandbox: sandbox, purpose: purpose, reason: reason)
    }
}
