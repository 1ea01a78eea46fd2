import FerryThreads

/// A sandbox that starts a command again when the way there failed for a moment.
///
/// Only commands that are marked idempotent, only for errors that may pass, and only until the first byte of output was delivered or
/// more input was sent than is kept: afterwards nobody could tell what was seen twice.
public final class RetryingSandbox: Sandbox {
    /// Waits before the next attempt.
    public typealias Sleep = @Sendable (Duration) -> Void

    private let sandbox: any Sandbox
    private let policy: RetryPolicy
    private let sleep: Sleep?

    /// Makes the sandbox.
    ///
    /// - Parameters:
    ///   - sandbox: What is behind it.
    ///   - policy: How often, and how long between.
    ///   - sleep: Waits; nil: blocks the thread, and a request to stop ends it.
    public init(_ sandbox: any Sandbox, policy: RetryPolicy = .init(), sleep: Sleep? = nil) {
        self.sandbox = sandbox
        self.policy = policy
        self.sleep = sleep
    }

    /// As of the sandbox behind it.
    public var name: String { sandbox.name }
    /// As of the sandbox behind it.
    public var capabilities: SandboxCapabilities { sandbox.capabilities }
    /// As of the sandbox behind it.
    public var archives: (any SandboxArchives)? { sandbox.archives }

    /// Asks again when the way there failed for a moment.
    public func identity() throws(TransportError) -> SandboxIdentity? {
        let attempts = RetryAttempts(policy: policy, sleep: sleep)
        while true {
            do throws(TransportError) {
                return try sandbox.identity()
            } catch {
                guard attempts.goesOn(after: error) else { throw error }
            }
        }
    }

    /// Starts a command.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        guard command.isIdempotent else { return try sandbox.start(command) }
        let attempts = RetryAttempts(policy: policy, sleep: sleep)
        while true {
            do throws(TransportError) {
                return RetryingProcess(try sandbox.start(command), command, in: sandbox, attempts)
            } catch {
                guard attempts.goesOn(after: error) else { throw error }
            }
        }
    }

    /// Breaks off a connection of the sandbox behind it.
    public func interrupt() { sandbox.interrupt() }

    /// Closes the sandbox behind it.
    public func close() { sandbox.close() }
}

/// The attempts at one command; they can be broken off.
final class RetryAttempts: Sendable {
    private struct State {
        var failures = 0
        var isStopped = false
    }

    private let policy: RetryPolicy
    private let sleep: RetryingSandbox.Sleep?
    private let state = Monitor(State())

    init(policy: RetryPolicy, sleep: RetryingSandbox.Sleep?) {
        self.policy = policy
        self.sleep = sleep
    }

    /// Whether another attempt is to be made; waits before it says yes.
    func goesOn(after error: TransportError) -> Bool {
        guard error.isTransient else { return false }
        let pause = state.withLock { () -> Duration? in
            state.state.failures += 1
            guard !state.state.isStopped, state.state.failures < policy.attempts else { return nil }
            return policy.pause(after: state.state.failures)
        }
        guard let pause else { return false }
        if let sleep {
            sleep(pause)
        } else {
            let end = ContinuousClock.now + pause
            state.withLock {
                while !state.state.isStopped && .now < end { state.wait(atMost: end - .now) }
            }
        }
        return !isStopped
    }

    /// Whether no further attempt is wanted.
    var isStopped: Bool { state.withLock { state.state.isStopped } }

    /// Makes no further attempt.
    func stop() {
        state.withLock {
            state.state.isStopped = true
            state.broadcast()
        }
    }
}
