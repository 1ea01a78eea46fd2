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

        session.locks = try SyncLocks.take(
            workspace: .init(
                key: SyncLocks.key(of: target.directory, at: workspacePath), mode: .exclusive, noun: "the workspace"),
            endpoint: .init(key: SyncLocks.key(of: sandbox, at: sandboxPath), mode: .exclusive, noun: "the sandbox"),
            session)
        try Recovery.recover(target.directory, &session)
        try session.begin(.scanning)
        let local = try target.scan(&session)
        let remote = try session.scan(sandbox, options.sandboxScan(rules: local.rules), at: sandboxPath)
        session.note(remote.problems)
        session.report.excludedEntries = remote.excludedCount

        var plan = Planner.plan(source: remote.snapshot, destination: local.snapshot, policy: options.pullPolicy)
        if let workspace = target.directory {
            try session.compareContent(&plan, from: sandbox, to: workspace)
        }
        let summary = plan.summary()
        session.announce(plan, summary)
        try PullTarget.checkHalts(plan, summary, options)
        if options.isDryRun { return }
        if summary.changesNothing, summary.conflicts + summary.held == 0 { return }

        try session.begin(.transferring)
        let workspace = try target.create()
        try DirectoryEndpoints.checkApart(sandbox, sandboxPath, workspace, workspacePath)
        try DirectoryEndpoints.checkSpace(summary, on: workspace, options)
        var staging = try StagedTree(for: workspace, options)
        defer { staging.discard() }
        try staging.copy(plan, summary, from: sandbox, workspace: workspace, &session)
        try staging.apply(plan, to: workspace, at: workspacePath, from: sandboxPath, &session)
    }
}
