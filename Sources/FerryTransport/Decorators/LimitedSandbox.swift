import FerryThreads

/// A sandbox in which only so many commands run at a time and start in a second; who comes too early waits.
public final class LimitedSandbox: Sandbox {
    private let sandbox: any Sandbox
    private let gate: CommandGate

    /// Makes the sandbox.
    ///
    /// - Parameters:
    ///   - sandbox: What is behind it.
    ///   - concurrent: How many commands run at a time; nil: what its capabilities say.
    ///   - startsPerSecond: How many start in a second; nil: any number.
    public init(_ sandbox: any Sandbox, concurrent: Int? = nil, startsPerSecond: Double? = nil) {
        self.sandbox = sandbox
        gate = CommandGate(
            places: concurrent ?? sandbox.capabilities.concurrentCommands,
            interval: startsPerSecond.map { .seconds(1) / $0 })
    }

    /// As of the sandbox behind it.
    public var name: String { sandbox.name }
    /// As of the sandbox behind it, with the number of commands that may run at a time.
    public var capabilities: SandboxCapabilities {
        var capabilities = sandbox.capabilities
        capabilities.concurrentCommands = gate.places
        return capabilities
    }
    /// As of the sandbox behind it.
    public var archives: (any SandboxArchives)? { sandbox.archives }

    /// As of the sandbox behind it.
    public func identity() throws(TransportError) -> SandboxIdentity? { try sandbox.identity() }

    /// Waits for a place, then starts a command.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        guard gate.enter(atMost: command.deadline) else {
            throw TransportError(
                gate.isClosed ? .cancelled : .timedOut, sandbox: name, purpose: command.purpose,
                reason: gate.isClosed ? "the sandbox was closed" : "its deadline was over before it could start",
                advice: gate.isClosed ? "" : "allow more time, or more commands at a time")
        }
        do throws(TransportError) {
            return LimitedProcess(try sandbox.start(command), gate)
        } catch {
            gate.leave()
            throw error
        }
    }

    /// Breaks off a connection of the sandbox behind it.
    public func interrupt() { sandbox.interrupt() }

    /// Sends away who waits, and closes the sandbox behind it.
    public func close() {
        gate.close()
        sandbox.close()
    }
}

/// Lets commands in.
private final class CommandGate: Sendable {
    private struct State {
        var running = 0
        var nextStart = ContinuousClock.now
        var isClosed = false
    }

    let places: Int?
    private let interval: Duration?
    private let state = Monitor(State())

    init(places: Int?, interval: Duration?) {
        self.places = places.map { max(1, $0) }
        self.interval = interval
    }

    var isClosed: Bool { state.withLock { state.state.isClosed } }

    /// Waits for a place.
    ///
    /// - Returns: Whether there was one before the time was over or the gate closed.
    func enter(atMost limit: Duration?) -> Bool {
        let end = limit.map { ContinuousClock.now + $0 }
        return state.withLock {
            while true {
                if state.state.isClosed { return false }
                let now = ContinuousClock.now
                if let end, now >= end { return false }
                var wake = end
                if state.state.running < places ?? .max {
                    guard interval != nil, now < state.state.nextStart else {
                        state.state.running += 1
                        if let interval { state.state.nextStart = max(now, state.state.nextStart) + interval }
                        return true
                    }
                    wake = min(wake ?? state.state.nextStart, state.state.nextStart)
                }
                if let wake { state.wait(atMost: wake - now) } else { state.wait() }
            }
        }
    }

    func leave() {
        state.withLock {
            state.state.running -= 1
            state.broadcast()
        }
    }

    func close() {
        state.withLock {
            state.state.isClosed = true
            state.broadcast()
        }
    }
}

/// A command that gives its place back when it has ended.
private final class LimitedProcess: SandboxProcess {
    private let process: any SandboxProcess
    private let gate: CommandGate
    private let hasLeft = Monitor(false)

    init(_ process: any SandboxProcess, _ gate: CommandGate) {
        self.process = process
        self.gate = gate
    }

    deinit { leave() }

    func write(_ bytes: Span<UInt8>) throws(TransportError) { try process.write(bytes) }
    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? {
        try process.splice(from: descriptor, count: count)
    }
    func closeInput() throws(TransportError) { try process.closeInput() }
    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int { try process.read(into: &buffer) }

    func wait() throws(TransportError) -> SandboxExit {
        defer { leave() }
        return try process.wait()
    }

    func terminate() {
        process.terminate()
        leave()
    }

    private func leave() {
        let isFirst = hasLeft.withLock { () -> Bool in
            defer { hasLeft.state = true }
            return !hasLeft.state
        }
        if isFirst { gate.leave() }
    }
}
