public import FerryEngine
import Synchronization

/// What a run tells while it goes on.
public enum RuntimeEvent: Sendable {
    /// An event of the engine, and the part that it belongs to.
    case sync(RuntimePart, SyncEvent)
    /// A line that says how far the run as a whole is.
    case progress(RuntimeProgress.Line)
}

/// Takes the events of a run, from threads of its own; lines of progress come one at a time.
public typealias RuntimeObserver = @Sendable (RuntimeEvent) -> Void

/// Tells an observer of a run, lines of progress included.
final class RuntimeReporter: Sendable {
    private let progress: Mutex<RuntimeProgress>
    private let observer: RuntimeObserver

    init(_ task: String, parts: [RuntimePart], observer: @escaping RuntimeObserver) {
        progress = Mutex(RuntimeProgress(task, parts: parts))
        self.observer = observer
    }

    /// What the engine tells of a part goes here.
    func observer(of part: RuntimePart) -> SyncObserver {
        { [self] event in
            observer(.sync(part, event))
            // Told under the lock: two lines at a time could come in the wrong order.
            progress.withLock { progress in
                if let line = progress.line(for: event, of: part) { observer(.progress(line)) }
            }
        }
    }

    /// Tells the final line.
    func finish(_ outcome: RuntimeProgress.Outcome) {
        progress.withLock { progress in
            if let line = progress.finish(outcome) { observer(.progress(line)) }
        }
    }
}
