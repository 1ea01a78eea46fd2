import CFerryShims
import FerryThreads
import Glibc
import SystemPackage

/// A running child process, its input and output as pipes.
///
/// One thread may write while another reads; ``terminate()`` may come from any thread. When the last reference goes, the child is
/// told to end. To be used from threads that share the process's descriptors only; others get ``ProcessError/foreignThread``.
package final class ChildProcess: Sendable {
    /// How a child process ended.
    package struct Exit: Sendable {
        /// The exit status; for a child that a signal ended, 128 and its number.
        package var status: Int32
        /// Whether a signal ended it.
        package var isSignal: Bool
        /// The last bytes of its standard error.
        package var errorTail: [UInt8]
    }

    /// How long the output of a child that has ended may be held open by others before nobody waits for its end any more.
    private static let stragglerTime = Duration.seconds(1)
    /// How long a child may take to disappear after it was killed.
    private static let longestDeath = Duration.seconds(5)

    private let core: ChildCore

    /// Starts a child process.
    ///
    /// - Parameter launch: What to run.
    /// - Throws: ``ProcessError``.
    package init(_ launch: ChildLaunch) throws(ProcessError) {
        guard ferry_has_own_descriptors() == 0 else { throw .foreignThread }
        core = try ChildCore(launch)
    }

    deinit { terminate() }

    /// Sends bytes; returns when all are in the pipe.
    package func write(_ bytes: Span<UInt8>) throws(ProcessError) {
        let input = try openInput()
        var sent = 0
        var hasSlept = false
        while sent < bytes.count {
            if let reason = core.stopReason { throw reason }
            if let count = try input.writeAvailable(bytes, from: sent) {
                sent += count
                core.touch()
                hasSlept = false
            } else if !hasSlept {
                // The other side reads little by little: one sleep through many reads rather than a waking at each.
                _ = ferry_room_in_pipe(input.number)
                hasSlept = true
            } else {
                try core.wait(for: .writable(input))
            }
        }
    }

    /// Moves bytes from a file's current position in the kernel.
    ///
    /// - Returns: How many, 0 at the file's end; nil where the kernel cannot.
    package func splice(from descriptor: Int32, count: Int) throws(ProcessError) -> Int? {
        let input = try openInput()
        var hasRoom = false
        while true {
            if let reason = core.stopReason { throw reason }
            let moved = ferry_splice_quietly(descriptor, input.number, count)
            if moved >= 0 {
                core.touch()
                return Int(moved)
            }
            switch errno {
            case EINTR: continue
            case EPIPE: throw .closedInput
            case EINVAL: return nil
            case EAGAIN:
                // With room in the pipe it is the source that has nothing now; only files are promised to work.
                if hasRoom { return nil }
                try core.wait(for: .writable(input))
                hasRoom = true
            case let code: throw .system(call: "splice", Errno(rawValue: code))
            }
        }
    }

    /// Ends its standard input.
    package func closeInput() {
        core.state.withLock { core.state.state.input = nil }
    }

    /// Waits for bytes; 0 at the end.
    package func read(into buffer: inout MutableSpan<UInt8>) throws(ProcessError) -> Int {
        guard ferry_has_own_descriptors() == 0 else { throw .foreignThread }
        guard !buffer.isEmpty else { return 0 }
        while true {
            if let reason = core.stopReason { throw reason }
            if let count = try core.output.readAvailable(into: &buffer) {
                core.touch()
                return count
            }
            try core.wait(for: .readable(core.output))
        }
    }

    /// Closes the input, discards what is left of the output, and waits for the child's end.
    ///
    /// - Returns: How it ended. May be asked again.
    /// - Throws: Why it was stopped; then it is gone, too.
    package func wait() throws(ProcessError) -> Exit {
        guard ferry_has_own_descriptors() == 0 else { throw .foreignThread }
        closeInput()
        if !isOver {
            do throws(ProcessError) {
                try discardOutput()
                try waitForEnd()
            } catch {
                // A failing system call leaves nobody to wait for it; a reason to stop is found below.
                core.stop(error)
            }
            core.finish()
        }
        return try awaitReaping()
    }

    /// Tells it to end, and all it started in its group; kills what is left after two seconds.
    ///
    /// Does not wait.
    package func terminate() { core.stop(.cancelled) }

    // MARK: Steps

    private var isOver: Bool { core.state.withLock { core.state.state.isOver } }

    private func openInput() throws(ProcessError) -> Descriptor {
        guard ferry_has_own_descriptors() == 0 else { throw .foreignThread }
        if let reason = core.stopReason { throw reason }
        guard let input = core.state.withLock({ core.state.state.input }) else { throw .closedInput }
        return input
    }

    private func discardOutput() throws(ProcessError) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var lastNews = ContinuousClock.now
        var hadEnded = false
        while true {
            var span = buffer.mutableSpan
            if let count = try core.output.readAvailable(into: &span) {
                guard count > 0 else { return }
                core.touch()
                lastNews = .now
                if let reason = core.stopReason { throw reason }
                continue
            }
            // Something that the child left behind may hold the output open for ever.
            let hasEnded = core.state.withLock { core.state.state.outcome != nil }
            if hasEnded && !hadEnded { lastNews = .now }
            hadEnded = hasEnded
            if hasEnded && .now - lastNews > Self.stragglerTime { return }
            try core.wait(for: .readable(core.output), atMost: .milliseconds(100))
        }
    }

    private func waitForEnd() throws(ProcessError) {
        let start = ContinuousClock.now
        while true {
            let (outcome, reason) = core.state.withLock { () -> (ChildCore.Outcome?, ProcessError?) in
                if core.state.state.outcome == nil && core.state.state.stop == nil {
                    core.state.wait(atMost: .milliseconds(200))
                }
                return (core.state.state.outcome, core.state.state.stop)
            }
            if outcome != nil { return }
            if let reason { throw reason }
            _ = try core.checkLimits(since: start)
        }
    }

    private func awaitReaping() throws(ProcessError) -> Exit {
        let limit = ContinuousClock.now + Self.longestDeath
        let state = core.state.withLock { () -> ChildCore.State in
            while !core.state.state.isOver && .now < limit { core.state.wait(atMost: .milliseconds(200)) }
            return core.state.state
        }
        if let reason = state.stop, !state.endedFreely { throw reason }
        guard case .ended(let status) = state.outcome else {
            throw .system(call: "waitid", .noChildProcess)
        }
        let signal = status & 0x7F
        return Exit(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal, isSignal: signal != 0,
            errorTail: state.errorTail.bytes)
    }
}
