import FerryThreads
public import FerryTransport

/// A sandbox whose way breaks where a test wants it to.
public final class FaultySandbox: Sandbox {
    /// One way to break.
    public enum Fault: Sendable {
        /// Starting fails.
        case failsToStart(TransportError.Code)
        /// The output ends after so many bytes, as if that were all; the status stays.
        case cutsOutput(after: Int)
        /// Reading fails after so many bytes.
        case breaksOutput(after: Int, TransportError.Code)
        /// So many of the bytes that were delivered last come a second time after so many bytes.
        case repeatsOutput(after: Int, count: Int)
        /// Writing fails after so many bytes.
        case breaksInput(after: Int, TransportError.Code)
        /// The exit status is told as another one.
        case exits(Int32)
        /// Waiting for the end fails.
        case losesExit(TransportError.Code)
        /// After so many bytes of output nothing more comes until it is stopped.
        case stalls(after: Int)
    }

    private let sandbox: any Sandbox
    private let choose: @Sendable (SandboxCommand, Int) -> Fault?
    private let starts = Monitor(0)

    /// Makes the sandbox.
    ///
    /// - Parameters:
    ///   - sandbox: What is behind it.
    ///   - choose: Says how a command is to break, by the command and how many were started before; nil: not at all.
    public init(_ sandbox: any Sandbox, choose: @escaping @Sendable (SandboxCommand, Int) -> Fault?) {
        self.sandbox = sandbox
        self.choose = choose
    }

    /// As of the sandbox behind it.
    public var name: String { sandbox.name }
    /// As of the sandbox behind it.
    public var capabilities: SandboxCapabilities { sandbox.capabilities }
    /// As of the sandbox behind it.
    public var archives: (any SandboxArchives)? { sandbox.archives }
    /// How many commands were started, those that failed to included.
    public var startCount: Int { starts.withLock { starts.state } }

    /// As of the sandbox behind it.
    public func identity() throws(TransportError) -> SandboxIdentity? { try sandbox.identity() }

    /// Starts a command, which breaks as was chosen.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        let number = starts.withLock { () -> Int in
            defer { starts.state += 1 }
            return starts.state
        }
        let fault = choose(command, number)
        if case .failsToStart(let code) = fault {
            throw TransportError(code, sandbox: name, purpose: command.purpose, reason: "a fault on purpose")
        }
        let process = try sandbox.start(command)
        guard let fault else { return process }
        return FaultyProcess(process, fault, sandbox: name, command)
    }

    /// Closes the sandbox behind it.
    public func close() { sandbox.close() }
    /// Breaks off a connection of the sandbox behind it.
    public func interrupt() { sandbox.interrupt() }
}

/// A command that breaks.
private final class FaultyProcess: SandboxProcess {
    private struct State {
        var read = 0
        var written = 0
        var last: [UInt8] = []
        var repeated: [UInt8]?
        var isStopped = false
    }

    private let process: any SandboxProcess
    private let fault: FaultySandbox.Fault
    private let sandbox: String
    private let purpose: String
    /// How long a silence may last.
    private let limit: Duration?
    private let state = Monitor(State())

    init(_ process: any SandboxProcess, _ fault: FaultySandbox.Fault, sandbox: String, _ command: SandboxCommand) {
        self.process = process
        self.fault = fault
        self.sandbox = sandbox
        purpose = command.purpose
        limit = [command.deadline, command.idleTimeout].compactMap(\.self).min()
    }

    private func error(_ code: TransportError.Code) -> TransportError {
        TransportError(code, sandbox: sandbox, purpose: purpose, reason: "a fault on purpose")
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        guard case .breaksInput(let limit, let code) = fault else { return try process.write(bytes) }
        let room = state.withLock { () -> Int in
            let room = max(0, limit - state.state.written)
            state.state.written += bytes.count
            return room
        }
        try process.write(bytes.extracting(first: min(room, bytes.count)))
        if room < bytes.count { throw error(code) }
    }

    func closeInput() throws(TransportError) { try process.closeInput() }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        switch fault {
        case .cutsOutput(let limit):
            return try readUpTo(limit, &buffer) ?? 0
        case .breaksOutput(let limit, let code):
            guard let count = try readUpTo(limit, &buffer) else { throw error(code) }
            return count
        case .stalls(let limit):
            if let count = try readUpTo(limit, &buffer) { return count }
            throw stall()
        case .repeatsOutput(let limit, let count):
            return try readRepeating(limit, count, &buffer)
        default: return try process.read(into: &buffer)
        }
    }

    /// Waits until somebody asks to stop or the command's limits are over.
    private func stall() -> TransportError {
        let end = ContinuousClock.now + (limit ?? .seconds(3_600))
        let isStopped = state.withLock { () -> Bool in
            while !state.state.isStopped && .now < end { state.wait(atMost: end - .now) }
            return state.state.isStopped
        }
        process.terminate()
        return error(isStopped ? .cancelled : .timedOut)
    }

    /// Reads, but not beyond a limit; nil when that is reached.
    private func readUpTo(_ limit: Int, _ buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int? {
        let room = state.withLock { limit - state.state.read }
        guard room > 0 else { return nil }
        var part = [UInt8](repeating: 0, count: min(room, buffer.count))
        var span = part.mutableSpan
        let count = try process.read(into: &span)
        for index in 0..<count { buffer[index] = part[index] }
        state.withLock { state.state.read += count }
        return count
    }

    private func readRepeating(
        _ limit: Int, _ count: Int, _ buffer: inout MutableSpan<UInt8>
    ) throws(TransportError) -> Int {
        if let count = try readUpTo(limit, &buffer) {
            for index in 0..<count {
                let byte = buffer[index]
                state.withLock { state.state.last.append(byte) }
            }
            return count
        }
        let bytes = state.withLock { () -> [UInt8] in
            let left = state.state.repeated ?? Array(state.state.last.suffix(count))
            let now = Array(left.prefix(buffer.count))
            state.state.repeated = Array(left.dropFirst(now.count))
            return now
        }
        guard !bytes.isEmpty else { return try process.read(into: &buffer) }
        for (index, byte) in bytes.enumerated() { buffer[index] = byte }
        return bytes.count
    }

    func wait() throws(TransportError) -> SandboxExit {
        if case .losesExit(let code) = fault {
            process.terminate()
            throw error(code)
        }
        if case .breaksOutput(_, let code) = fault {
            process.terminate()
            throw error(code)
        }
        var exit = try process.wait()
        if case .exits(let status) = fault { exit.status = status }
        return exit
    }

    func terminate() {
        process.terminate()
        state.withLock {
            state.state.isStopped = true
            state.broadcast()
        }
    }
}
