import FerryEngine
import Synchronization

/// Tells programs about a sync.
final class JSONReporter: SyncReporter {
    private let console: Console
    private let destination: [UInt8]
    private let showsProgress: Bool
    private let lastProgress: Mutex<ContinuousClock.Instant>

    init(console: Console, destination: [UInt8], showsProgress: Bool) {
        self.console = console
        self.destination = destination
        self.showsProgress = showsProgress
        lastProgress = Mutex(.now)
    }

    func report(_ event: SyncEvent) {
        switch event {
        case .plan(let summary): console.print(EventPayload.plan(summary, destination: destination).text)
        case .item(let item): console.print(EventPayload.item(item).text)
        case .digest(let path, let sha256): console.print(EventPayload.digest(sha256, of: path).text)
        case .problem(let problem): console.print(EventPayload.problem(problem).text)
        case .progress(let progress):
            let isDue = lastProgress.withLock { last in
                guard ContinuousClock.now - last >= .seconds(1) else { return false }
                last = .now
                return true
            }
            if showsProgress && isDue { console.print(EventPayload.progress(progress).text) }
        }
    }

    func finish(_ report: SyncReport, status: ExitStatus) {
        console.print(EventPayload.summary(report, destination: destination, status: status).text)
    }

    func fail(_ error: SyncError, status: ExitStatus) {
        console.print(EventPayload.error(error, destination: destination, status: status).text)
    }
}
