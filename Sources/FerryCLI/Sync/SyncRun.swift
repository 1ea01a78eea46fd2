import FerryCore
import FerryEngine
import FerryProviders
import FerryThreads
import FerryTransport
import Synchronization

/// Runs the syncs of one command and tells about them.
struct SyncRun {
    /// Starts one sync.
    typealias Operation =
        @Sendable (SyncOptions, CancellationFlag, @escaping SyncObserver) async throws(SyncError)
        -> SyncReport

    let console: Console
    let output: OutputArguments
    let options: SyncOptions
    let deadline: Double?
    let conflictAdvice: String?
    let showsDestination: Bool

    private let timedOut = Timeout()

    /// Runs one sync.
    ///
    /// - Parameters:
    ///   - destination: Where it goes, as the user wrote it.
    ///   - operation: The sync.
    /// - Returns: How it ended.
    func run(to destination: [UInt8], _ operation: Operation) async -> ExitStatus {
        let reporter = reporter(for: destination)
        do throws(SyncError) {
            let report = try await operation(options, Session.signals.cancellation) { reporter.report($0) }
            return end(.success(report), reporter)
        } catch {
            return end(.failure(error), reporter)
        }
    }

    /// Tells how a sync ended.
    private func end(_ result: Result<SyncReport, SyncError>, _ reporter: any SyncReporter) -> ExitStatus {
        switch result {
        case .success(let report):
            let status = ExitStatus(report)
            reporter.finish(report, status: status)
            return status
        case .failure(let error):
            // What fails after a request to stop mostly fails because of it: the other end of a pipe got the signal too.
            var status = ExitStatus(error.code, interruption: interruption)
            if Session.signals.cancellation.isRaised { status.formUnion(interruption) }
            reporter.fail(error.code == .cancelled ? SyncError(.cancelled, reasonToStop(error)) : error, status: status)
            return status
        }
    }

    /// Runs several syncs under the deadline, one after the other, and closes the output.
    func runAll(_ syncs: [(destination: [UInt8], operation: Operation)]) async -> ExitStatus {
        let timer = deadline.map { timedOut.start(after: $0) }
        defer { timer?.cancel() }
        var status = ExitStatus.done
        for sync in syncs {
            status.formUnion(await run(to: sync.destination, sync.operation))
            if Session.signals.cancellation.isRaised { break }
        }
        return status
    }

    /// Pushes into several destinations at a time under the deadline; what is told of each comes together, in their order.
    ///
    /// - Parameters:
    ///   - workspace: The workspace.
    ///   - destinations: Where it goes, as the user wrote them.
    ///   - endpoints: The same for the engine.
    /// - Returns: The status that counts.
    /// - Throws: ``CommandFailure`` when the destinations get into each other's way.
    func pushTogether(
        _ workspace: [UInt8], to destinations: [[UInt8]], _ endpoints: [Endpoint]
    ) async throws(CommandFailure) -> ExitStatus {
        let timer = deadline.map { timedOut.start(after: $0) }
        defer { timer?.cancel() }
        let reports = OrderedReports(destinations.map(reporter), end: end)
        do throws(SyncError) {
            try await SyncEngine.push(
                workspace, to: endpoints, options: options, cancellation: Session.signals.cancellation,
                observer: { reports.take($1, of: $0) })
        } catch {
            throw CommandFailure(ExitStatus(error.code, interruption: interruption), error.message)
        }
        return reports.status
    }

    private var interruption: ExitStatus {
        let signal = Session.signals.firstSignal
        return signal == 0 ? .timedOut : .signal(signal)
    }

    private func reasonToStop(_ error: SyncError) -> String {
        guard Session.signals.firstSignal == 0, let deadline else { return error.message }
        return "the deadline of \(Quantity.decimal(deadline, places: 1)) s was over; \(error.message)"
    }

    private func reporter(for destination: [UInt8]) -> any SyncReporter {
        if output.json {
            return JSONReporter(
                console: console, destination: destination, showsProgress: output.progress ?? !output.quiet)
        }
        return TextReporter(
            console: console,
            style: TextReporter.Style(
                itemizes: output.itemizeChanges, names: output.verbose > 0, isQuiet: output.quiet,
                statistics: output.stats, progress: output.progress,
                destination: showsDestination ? displayName(of: destination) : nil, conflictAdvice: conflictAdvice))
    }
}

/// Stops the process's syncs when the time is over.
private struct Timeout {
    func start(after seconds: Double) -> Task<Void, Never> {
        Task {
            guard (try? await Task.sleep(for: .seconds(seconds))) != nil else { return }
            Session.signals.cancellation.raise()
        }
    }
}
