import FerryCore
import FerryFileSystem
import FerryThreads

/// A push into a directory on this machine: scan, plan, write in place, delete last.
///
/// No archive is made.
struct DirectoryPush {
    let workspacePath: [UInt8]
    let sandboxPath: [UInt8]

    func run(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        let workspace = try DirectoryEndpoints.openSource(workspacePath)
        let sandbox = try DirectoryEndpoints.openDestination(sandboxPath)
        if let sandbox {
            try DirectoryEndpoints.checkApart(workspace, workspacePath, sandbox, sandboxPath)
        } else {
            try DirectoryEndpoints.checkApart(workspace, workspacePath, fromNew: sandboxPath)
        }
        if options.isDryRun { Recovery.report(workspace, &session) }
        if !options.isDryRun { try Recovery.recoverBeforePush(workspace, at: workspacePath, &session) }
        session.locks = try SyncLocks.take(
            workspace: .init(
                key: SyncLocks.key(of: workspace, at: workspacePath), mode: .shared, noun: "the workspace"),
            endpoint: .init(key: SyncLocks.key(of: sandbox, at: sandboxPath), mode: .exclusive, noun: "the sandbox"),
            session)

        try session.begin(.scanning)
        let source = try session.scan(workspace, options.workspaceScan(), at: workspacePath)
        session.note(source.problems)
        session.report.excludedEntries = source.excludedCount
        session.warnIfNothingIsLeft(source)
        var destination = Snapshot.empty
        let earlier = sandbox.flatMap { pushMark(workspace, $0, options) }
        if let sandbox {
            let found = try session.scan(sandbox, options.sandboxScan(rules: source.rules), at: sandboxPath)
            session.note(found.problems.filter { $0.code != .skipped })
            destination = found.snapshot
        }

        var plan = Planner.plan(source: source.snapshot, destination: destination, policy: options.pushPolicy)
        if let sandbox {
            try session.compareContent(&plan, from: workspace, to: sandbox)
        }
        let summary = plan.summary()
        session.announce(plan, summary)
        let halt = plan.halt(summary: summary, overrides: options.overrides, isMirror: options.mirrors) { path in
            earlier?.owns(path) ?? false
        }
        if let halt { throw SyncError(halt) }
        let place: OpenDirectory
        if let sandbox { place = sandbox } else { place = try DirectoryEndpoints.openParent(of: sandboxPath) }
        try DirectoryEndpoints.checkSpace(summary, on: place, options)
        if options.isDryRun { return }
        if let earlier, earlier.isSet, let sandbox { earlier.sweep(sandbox) }
        if summary.changesNothing, sandbox != nil {
            if let earlier, earlier.isSet { earlier.clear() }
            return
        }

        try session.begin(.transferring)
        let target: OpenDirectory
        if let sandbox {
            target = sandbox
        } else {
            target = try DirectoryEndpoints.createDestination(sandboxPath)
            try DirectoryEndpoints.checkApart(workspace, workspacePath, target, sandboxPath)
        }
        // Without a place for it the push goes all the same: after a kill, the next one then halts.
        let mark = pushMark(workspace, target, options)
        try? mark?.set(for: plan)
        try write(plan, summary, from: workspace, to: target, &session)
        // Not after a failure or a stop: what was half-written by then stays known.
        mark?.clear()
    }

    /// What is remembered of a push to this destination that did not come to its end.
    private func pushMark(_ workspace: OpenDirectory, _ sandbox: OpenDirectory, _ options: SyncOptions) -> PushMark? {
        options.stateDirectory.flatMap { try? PushMark(in: $0, from: workspace, to: sandbox) }
    }

    private func write(
        _ plan: Plan, _ summary: PlanSummary, from workspace: OpenDirectory, to sandbox: OpenDirectory,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = session.options
        let cancellation = session.cancellation
        let progress = TransferProgress()
        let owner = try DirectoryOwner.forNewEntries(in: sandbox, options: options)
        session.note(
            TreeRemover.remove(
                plan, in: sandbox, phase: .beforeCopy, cancellation: cancellation))
        let copyOptions = CopyOptions(
            purpose: .inPlace, owner: owner, threads: options.writingThreads, bandwidthLimit: options.bandwidthLimit,
            cancellation: cancellation, progress: progress)
        let result = session.withProgress(
            .transferring, progress, totalEntries: plan.steps.count, totalBytes: summary.bytesToWrite
        ) {
            TreeCopier.copy(plan, from: workspace, to: sandbox, options: copyOptions)
        }
        session.note(result.problems)
        session.report.transferredBytes = result.bytes
        var failure = result.failure
        if failure == nil, !cancellation.isRaised {
            session.note(
                TreeRemover.remove(
                    plan, in: sandbox, phase: .afterCopy, cancellation: cancellation))
        }
        // Also after a failure: what was opened for writing gets its mode back.
        session.note(
            DirectoryFinisher.finish(plan, in: sandbox, setsAllModes: result.setsModes))
        if let failure = failure.take() {
            throw SyncError(
                .failed, "\(failure); what was copied by then stays, and the same command goes on from there")
        }
        try session.checkCancellation()
    }
}
