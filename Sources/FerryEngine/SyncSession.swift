import FerryCore
import FerryFileSystem
import FerryThreads

/// What the steps of one sync share: options, observer, clock, report.
struct SyncSession: ~Copyable {
    let options: SyncOptions
    let cancellation: CancellationFlag
    let observer: SyncObserver
    var report = SyncReport()
    /// What is put before the paths of what is told and noted: where the part of a push at hand goes.
    var place: [UInt8] = []
    /// Held until the sync has ended.
    var locks: SyncLocks?
    /// What the last comparison of content found out, for the steps that waited for it.
    var settled: (steps: [Int], answers: [ContentAnswer]) = ([], [])
    private let start = ContinuousClock.now
    private var stage: (SyncProgress.Stage, ContinuousClock.Instant)?

    init(options: SyncOptions, cancellation: CancellationFlag, observer: @escaping SyncObserver) {
        self.options = options
        self.cancellation = cancellation
        self.observer = observer
        report.isDryRun = options.isDryRun
    }

    /// Says what the sync is doing from now on, and stops it here when somebody asked to.
    mutating func begin(_ next: SyncProgress.Stage) throws(SyncError) {
        endStage()
        try checkCancellation()
        stage = (next, .now)
    }

    func checkCancellation() throws(SyncError) {
        if cancellation.isRaised { throw SyncError(.cancelled, "stopped on request; nothing is left half-written") }
    }

    private mutating func endStage() {
        guard let (last, since) = stage else { return }
        report.stageTimes[last, default: .zero] += ContinuousClock.now - since
        stage = nil
    }

    /// Finishes the report.
    mutating func finish() -> SyncReport {
        endStage()
        report.duration = ContinuousClock.now - start
        return report
    }

    /// A path as it is told.
    func here(_ path: [UInt8]) -> [UInt8] { RelativePath.join(place, path) }

    /// Notes and tells a problem.
    mutating func note(_ problems: some Sequence<Problem>) {
        for problem in problems {
            let problem =
                place.isEmpty ? problem : Problem(problem.code, path: here(problem.path), message: problem.message)
            report.problems.append(problem)
            observer(.problem(problem))
        }
    }

    /// Tells how far a stage is, a few times a second, until the ticker is stopped.
    func startProgress(
        _ stage: SyncProgress.Stage, _ counters: TransferProgress, totalEntries: Int? = nil, totalBytes: Int64? = nil
    ) -> Ticker {
        let observer = observer
        return Ticker(every: .milliseconds(200)) {
            observer(
                .progress(
                    SyncProgress(
                        stage: stage, finishedEntries: counters.finishedEntries, totalEntries: totalEntries,
                        finishedBytes: counters.finishedBytes, totalBytes: totalBytes)))
        }
    }

    /// Tells how far a stage is, a few times a second, while its work runs.
    func withProgress<Value, Failure: Error>(
        _ stage: SyncProgress.Stage, _ counters: TransferProgress, totalEntries: Int? = nil, totalBytes: Int64? = nil,
        _ work: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        let ticker = startProgress(stage, counters, totalEntries: totalEntries, totalBytes: totalBytes)
        defer { ticker.stop() }
        return try work()
    }
}
