import FerryThreads

/// A command that is started again, with the same input, as long as nothing of its output was seen.
final class RetryingProcess: SandboxProcess {
    /// The most input that is kept to be sent again: it fits into any pipe, so sending it cannot wait for the output to be read.
    private static let keptInput = 64 << 10

    private struct State {
        var process: any SandboxProcess
        /// Counts the starts, so that two threads that see one failure make one new attempt.
        var generation = 0
        var input: [UInt8] = []
        var inputIsClosed = false
        /// Whether there is no way back.
        var isCommitted = false
        var isRestarting = false
    }

    private let sandbox: any Sandbox
    private let command: SandboxCommand
    private let attempts: RetryAttempts
    private let state: Monitor<State>

    init(_ process: any SandboxProcess, _ command: SandboxCommand, in sandbox: any Sandbox, _ attempts: RetryAttempts) {
        self.sandbox = sandbox
        self.command = command
        self.attempts = attempts
        state = Monitor(State(process: process))
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        let kept = bytes.count <= Self.keptInput ? Self.copy(of: bytes) : nil
        let (process, generation) = current { state in
            if let kept, state.input.count + kept.count <= Self.keptInput {
                state.input += kept
            } else {
                state.isCommitted = true
            }
        }
        do throws(TransportError) {
            try process.write(bytes)
        } catch {
            // The kept input, these bytes with it, is sent again by whoever starts it.
            try restart(after: error, generation)
        }
    }

    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? {
        // What the kernel moves cannot be kept.
        let (process, _) = current { $0.isCommitted = true }
        return try process.splice(from: descriptor, count: count)
    }

    func closeInput() throws(TransportError) {
        let (process, generation) = current { $0.inputIsClosed = true }
        do throws(TransportError) {
            try process.closeInput()
        } catch {
            try restart(after: error, generation)
        }
    }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        while true {
            let (process, generation) = current()
            do throws(TransportError) {
                let count = try process.read(into: &buffer)
                if count == 0 { try confirmEnd(of: process) }
                state.withLock { state.state.isCommitted = true }
                return count
            } catch {
                try restart(after: error, generation)
            }
        }
    }

    func wait() throws(TransportError) -> SandboxExit {
        while true {
            let (process, generation) = current { $0.inputIsClosed = true }
            do throws(TransportError) {
                return try process.wait()
            } catch {
                try restart(after: error, generation)
            }
        }
    }

    func terminate() {
        attempts.stop()
        state.withLock { state.state.process }.terminate()
    }

    // MARK: Steps

    private static func copy(of bytes: Span<UInt8>) -> [UInt8] {
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return copy
    }

    /// Makes sure that an end without any output is the command's own and not that of a connection: told to the caller, it counts.
    private func confirmEnd(of process: any SandboxProcess) throws(TransportError) {
        let isOpen = state.withLock { !state.state.isCommitted && state.state.inputIsClosed }
        if isOpen { _ = try process.wait() }
    }

    /// The process of now, after a change to the state; waits while another thread starts a new one.
    private func current(_ change: (inout State) -> Void = { _ in }) -> (any SandboxProcess, Int) {
        state.withLock {
            while state.state.isRestarting { state.wait() }
            change(&state.state)
            return (state.state.process, state.state.generation)
        }
    }

    /// Starts the command again, unless another thread did so already.
    private func restart(after error: TransportError, _ generation: Int) throws(TransportError) {
        let isMine = try state.withLock { () throws(TransportError) -> Bool in
            while state.state.isRestarting { state.wait() }
            guard state.state.generation == generation else { return false }
            guard !state.state.isCommitted, error.isTransient else { throw error }
            state.state.isRestarting = true
            return true
        }
        guard isMine else { return }
        defer {
            state.withLock {
                state.state.isRestarting = false
                state.broadcast()
            }
        }
        let old = state.withLock { state.state.process }
        old.terminate()
        var error = error
        while attempts.goesOn(after: error) {
            do throws(TransportError) {
                try begin()
                return
            } catch let next {
                error = next
            }
        }
        throw attempts.isStopped
            ? TransportError(.cancelled, sandbox: sandbox.name, purpose: command.purpose, reason: "it was told to stop")
            : error
    }

    private func begin() throws(TransportError) {
        let process = try sandbox.start(command)
        let (input, isClosed) = state.withLock { (state.state.input, state.state.inputIsClosed) }
        do throws(TransportError) {
            if !input.isEmpty { try process.write(input.span) }
            if isClosed { try process.closeInput() }
        } catch {
            process.terminate()
            throw error
        }
        state.withLock {
            state.state.process = process
            state.state.generation += 1
        }
        // Who asked to stop meanwhile only met the old one.
        if attempts.isStopped { process.terminate() }
    }
}
