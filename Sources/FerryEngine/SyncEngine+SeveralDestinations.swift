public import FerryThreads

/// What happens in a push into several destinations.
public enum SeveralPushEvent: Sendable {
    /// What a push of one destination tells.
    case sync(SyncEvent)
    /// How the push into it ended; the last event of that destination.
    case ended(Result<SyncReport, SyncError>)
}

extension SyncEngine {
    /// How many destinations are written at a time; each takes its own share of memory.
    private static let pushesAtATime = 4

    /// Makes several sandboxes' directories, or tars, equal to the workspace, several at a time.
    ///
    /// Each destination gets what a push of its own would do, with its own lock, baseline, halts and report, and one that fails stops
    /// no other. The workspace is scanned once for all of them.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - destinations: Where it goes, each one once.
    ///   - options: How.
    ///   - cancellation: Raise it to stop all of them at the next entry.
    ///   - observer: Takes the events, each with the destination's index; those of one destination come in order.
    /// - Returns: How each push ended, in the order of the destinations.
    /// - Throws: ``SyncError`` with ``SyncError/Code/usage`` where one destination is named twice or lies in another; nothing was changed
    ///   then.
    @discardableResult
    public static func push(
        _ workspace: [UInt8], to destinations: [Endpoint], options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(),
        observer: @escaping @Sendable (_ destination: Int, SeveralPushEvent) -> Void = { _, _ in }
    ) async throws(SyncError) -> [Result<SyncReport, SyncError>] {
        try await onThread(named: "destinations") { () throws(SyncError) in
            try DestinationCheck.check(destinations)
        }
        let part = PushPart.workspace(workspace, sharing: SharedScan())
        return await withTaskGroup(of: (Int, Result<SyncReport, SyncError>).self) { group in
            func start(_ index: Int) {
                group.addTask {
                    let result = await outcome(
                        of: part, to: destinations[index], options: options, cancellation: cancellation
                    ) { observer(index, .sync($0)) }
                    observer(index, .ended(result))
                    return (index, result)
                }
            }
            var results: [Int: Result<SyncReport, SyncError>] = [:]
            var next = min(pushesAtATime, destinations.count)
            for index in 0..<next { start(index) }
            while let (index, result) = await group.next() {
                results[index] = result
                guard next < destinations.count else { continue }
                start(next)
                next += 1
            }
            return destinations.indices.compactMap { results[$0] }
        }
    }

    private static func outcome(
        of part: PushPart, to destination: Endpoint, options: SyncOptions, cancellation: CancellationFlag,
        observer: @escaping SyncObserver
    ) async -> Result<SyncReport, SyncError> {
        do throws(SyncError) {
            return .success(
                try await push(
                    [part], to: destination, options: options, cancellation: cancellation, observer: observer))
        } catch {
            return .failure(error)
        }
    }
}
