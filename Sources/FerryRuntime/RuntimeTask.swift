import FerryCore
import FerryThreads

/// Runs the parts of an operation where they belong.
enum RuntimeTask {
    /// Runs blocking work on a thread of its own.
    static func onThread<Value: Sendable>(
        _ work: @escaping @Sendable () throws(RuntimeError) -> Value
    ) async throws(RuntimeError) -> Value {
        do {
            return try await BlockingThread.run(named: "runtime") { try work() }
        } catch let error as RuntimeError {
            throw error
        } catch {
            throw RuntimeError(.failed, "The system refused a thread.", detail: "no thread: \(error)")
        }
    }

    /// Runs an operation, which is stopped by its flag or by the end of the caller's task, and tells its final line.
    static func run<Value: Sendable>(
        _ cancellation: CancellationFlag, _ reporter: RuntimeReporter,
        _ work: @Sendable () async throws(RuntimeError) -> Value
    ) async throws(RuntimeError) -> Value {
        let result: Result<Value, RuntimeError> = await withTaskCancellationHandler {
            do throws(RuntimeError) {
                return .success(try await work())
            } catch {
                return .failure(error)
            }
        } onCancel: {
            cancellation.raise()
        }
        switch result {
        case .success(let value):
            reporter.finish(.done)
            return value
        case .failure(let error):
            reporter.finish(.failed)
            throw error
        }
    }
}
