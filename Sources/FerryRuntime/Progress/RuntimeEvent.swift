import FerryCore
public import FerryEngine
import Synchronization

/// What a run tells while it goes on.
public enum RuntimeEvent: Sendable {
    /// An event of the engine, and the part that it belongs to.
    ///
    /// Paths are below the workspace's directory: those of an asset begin with the runtime directory.
    case sync(RuntimePart, SyncEvent)
    /// A line that says how far the run as a whole is.
    case progress(RuntimeProgress.Line)
}

/// Takes the events of a run, from threads of its own; lines of progress come one at a time.
public typealias RuntimeObserver = @Sendable (RuntimeEvent) -> Void

/// Tells an observer of a run, lines of progress included.
final class RuntimeReporter: Sendable {
    private let state: Mutex<(progress: RuntimeProgress, sorter: RuntimeEventSorter)>
    private let observer: RuntimeObserver

    init(_ task: String, _ layout: RuntimeLayout, parts: [RuntimePart], observer: @escaping RuntimeObserver) {
        state = Mutex((RuntimeProgress(task, parts: parts.count), RuntimeEventSorter(layout, parts: parts)))
        self.observer = observer
    }

    /// What the engine tells goes here.
    func syncObserver() -> SyncObserver {
        { [self] event in
            // Told under the lock: two lines at a time could come in the wrong order.
            let part = state.withLock { state in
                let part = state.sorter.part(of: event)
                if let line = state.progress.line(for: event, of: part) { observer(.progress(line)) }
                return part
            }
            observer(.sync(part, event))
        }
    }

    /// Tells the final line.
    func finish(_ outcome: RuntimeProgress.Outcome) {
        state.withLock { state in
            if let line = state.progress.finish(outcome) { observer(.progress(line)) }
        }
    }
}

/// Finds out to which part of a push of several an event belongs.
struct RuntimeEventSorter: Sendable {
    private let parts: [RuntimePart]
    private let runtimeDirectory: RelativePath
    private let places: [(place: RelativePath, part: RuntimePart)]
    private var plans = 0

    init(_ layout: RuntimeLayout, parts: [RuntimePart]) {
        self.parts = parts
        runtimeDirectory = RelativePath(unchecked: Array(layout.runtimeDirectory.bytes))
        places = layout.assets.map { (layout.place(of: $0.name), .asset($0.asset.key)) }
    }

    /// The part of an event.
    mutating func part(of event: SyncEvent) -> RuntimePart {
        switch event {
        case .plan:
            plans += 1
            return current
        case .item(let item): return part(at: item.path)
        case .problem(let problem): return part(at: problem.path)
        case .digest(let path, _): return part(at: path)
        case .progress: return current
        }
    }

    /// The part whose plan was told last.
    private var current: RuntimePart { parts.isEmpty ? .workspace : parts[max(0, min(plans, parts.count) - 1)] }

    private func part(at path: [UInt8]) -> RuntimePart {
        guard path.starts(with: runtimeDirectory.bytes) else { return parts.first == .workspace ? .workspace : current }
        let path = RelativePath(unchecked: path)
        guard path.isSameOrBelow(runtimeDirectory) else { return .workspace }
        return places.first { path.isSameOrBelow($0.place) }?.part ?? .runtimeRoot
    }
}
