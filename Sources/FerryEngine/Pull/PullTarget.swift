import FerryCore
import FerryFileSystem

/// The workspace that a pull writes into, which may not exist yet.
struct PullTarget {
    let path: [UInt8]
    /// The directory; nil while it does not exist.
    let directory: OpenDirectory?

    static func open(_ path: [UInt8], _ session: borrowing SyncSession) throws(SyncError) -> PullTarget {
        PullTarget(path: path, directory: try DirectoryEndpoints.openDestination(path))
    }

    /// Makes the workspace where it is missing.
    func create() throws(SyncError) -> OpenDirectory {
        if let directory { return directory }
        return try DirectoryEndpoints.createDestination(path)
    }

    /// The workspace, or the directory above it while it is missing.
    func place() throws(SyncError) -> OpenDirectory {
        if let directory { return directory }
        return try DirectoryEndpoints.openParent(of: path)
    }

    /// Scans the workspace; its rules then hold for the sandbox.
    func scan(_ session: inout SyncSession) throws(SyncError) -> (snapshot: Snapshot, rules: IgnoreRules) {
        guard let directory else { return (.empty, session.options.rules) }
        let local = try session.scan(directory, session.options.workspaceScan(), at: path)
        session.note(local.problems.filter { $0.code != .skipped })
        return (local.snapshot, local.rules)
    }

    /// Stops a pull that would probably destroy something.
    static func checkHalts(_ plan: Plan, _ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {
        if options.conflicts == .fail, !options.mirrors, summary.conflicts > 0 {
            throw SyncError(
                Halt(
                    .conflicts,
                    message:
                        "\(counted(summary.conflicts, "entry differs", "entries differ")) on both sides and --on-conflict"
                        + " fail was given; nothing was written",
                    examples: plan.examples { $0 == .conflict }))
        }
        // Overwriting is a matter of the conflict policy here, not of a halt.
        if let halt = plan.halt(summary: summary, overrides: options.overrides, isMirror: true) {
            throw SyncError(halt)
        }
    }
}
