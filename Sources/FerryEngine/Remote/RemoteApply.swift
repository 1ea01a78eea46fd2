import FerryCore
import FerryFileSystem

/// The end of a pull from a sandbox, however its entries were staged: compare, tell, apply, move the baseline forward.
struct RemoteApply {
    let target: PullTarget
    /// The sandbox's target, for the log.
    let source: [UInt8]
    /// When the workspace's scan began.
    let localStamp: ScanStamp
    /// From when on the sandbox's entries are known.
    let remoteStamp: ScanStamp
    /// The number of problems before anything was staged.
    let firstProblem: Int
    /// Why nothing may be applied, known from before; nil when nothing is known yet.
    let halt: SyncError?

    func run(
        _ plan: inout Plan, from staging: borrowing StagedTree, _ digests: DigestLog, _ baseline: inout SyncBaseline,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = session.options
        if let workspace = target.directory {
            try session.compareContent(&plan, from: staging.area.tree, to: workspace, digests)
        }
        let summary = plan.summary()
        session.announce(plan, summary)
        if halt == nil { try FoldingCheck.check(plan, on: target.place(), target, options) }
        let kept = KeptPull(
            workspace: target.path, endpoint: source, baseline: baseline, remoteStamp: remoteStamp,
            digests: digests.lookup(in: plan.source))
        if options.keepsPlan, !options.isDryRun { return try kept.keep(plan, from: staging, &session) }
        do throws(SyncError) {
            if let halt { throw halt }
            try PullTarget.checkHalts(plan, summary, options)
        } catch {
            throw options.isDryRun ? error : kept.keep(plan, from: staging, halted: error, &session)
        }
        if options.isDryRun { return }
        // What is staged moves into the workspace.
        let indexes = GitIndexDigests(of: plan)
        let hasChanges = !summary.changesNothing
        var workspace = target.directory
        var failed: Set<[UInt8]> = []
        if hasChanges || summary.conflicts + summary.held > 0 {
            let made = try target.create()
            workspace = made
            failed = try staging.apply(plan, to: made, at: target.path, from: source, &session)
        }
        guard let workspace, baseline.isKept else { return }
        var applied = PulledState.of(
            plan, in: workspace, scanned: localStamp, changed: hasChanges,
            failed: failed.union(session.failures(since: firstProblem)))
        applied.sourceStamp = remoteStamp
        applied.digest = digests.lookup(in: plan.source)
        try baseline.advance(plan, indexes: indexes, applied)
    }
}
