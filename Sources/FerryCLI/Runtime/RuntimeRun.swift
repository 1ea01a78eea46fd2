import FerryCore
import FerryEngine
import FerryRuntime
import FerryThreads
import Synchronization

/// Runs one command of `ferry runtime`: events while it goes on, and one result as the last line, whatever happens.
struct RuntimeRun {
    /// What a command found out, and how it ended.
    typealias Outcome = (members: [String: JSONValue], status: ExitStatus)
    /// Reads a request and does what it says.
    typealias Operation = (FerryRuntime.JSONValue, RuntimeRun) async throws -> Outcome

    let command: String
    let arguments: RuntimeArguments

    private let console = Console()
    private let deadline = Deadline()

    /// Makes a run.
    init(_ command: String, _ arguments: RuntimeArguments) {
        self.command = command
        self.arguments = arguments
    }

    /// Runs it to its end.
    func run(_ operation: Operation) async throws {
        var status: ExitStatus
        do {
            let value = try RequestDocument.read(arguments.request.map(ArgumentText.bytes))
            let outcome = try await operation(value, self)
            status = outcome.status
            console.print(EventPayload.result(of: command, outcome.members, status: status).text)
        } catch {
            var failure = RuntimeFailure(error, interruption: interruption)
            if deadline.isOver, failure.code == RuntimeError.Code.cancelled.rawValue {
                failure.code = RuntimeError.Code.timedOut.rawValue
                failure.message = "The time that the request allows was over."
                failure.advice = "Allow more time with 'deadlineMs'; repeating it goes on from there."
            }
            // What fails after a request to stop mostly fails because of it.
            if Session.signals.cancellation.isRaised { failure.status.formUnion(interruption) }
            status = failure.status
            console.error(failure.detail)
            console.print(EventPayload.result(of: command, failure).text)
        }
        deadline.stop()
        try console.close(with: status)
    }

    /// The value of `--state-dir`.
    var stateDirectory: [UInt8]? { arguments.stateDir.map(ArgumentText.bytes) }

    /// Raised when the command is to stop.
    var cancellation: CancellationFlag { Session.signals.cancellation }

    /// Lets the time of a request run.
    func begin(_ request: RuntimeRequest) {
        if let limit = request.deadline { deadline.start(limit) }
    }

    /// Prints events as they come.
    var observer: RuntimeObserver {
        let (console, command, isQuiet) = (console, command, arguments.quiet)
        return { event in
            guard !isQuiet else { return }
            switch event {
            case .progress(let line): console.print(EventPayload.progress(line, of: command).text)
            case .sync(let part, let event):
                if let payload = EventPayload.event(event, of: part) { console.print(payload.text) }
            }
            console.flush()
        }
    }

    private var interruption: ExitStatus {
        let signal = Session.signals.firstSignal
        return signal == 0 ? .timedOut : .signal(signal)
    }
}

/// Stops the process's work when the time is over.
private final class Deadline: Sendable {
    private let state = Mutex<(task: Task<Void, Never>?, isOver: Bool)>((nil, false))

    var isOver: Bool { state.withLock { $0.isOver } }

    func start(_ limit: Duration) {
        let task = Task { [self] in
            guard (try? await Task.sleep(for: limit)) != nil else { return }
            state.withLock { $0.isOver = true }
            Session.signals.cancellation.raise()
        }
        state.withLock { $0.task = task }
    }

    func stop() { state.withLock { $0.task?.cancel() } }
}
