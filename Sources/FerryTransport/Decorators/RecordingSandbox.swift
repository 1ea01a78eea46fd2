import FerryThreads

/// What a command did, for a log or a report: numbers and its purpose, never its text, environment or content.
public struct SandboxEvent: Sendable {
    /// How a command ended.
    public enum Outcome: Sendable, Hashable {
        /// With an exit status.
        case exited(Int32)
        /// It failed, or could not be started.
        case failed(TransportError.Code)
        /// Nobody waited for its end.
        case abandoned
    }

    /// The sandbox's name.
    public let sandbox: String
    /// What the command was for.
    public let purpose: String
    /// From its start to its end.
    public let duration: Duration
    /// The bytes that were sent to it.
    public let bytesIn: Int
    /// The bytes that were read from it.
    public let bytesOut: Int
    /// How it ended.
    public let outcome: Outcome
}

/// A sandbox that tells about each command when it has ended.
public final class RecordingSandbox: Sandbox {
    /// Takes an event; called from whatever thread the command ended on.
    public typealias Observer = @Sendable (SandboxEvent) -> Void

    private let sandbox: any Sandbox
    private let observer: Observer

    /// Makes the sandbox.
    ///
    /// - Parameters:
    ///   - sandbox: What is behind it.
    ///   - observer: Takes the events.
    public init(_ sandbox: any Sandbox, observer: @escaping Observer) {
        self.sandbox = sandbox
        self.observer = observer
    }

    /// As of the sandbox behind it.
    public var name: String { sandbox.name }
    /// As of the sandbox behind it.
    public var capabilities: SandboxCapabilities { sandbox.capabilities }
    /// As of the sandbox behind it.
    public var archives: (any SandboxArchives)? { sandbox.archives }

    /// As of the sandbox behind it.
    public func identity() throws(TransportError) -> SandboxIdentity? { try sandbox.identity() }

    /// Starts a command.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        let record = CommandRecord(sandbox: name, purpose: command.purpose, observer: observer)
        do throws(TransportError) {
            return RecordedProcess(try sandbox.start(command), record)
        } catch {
            record.end(.failed(error.code))
            throw error
        }
    }

    /// Breaks off a connection of the sandbox behind it.
    public func interrupt() { sandbox.interrupt() }

    /// Closes the sandbox behind it.
    public func close() { sandbox.close() }
}

/// Counts for one command and tells once.
private final class CommandRecord: Sendable {
    private struct State {
        var bytesIn = 0
        var bytesOut = 0
        var isTold = false
    }

    private let sandbox: String
    private let purpose: String
    private let observer: RecordingSandbox.Observer
    private let start = ContinuousClock.now
    private let state = Monitor(State())

    init(sandbox: String, purpose: String, observer: @escaping RecordingSandbox.Observer) {
        self.sandbox = sandbox
        self.purpose = purpose
        self.observer = observer
    }

    func sent(_ count: Int) { state.withLock { state.state.bytesIn += count } }
    func received(_ count: Int) { state.withLock { state.state.bytesOut += count } }

    func end(_ outcome: SandboxEvent.Outcome) {
        let event = state.withLock { () -> SandboxEvent? in
            guard !state.state.isTold else { return nil }
            state.state.isTold = true
            return SandboxEvent(
                sandbox: sandbox, purpose: purpose, duration: .now - start, bytesIn: state.state.bytesIn,
                bytesOut: state.state.bytesOut, outcome: outcome)
        }
        // Outside of the lock: what it does is not ours.
        if let event { observer(event) }
    }
}

/// A command whose bytes are counted.
private final class RecordedProcess: SandboxProcess {
    private let process: any SandboxProcess
    private let record: CommandRecord

    init(_ process: any SandboxProcess, _ record: CommandRecord) {
        self.process = process
        self.record = record
    }

    deinit { record.end(.abandoned) }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        try process.write(bytes)
        record.sent(bytes.count)
    }

    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? {
        let moved = try process.splice(from: descriptor, count: count)
        record.sent(moved ?? 0)
        return moved
    }

    func closeInput() throws(TransportError) { try process.closeInput() }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let count = try process.read(into: &buffer)
        record.received(count)
        return count
    }

    func wait() throws(TransportError) -> SandboxExit {
        do throws(TransportError) {
            let exit = try process.wait()
            record.end(.exited(exit.status))
            return exit
        } catch {
            record.end(.failed(error.code))
            throw error
        }
    }

    func terminate() { process.terminate() }
}
