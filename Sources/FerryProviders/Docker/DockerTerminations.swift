import FerryThreads
import FerryTransport

/// Ends commands in a container, each on a thread of its own, because whoever terminates one must not wait.
final class DockerTerminations: Sendable {
    private let running = Monitor(0)

    /// How long it is watched whether a command has ended.
    private static let patience = Duration.seconds(3)

    /// Ends the process group of a command if the command still runs.
    func kill(_ processID: String, of exec: String, in engine: DockerEngine) {
        running.withLock { running.state += 1 }
        let thread = try? BlockingThread(named: "docker-kill") { [self] in
            // Whoever terminated the command has already been told that it is over; there is nobody to tell of a failure, and the
            // engine's own log has it.
            try? end(processID, of: exec, in: engine)
            leave()
        }
        guard let thread else { return leave() }
        thread.detach()
    }

    /// Waits for what is under way, within reason.
    func finish() {
        let end = ContinuousClock.now + Self.patience + .seconds(1)
        running.withLock {
            while running.state > 0, ContinuousClock.now < end { running.wait(atMost: end - ContinuousClock.now) }
        }
    }

    private func leave() {
        running.withLock {
            running.state -= 1
            running.broadcast()
        }
    }

    private func end(_ processID: String, of exec: String, in engine: DockerEngine) throws(TransportError) {
        let purpose = "the termination of a command"
        // The number may belong to another process by now if the command has ended.
        guard try engine.state(of: exec, purpose: purpose).running else { return }
        let script = "kill -s KILL -- \"-$1\" 2>/dev/null || kill -s KILL \"$1\""
        try engine.runDetached(["/bin/sh", "-c", script, "/bin/sh", processID], purpose: purpose)
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end, try engine.state(of: exec, purpose: purpose).running {
            running.withLock { running.wait(atMost: .milliseconds(20)) }
        }
    }
}
