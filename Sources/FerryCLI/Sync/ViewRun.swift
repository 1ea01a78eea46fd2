import FerryCore
import FerryEngine
import FerryThreads

/// Runs one command that only looks, and tells its progress, its problems and why it failed.
struct ViewRun {
    let console: Console
    let view: ViewArguments
    /// The sandbox as the user wrote it.
    let sandbox: [UInt8]

    /// Runs it.
    ///
    /// - Parameter body: What is done.
    /// - Returns: What it found, and the status of a failure; nil when there is nothing.
    func run<Value: Sendable>(
        _ body: @Sendable (CancellationFlag, @escaping SyncObserver) async throws(SyncError) -> Value
    ) async -> (value: Value?, status: ExitStatus) {
        let reporter = reporter
        let deadline = view.deadline
        let timer = deadline.map { seconds in
            Task {
                guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
                Session.signals.cancellation.raise()
            }
        }
        defer { timer?.cancel() }
        do throws(SyncError) {
            let value = try await body(Session.signals.cancellation) { reporter.report($0) }
            console.showProgress("")
            return (value, .done)
        } catch {
            let signal = Session.signals.firstSignal
            let interruption = signal == 0 ? ExitStatus.timedOut : .signal(signal)
            var status = ExitStatus(error.code, interruption: interruption)
            if Session.signals.cancellation.isRaised { status.formUnion(interruption) }
            reporter.fail(error, status: status)
            return (nil, status)
        }
    }

    private var reporter: any SyncReporter {
        if view.json {
            return JSONReporter(console: console, destination: sandbox, showsProgress: view.progress ?? !view.quiet)
        }
        return TextReporter(
            console: console, style: TextReporter.Style(isQuiet: view.quiet, progress: view.progress))
    }
}

extension ExitStatus {
    /// The status of problems that did not end a command.
    init(_ problems: [Problem]) {
        self = .done
        for problem in problems { formUnion(ExitStatus(problem.code)) }
    }
}
