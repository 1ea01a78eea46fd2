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
    ///   - reading: When reading of the sandbox's content began; with its scan, unless given.
    ///   - hasChanged: Whether anything was written into the workspace.
    ///   - failed: The paths of steps that failed.
    /// - Returns: What the next baseline is made of.
    static func of(
        _ plan: Plan, in workspace: OpenDirectory, scanned stamp: ScanStamp, reading: ScanStamp? = nil,
        changed hasChanged: Bool, failed: Set<[UInt8]>
    ) -> AppliedState {
        guard hasChanged else {
            return AppliedState(
                source: plan.source, destination: plan.destination, sourceStamp: reading ?? stamp,
                destinationStamp: stamp, failed: failed)
        }
        let after = ScanStamp.afterWrites()
        var applied = AppliedState(
            source: plan.source, destination: WrittenEntries.look(at: plan, in: workspace),
            sourceStamp: reading ?? stamp, destinationStamp: after, destinationIsPartial: true, failed: failed)
        // Nobody waited for what is young in the workspace.
        applied.plannedStamp = stamp
        return applied
    }
}

extension SyncSession {
    /// The paths that are not what the plan wanted, of the problems from a position on.
    func failures(since first: Int) -> Set<[UInt8]> {
        Set(report.problems[first...].filter(\.isFailure).map(\.path))
    }
}
