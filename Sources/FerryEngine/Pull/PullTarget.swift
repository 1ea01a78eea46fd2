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

    /// Scans the workspace while something else is done.
    ///
    /// - Parameters:
    ///   - session: The sync.
    ///   - meanwhile: What is done until then, or for a part of that time; told whether the scan goes on.
    /// - Returns: The tree, and the rules that then hold for the sandbox.
    /// - Throws: ``SyncError``; what is wrong on this side counts more.
    func scan(
        _ session: inout SyncSession,
        meanwhile: (_ goesOn: () -> Bool) throws(SyncError) -> Void
    ) throws(SyncError) -> (snapshot: Snapshot, rules: IgnoreRules) {
        guard let directory else { return (.empty, session.options.rules) }
        let (options, path) = (session.options.workspaceScan(), path)
        let scan = try BackgroundScan { () throws(SyncError) in
            try SyncSession.scan(directory, options, at: path)
        }
        let goesOn = scan.goesOn
        let other = Result { () throws(SyncError) in try meanwhile(goesOn) }
        let local = try scan.finish()
        try other.get()
        session.note(local.problems.filter { $0.code != .skipped })
        return (local.snapshot, local.rules)
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
