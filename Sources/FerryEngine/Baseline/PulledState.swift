import FerryCore
import FerryFileSystem

/// What both sides are after a pull.
enum PulledState {
    /// The state after a pull.
    ///
    /// - Parameters:
    ///   - plan: What was done.
    ///   - workspace: The workspace's root.
    ///   - path: Its path, for messages.
    ///   - stamp: When the scans began.
    ///   - hasChanged: Whether anything was written into the workspace, so that it has to be looked at again.
    ///   - failed: The paths of steps that failed.
    ///   - session: The sync.
    /// - Returns: What the next baseline is made of.
    /// - Throws: ``SyncError`` when the workspace cannot be scanned again.
    static func of(
        _ plan: Plan, in workspace: OpenDirectory, at path: [UInt8], scanned stamp: ScanStamp, changed hasChanged: Bool,
        failed: Set<[UInt8]>, _ session: borrowing SyncSession
    ) throws(SyncError) -> AppliedState {
        var destination = plan.destination
        var destinationStamp = stamp
        if hasChanged {
            destinationStamp = .afterWrites()
            destination = try session.scan(workspace, session.options.workspaceScan(), at: path).snapshot
        }
        return AppliedState(
            source: plan.source, destination: destination, sourceStamp: stamp, destinationStamp: destinationStamp,
            failed: failed)
    }
}

extension SyncSession {
    /// The paths that are not what the plan wanted, of the problems from a position on.
    func failures(since first: Int) -> Set<[UInt8]> {
        Set(report.problems[first...].filter(\.isFailure).map(\.path))
    }
}
