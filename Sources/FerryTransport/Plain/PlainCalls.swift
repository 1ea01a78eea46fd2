import FerryCore
import FerryThreads
import Synchronization

/// Lets threads that block make the calls of a client, which are asynchronous.
///
/// Each call runs in a task of its own, so that no thread of the cooperative pool ever waits; only the calling thread does.
final class PlainCalls: Sendable {
    private struct State {
        var running: [Int: Task<Void, Never>] = [:]
        var last = 0
        /// The commands that were told to stop.
        var stopped: Set<Int> = []
    }

    /// Who calls, for what.
    struct Purpose {
        /// The command's number; nil for what belongs to none, which is not stopped with one.
        var command: Int?
        /// What is being done, as ``SandboxCommand/purpose``.
        var text: String
    }

    private final class Reply<Value: Sendable>: Sendable {
        private let value = Mutex<Result<Value, any Error>?>(nil)

        var result: Result<Value, any Error>? { value.withLock { $0 } }
        func set(_ result: Result<Value, any Error>) { value.withLock { $0 = result } }
    }

    private enum Wake<Value> {
        case reply(Result<Value, any Error>)
        case stopped
        case late
    }

    private let client: any PlainClient
    private let sandbox: String
    private let state = Monitor(State())

    init(_ client: any PlainClient, sandbox: String) {
        self.client = client
        self.sandbox = sandbox
    }

    /// Makes a call and waits for its end.
    ///
    /// - Parameters:
    ///   - what: What the call does, as a noun phrase.
    ///   - purpose: Who calls, for what.
    ///   - limit: How long to wait.
    ///   - body: The call.
    /// - Returns: What the client returned.
    /// - Throws: ``TransportError``.
    func make<Value: Sendable>(
        _ what: String, for purpose: Purpose, atMost limit: Duration,
        _ body: @escaping @Sendable (any PlainClient) async throws -> Value
    ) throws(TransportError) -> Value {
        let end = ContinuousClock.now + limit
        let reply = Reply<Value>()
        let (client, state) = (client, state)
        let number = state.withLock {
            state.state.last += 1
            return state.state.last
        }
        let task = Task.detached {
            do { reply.set(.success(try await body(client))) } catch { reply.set(.failure(error)) }
            state.withLock {
                state.state.running[number] = nil
                state.broadcast()
            }
        }
        let wake = state.withLock { () -> Wake<Value> in
            if reply.result == nil { state.state.running[number] = task }
            while true {
                if let result = reply.result { return .reply(result) }
                if let command = purpose.command, state.state.stopped.contains(command) { return .stopped }
                let now = ContinuousClock.now
                if now >= end { return .late }
                state.wait(atMost: end - now)
            }
        }
        switch wake {
        case .reply(.success(let value)): return value
        case .reply(.failure(let error)): throw explained(error, what, purpose)
        case .stopped:
            task.cancel()
            throw TransportError(.cancelled, sandbox: sandbox, purpose: purpose.text, reason: "it was told to stop")
        case .late:
            task.cancel()
            throw TransportError(
                .timedOut, sandbox: sandbox, purpose: purpose.text, reason: "\(what) took longer than \(limit)",
                advice: "allow more time, or see what the sandbox is doing")
        }
    }

    /// Wakes who waits for a call of a command, and lets the command make no more.
    func stop(_ command: Int) {
        state.withLock {
            state.state.stopped.insert(command)
            state.broadcast()
        }
    }

    /// Waits until no call is under way, so that what comes next is really the last.
    func settle(atMost limit: Duration) {
        let end = ContinuousClock.now + limit
        state.withLock {
            while !state.state.running.isEmpty && .now < end { state.wait(atMost: end - .now) }
        }
    }

    private func explained(_ error: any Error, _ what: String, _ purpose: Purpose) -> TransportError {
        let again = "see whether the sandbox is still there, then run the same command again"
        func failure(_ code: TransportError.Code, _ reason: String, _ advice: String) -> TransportError {
            TransportError(
                code, sandbox: sandbox, purpose: purpose.text,
                reason: "\(what) failed: \(displayName(of: reason.utf8.prefix(1_000)))", advice: advice)
        }
        switch error {
        case var error as TransportError:
            error.sandbox = sandbox
            error.purpose = purpose.text
            error.reason = "\(what) failed: \(error.reason)"
            if error.advice.isEmpty { error.advice = again }
            return error
        case let error as PlainClientError: return failure(error.code, error.reason, again)
        case is CancellationError: return failure(.cancelled, "it was cancelled", "")
        default: return failure(.disconnected, "\(error)", again)
        }
    }
}
