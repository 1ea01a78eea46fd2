import FerryCore
import FerryFileSystem

/// What both sides are after a pull: only what it wrote is looked at again.
enum PulledState {
    /// The state after a pull.
    ///
    /// - Parameters:
    ///   - plan: What was done.
    ///   - workspace: The workspace's root.
    ///   - stamp: When the scans began.
    ///   - hasChanged: Whether anything was written into the workspace.
    ///   - failed: The paths of steps that failed.
    /// - Returns: What the next baseline is made of.
    static func of(
        _ plan: Plan, in workspace: OpenDirectory, scanned stamp: ScanStamp, changed hasChanged: Bool,
        failed: Set<[UInt8]>
    ) -> AppliedState {
        guard hasChanged else {
            return AppliedState(
                source: plan.source, destination: plan.destination, sourceStamp: stamp, destinationStamp: stamp,
                failed: failed)
        }
        let after = ScanStamp.afterWrites()
        return AppliedState(
            source: plan.source, destination: WrittenEntries.look(at: plan, in: workspace), sourceStamp: stamp,
            destinationStamp: after, destinationIsPartial: true, failed: failed)
    }
}

extension SyncSession {
    /// The paths that are not what the plan wanted, of the problems from a position on.
    func failures(since first: Int) -> Set<[UInt8]> {
        Set(report.problems[first...].filter(\.isFailure).map(\.path))
    }
}
