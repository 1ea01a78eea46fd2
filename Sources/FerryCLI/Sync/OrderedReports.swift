import FerryEngine
import Synchronization

/// Tells about several syncs that run at the same time as if they ran one after the other.
///
/// What the first one that has not ended tells is passed on at once, and what the others tell is kept until it is their turn. How far they
/// are is not kept.
final class OrderedReports: Sendable {
    /// Tells how a sync ended.
    typealias End = @Sendable (Result<SyncReport, SyncError>, any SyncReporter) -> ExitStatus

    private struct State {
        var turn = 0
        var kept: [[SeveralPushEvent]]
        var status = ExitStatus.done
    }

    private let reporters: [any SyncReporter]
    private let end: End
    private let state: Mutex<State>

    /// Begins to tell.
    ///
    /// - Parameters:
    ///   - reporters: One for each sync, in the order in which they are told.
    ///   - end: Tells how one ended.
    init(_ reporters: [any SyncReporter], end: @escaping End) {
        self.reporters = reporters
        self.end = end
        state = Mutex(State(kept: reporters.map { _ in [] }))
    }

    /// The status that counts of those that were told.
    var status: ExitStatus { state.withLock { $0.status } }

    /// Takes what one of them tells.
    ///
    /// - Parameters:
    ///   - event: What it tells.
    ///   - index: Which one it is.
    func take(_ event: SeveralPushEvent, of index: Int) {
        state.withLock { state in
            guard index == state.turn else {
                if case .sync(.progress) = event { return }
                return state.kept[index].append(event)
            }
            tell(event, &state)
            // Those that are told completely give the turn to the next.
            while state.turn < reporters.count, !state.kept[state.turn].isEmpty {
                let events = state.kept[state.turn]
                state.kept[state.turn] = []
                for event in events { tell(event, &state) }
            }
        }
    }

    private func tell(_ event: SeveralPushEvent, _ state: inout State) {
        switch event {
        case .sync(let event): reporters[state.turn].report(event)
        case .ended(let result):
            state.status.formUnion(end(result, reporters[state.turn]))
            state.turn += 1
        }
    }
}
