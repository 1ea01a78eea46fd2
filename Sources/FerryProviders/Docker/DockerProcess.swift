import FerryCore
import FerryThreads
import FerryTransport

/// A command that an exec runs in a container.
///
/// The API ends no exec, and closing its stream leaves the command running. ``terminate()`` therefore runs `kill` in the container,
/// for the command's process group. What stays: processes that left the group (`setsid`), and, where the container has no `/bin/sh`
/// any more or does not run, everything until it stops.
final class DockerProcess: SandboxProcess {
    private struct State {
        var exit: SandboxExit?
        /// Why nothing more can be learnt; nil while all is well.
        var end: TransportError.Code?
    }

    private let engine: DockerEngine
    private let terminations: DockerTerminations
    private let purpose: String
    private let exec: String
    private let processID: String
    private let stream: DockerStream
    private let state = Monitor(State())

    /// Takes over an exec whose shell runs.
    init(
        _ exec: String, processID: String, stream: DockerStream, purpose: String, engine: DockerEngine,
        terminations: DockerTerminations
    ) {
        self.exec = exec
        self.processID = processID
        self.stream = stream
        self.purpose = purpose
        self.engine = engine
        self.terminations = terminations
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        do throws(DockerStream.Problem) {
            try stream.write(bytes)
        } catch {
            throw failure(error)
        }
    }

    func closeInput() throws(TransportError) {
        try check()
        stream.closeInput()
    }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        do throws(DockerStream.Problem) {
            return try stream.read(into: &buffer)
        } catch {
            throw failure(error)
        }
    }

    func wait() throws(TransportError) -> SandboxExit {
        if let exit = state.withLock({ state.state.exit }) { return exit }
        try check()
        stream.closeInput()
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var room = piece.mutableSpan
            if try read(into: &room) == 0 { break }
        }
        let status = try exitStatus()
        let exit = SandboxExit(status: status, errorTail: stream.errorTail)
        state.withLock { state.state.exit = exit }
        return exit
    }

    func terminate() { stop(.cancelled) }

    /// The status; the stream may end a moment before the engine knows it, or long before, when the command closed its output.
    private func exitStatus() throws(TransportError) -> Int32 {
        var pause = Duration.milliseconds(1)
        while true {
            try check()
            let answer = try engine.state(of: exec, purpose: purpose)
            if !answer.running {
                guard let code = answer.exitCode, let status = Int32(exactly: code) else {
                    throw engine.error(.malformed, purpose, "the engine does not say how the command ended")
                }
                return status
            }
            do throws(DockerStream.Problem) {
                pause = min(pause * 2, .milliseconds(200), try stream.timeLeft())
            } catch {
                throw failure(error)
            }
            // Waits on the state, so that a termination is noticed at once.
            state.withLock { if state.state.end == nil { state.wait(atMost: pause) } }
        }
    }

    // MARK: Its end

    private func stop(_ code: TransportError.Code) {
        let isFirst = state.withLock {
            guard state.state.exit == nil, state.state.end == nil else { return false }
            state.state.end = code
            state.broadcast()
            return true
        }
        guard isFirst else { return }
        stream.cancel()
        terminations.kill(processID, of: exec, in: engine)
    }

    private func check() throws(TransportError) {
        guard let end = state.withLock({ state.state.end }) else { return }
        throw ended(end)
    }

    private func ended(_ code: TransportError.Code) -> TransportError {
        code == .timedOut
            ? engine.error(.timedOut, purpose, "its time was over, and it was terminated")
            : engine.error(.cancelled, purpose, "it was terminated")
    }

    private func failure(_ problem: DockerStream.Problem) -> TransportError {
        if let end = state.withLock({ state.state.end }) { return ended(end) }
        switch problem {
        case .closedInput:
            return engine.error(.closedInput, purpose, "the command no longer reads its input")
        case .deadline(let length):
            stop(.timedOut)
            return engine.error(.timedOut, purpose, "it took longer than the \(length) allowed, and was terminated")
        case .idle(let length):
            stop(.timedOut)
            return engine.error(.timedOut, purpose, "nothing moved for \(length), and it was terminated")
        case .fault(.connection(let error)): return engine.failure(error, purpose: purpose)
        case .fault(.malformed(let reason)):
            return engine.error(
                .malformed, purpose, "the stream of the command is damaged: \(reason)",
                advice: "look whether the engine was restarted, and repeat the command")
        }
    }
}
