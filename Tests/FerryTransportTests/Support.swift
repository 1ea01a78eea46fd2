import FerryThreads
import FerryTransport

/// Runs on a thread that may block.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await BlockingThread.run(named: "test", body)
}

/// A command that may be repeated.
func idempotent(_ text: String = "x") -> SandboxCommand {
    var command = SandboxCommand(Array(text.utf8), purpose: "a test")
    command.isIdempotent = true
    return command
}

/// Collects values from any thread.
final class Collected<Value: Sendable>: Sendable {
    private let monitor = Monitor<[Value]>([])
    var values: [Value] { monitor.withLock { monitor.state } }
    func add(_ value: Value) { monitor.withLock { monitor.state.append(value) } }
}
