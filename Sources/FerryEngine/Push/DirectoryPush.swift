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
        let workspaceKey = try SyncLocks.key(of: workspace, at: workspacePath)
        let sandboxKey = try SyncLocks.key(of: sandbox, at: sandboxPath)
        session.locks = try SyncLocks.take(
            workspace: .init(key: workspaceKey, mode: .shared, noun: "the workspace"),
            endpoint: .init(key: sandboxKey, mode: .exclusive, noun: "the sandbox"), session)
        var baseline = try SyncBaseline.load(
            workspace: workspaceKey, endpoint: SyncBaseline.key(of: sandboxKey), &session)

        try session.begin(.scanning)
        let stamp = ScanStamp.now
        let source = try session.scan(workspace, options.workspaceScan(), at: workspacePath)
        session.note(source.problems)
        session.report.excludedEntries = source.excludedCount
        session.warnIfNothingIsLeft(source)
        baseline.note(rules: source.rules, options)
        var destination = Snapshot.empty
        if let sandbox,
            let trusted = try baseline.trusted(
                as: SyncBaseline.identity(of: sandbox), rules: source.rules, options)
        {
            destination = trusted
        } else if let sandbox {
            let found = try session.scan(sandbox, options.sandboxScan(rules: source.rules), at: sandboxPath)
            session.note(found.problems.filter { $0.code != .skipped })
            destination = found.snapshot
        }
        try baseline.identify(
            SyncBaseline.identity(of: sandbox, isEmpty: destination.entryCount == 0), isPush: true, options)

        var plan = Planner.plan(
            source: source.snapshot, destination: destination, policy: baseline.policy(options.pushPolicy),
            base: baseline.old)
        if let sandbox {
            try session.compareContent(&plan, from: workspace, to: sandbox)
        }
        try session.approve(&plan, in: workspace, stamp, baseline)
        let summary = plan.summary()
        session.announce(plan, summary)
        try PushHalts.check(plan, summary, options)
        try session.checkSecrets(plan, in: workspace)
        if options.keepsPlan, !options.isDryRun {
            return try KeptPush(
                workspacePath: workspacePath, endpoint: SyncBaseline.key(of: sandboxKey), workspace: workspace,
                baseline: baseline, stamp: stamp
            ).keep(plan, &session)
        }
        let place: OpenDirectory
        if let sandbox { place = sandbox } else { place = try DirectoryEndpoints.openParent(of: sandboxPath) }
        try DirectoryEndpoints.checkSpace(summary, on: place, options)
        if options.isDryRun { return }
        if let sandbox, let old = baseline.old, old.isPushUnderWay { TemporaryFiles.sweep(sandbox, after: old) }
        if summary.changesNothing, let sandbox {
            return try baseline.advance(
                plan, indexes: GitIndexDigests(of: plan, in: workspace),
                PushedState.of(plan, CopyResult(), stamp: stamp, device: device(of: sandbox), problems: []))
        }

        try session.begin(.transferring)
        let target: OpenDirectory
        if let sandbox {
            target = sandbox
        } else {
            target = try DirectoryEndpoints.createDestination(sandboxPath)
            try DirectoryEndpoints.checkApart(workspace, workspacePath, target, sandboxPath)
            try baseline.identify(SyncBaseline.identity(of: target, isEmpty: true), isPush: true, options)
        }
        try baseline.mark(plan, stamp)
        let first = session.report.problems.count
        let result = try write(plan, summary, from: workspace, to: target, baseline.isKept, &session)
        // Not after a failure or a stop: what was half-written by then stays marked.
        try baseline.advance(
            plan, indexes: GitIndexDigests(of: plan, in: workspace),
            PushedState.of(
                plan, result, stamp: stamp, device: device(of: target),
                problems: Array(session.report.problems[first...])))
    }

    private func device(of directory: OpenDirectory) throws(SyncError) -> UInt64 {
        do {
            return try directory.handle.status().device
        } catch {
            throw SyncError(.failed, "cannot read the metadata of the sandbox's root: \(error)")
        }
    }

    private func write(
        _ plan: Plan, _ summary: PlanSummary, from workspace: OpenDirectory, to sandbox: OpenDirectory,
        _ recordsWritten: Bool, _ session: inout SyncSession
    ) throws(SyncError) -> CopyResult {
        let options = session.options
        let cancellation = session.cancellation
        let progress = TransferProgress()
        let owner = try DirectoryOwner.forNewEntries(in: sandbox, options: options)
        session.note(
            TreeRemover.remove(
                plan, in: sandbox, phase: .beforeCopy, cancellation: cancellation))
        var copyOptions = CopyOptions(
            purpose: .inPlace, owner: owner, threads: options.writingThreads, bandwidthLimit: options.bandwidthLimit,
            cancellation: cancellation, progress: progress)
        copyOptions.recordsWritten = recordsWritten
        copyOptions.looksForSecrets = options.secrets == .warn
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
        return result
    }
}
