import FerryCore
import FerryFileSystem

/// A pull from a directory on this machine that a sandbox worked in: scan, fetch what differs into staging, verify,
/// plan, apply.
///
/// Everything before the apply can fail without a trace in the workspace.
struct DirectoryPull {
    let sandboxPath: [UInt8]
    let workspacePath: [UInt8]

    func run(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        let sandbox = try DirectoryEndpoints.openSource(sandboxPath)
        let target = try PullTarget.open(workspacePath, session)
        if let workspace = target.directory {
            try DirectoryEndpoints.checkApart(sandbox, sandboxPath, workspace, workspacePath)
        } else {
            try DirectoryEndpoints.checkApart(sandbox, sandboxPath, fromNew: workspacePath)
        }

        let workspaceKey = try SyncLocks.key(of: target.directory, at: workspacePath)
        let sandboxKey = try SyncLocks.key(of: sandbox, at: sandboxPath)
        session.locks = try SyncLocks.take(
            workspace: .init(key: workspaceKey, mode: .exclusive, noun: "the workspace"),
            endpoint: .init(key: sandboxKey, mode: .exclusive, noun: "the sandbox"), session)
        try Recovery.recover(target.directory, &session)
        let known = BaselineReading(
            workspace: workspaceKey, endpoint: SyncBaseline.key(of: sandboxKey), session)
        try session.begin(.scanning)
        let stamp = ScanStamp.now
        let local = try target.scan(&session)
        let remote = try session.scan(sandbox, options.sandboxScan(rules: local.rules), at: sandboxPath)
        // What the sandbox wrote a moment ago would otherwise be new to the next pull once more.
        let reading = options.isDryRun ? stamp : ScanStamp.readingBegins(after: stamp, remote.snapshot)
        session.note(remote.problems)
        session.report.excludedEntries = remote.excludedCount

        var baseline = try known.finish(&session)
        var halt = try baseline.identifySource(SyncBaseline.identity(of: sandbox, isEmpty: false), options)
        try KeptPull.check(halt, options)
        var policy = baseline.policy(options.pullPolicy)
        policy.readIndexes(of: target, local.snapshot, sandbox, remote.snapshot)
        var plan = try SyncBaseline.plan(
            source: remote.snapshot, destination: local.snapshot, policy: policy, base: baseline.old)
        if let workspace = target.directory {
            try session.compareContent(&plan, from: sandbox, to: workspace)
        }
        let summary = plan.summary()
        session.announce(plan, summary)
        do throws(SyncError) { try PullTarget.checkHalts(plan, summary, options) } catch { halt = halt ?? error }
        try KeptPull.check(halt, options)
        let place = try StagingPlace.find(
            bytes: summary.bytesToWrite, inodes: Int64(summary.inodesToMake), for: target, options)
        halt = halt ?? place.halt
        if halt == nil { try FoldingCheck.check(plan, on: place.workspace, target, options) }
        if options.isDryRun { return }
        if options.keepsPlan || halt != nil {
            let kept = KeptPull(
                workspace: workspacePath, endpoint: sandboxPath, baseline: baseline, remoteStamp: reading,
                digests: { _ in nil })
            return try keep(plan, summary, kept, halt, from: sandbox, to: place, &session)
        }
        // Before the sandbox can change again.
        let indexes = GitIndexDigests(of: plan)
        let first = session.report.problems.count
        var workspace = target.directory
        var failed: Set<[UInt8]> = []
        if !summary.changesNothing || summary.conflicts + summary.held > 0 {
            try session.begin(.transferring)
            let made = try target.create()
            workspace = made
            try DirectoryEndpoints.checkApart(sandbox, sandboxPath, made, workspacePath)
            var staging = try StagedTree(for: made, options)
            defer { staging.discard() }
            try staging.copy(plan, summary, from: sandbox, workspace: made, &session)
            failed = try staging.apply(plan, to: made, at: workspacePath, from: sandboxPath, &session)
        }
        guard let workspace, baseline.isKept else { return }
        try baseline.advance(
            plan, indexes: indexes,
            PulledState.of(
                plan, in: workspace, scanned: stamp, reading: reading, changed: !summary.changesNothing,
                failed: failed.union(session.failures(since: first))))
    }

    /// Fetches what differs and keeps it with the plan.
    private func keep(
        _ plan: Plan, _ summary: PlanSummary, _ kept: KeptPull, _ halt: SyncError?, from sandbox: OpenDirectory,
        to place: StagingPlace, _ session: inout SyncSession
    ) throws(SyncError) {
        try session.begin(.transferring)
        var staging = try StagedTree(for: place.room, session.options)
        defer { staging.discard() }
        try staging.copy(plan, summary, from: sandbox, workspace: place.workspace, &session)
        if let halt { throw kept.keep(plan, from: staging, halted: halt, &session) }
        try kept.keep(plan, from: staging, &session)
    }
}
