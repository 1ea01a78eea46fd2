import FerryCore
import FerryThreads
import FerryTransport

/// A session's command where input comes only as a whole: whenever the session turns from writing to reading, the program runs on what
/// was written since, and whatever it says of the sandbox before its first answer is passed over from the second time on.
final class TurnTakingProcess: SandboxProcess {
    private struct State {
        var process: (any SandboxProcess)?
        var turns = 0
        /// Whether the input of this turn has ended.
        var isReading = false
        /// What came behind the mark and was not read yet.
        var rest: ArraySlice<UInt8> = []
        var isTerminated = false
    }

    private let sandbox: any Sandbox
    private let command: SandboxCommand
    /// What every turn's input begins with.
    private let preamble: [UInt8]
    /// What the program says before its first answer, the end of it.
    private let mark: [UInt8]
    private let end: ContinuousClock.Instant?
    private let state = Monitor(State())

    /// How much may come before the mark.
    private static let longestGreeting = 2 << 20

    init(_ sandbox: any Sandbox, _ command: SandboxCommand, preamble: [UInt8], nonce: RemoteNonce) {
        self.sandbox = sandbox
        self.command = command
        self.preamble = preamble
        mark = nonce.prefix + Array("ready\0".utf8)
        end = command.deadline.map { .now + $0 }
    }

    /// Whether something was written that nobody has read an answer to.
    var awaitsAnswer: Bool { state.withLock { state.state.process != nil && !state.state.isReading } }

    func write(_ bytes: Span<UInt8>) throws(TransportError) { try turn().write(bytes) }

    /// The process that takes input: a new one after something was read.
    private func turn() throws(TransportError) -> any SandboxProcess {
        let (current, isReading) = state.withLock { (state.state.process, state.state.isReading) }
        if let current, !isReading { return current }
        current?.terminate()
        var command = command
        command.deadline = end.map { max($0 - .now, .milliseconds(1)) }
        let process = try sandbox.start(command)
        let isTerminated = state.withLock {
            state.state.process = process
            state.state.turns += 1
            state.state.isReading = false
            state.state.rest = []
            return state.state.isTerminated
        }
        // Who asked to stop meanwhile only met the old one.
        if isTerminated { process.terminate() }
        let preamble = preamble
        if !preamble.isEmpty { try process.write(preamble.span) }
        return process
    }

    func closeInput() throws(TransportError) {
        guard let process = state.withLock({ state.state.isReading ? nil : state.state.process }) else { return }
        try process.closeInput()
    }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let process = try answering()
        let rest = state.withLock { state.state.rest }
        guard rest.isEmpty else {
            let count = min(rest.count, buffer.count)
            for (index, byte) in rest.prefix(count).enumerated() { buffer[index] = byte }
            state.withLock { state.state.rest = rest.dropFirst(count) }
            return count
        }
        return try process.read(into: &buffer)
    }

    /// The process whose output is read.
    private func answering() throws(TransportError) -> any SandboxProcess {
        let (current, isReading, turns) = state.withLock {
            (state.state.process, state.state.isReading, state.state.turns)
        }
        let process = if let current { current } else { try turn() }
        guard !isReading else { return process }
        try process.closeInput()
        state.withLock { state.state.isReading = true }
        if turns > 1 {
            let rest = try passMark(process)
            state.withLock { state.state.rest = rest }
        }
        return process
    }

    /// Reads up to the mark; what ends before it has no answer.
    private func passMark(_ process: any SandboxProcess) throws(TransportError) -> ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < Self.longestGreeting {
            var span = buffer.mutableSpan
            let count = try process.read(into: &span)
            if count == 0 { break }
            let first = max(0, bytes.count - mark.count)
            bytes += buffer[..<count]
            for index in first..<bytes.count where bytes[index...].starts(with: mark) {
                return bytes[(index + mark.count)...]
            }
        }
        return []
    }

    func wait() throws(TransportError) -> SandboxExit {
        if let process = state.withLock({ state.state.process }) { return try process.wait() }
        return try turn().wait()
    }

    func terminate() {
        let process = state.withLock {
            state.state.isTerminated = true
            return state.state.process
        }
        process?.terminate()
    }
}
