import FerryCore
import FerryFileSystem
import FerryThreads

/// A push of one or several trees into a directory on this machine, one after the other: scan, plan, write in place, delete last.
///
/// No archive is made.
struct DirectoryPush {
    let parts: [PushPart]
    let sandboxPath: [UInt8]

    func run(_ session: inout SyncSession) throws(SyncError) {
        let parts = try OutgoingPart.open(parts, session.options)
        let sandbox = try DirectoryEndpoints.openDestination(sandboxPath)
        for part in parts { try checkApart(part, sandbox) }
        let sandboxKey = try SyncLocks.key(of: sandbox, at: sandboxPath)
        let lock = SyncLocks.Request(key: sandboxKey, mode: .exclusive, noun: "the sandbox")
        var reading: BaselineReading?
        if let workspace = parts.first(where: { $0.role == .workspace }) {
            let key = try workspace.lock(with: lock, &session)
            reading = BaselineReading(
                workspace: key, endpoint: SyncBaseline.key(of: sandboxKey), session, isFlushed: false)
        } else {
            session.locks = try SyncLocks.take(lock, session)
        }
        // Not before the workspace is locked, and no longer than that.
        for part in parts { part.sharedScan?.begin() }
        defer { for part in parts { part.sharedScan?.end() } }
        try session.begin(.scanning)
        var scanned: [ScannedPart] = []
        for part in parts { scanned.append(try part.scan()) }
        var baseline = try reading?.finish(&session) ?? .none
        try ScannedPart.checkApart(scanned)
        for part in scanned { part.report(&session) }

        // The workspace, if there is one, comes first, and so do its halts.
        for part in scanned where part.part.role == .workspace { try push(part, into: sandbox, &baseline, &session) }
        let assets = scanned.filter { $0.part.role == .asset }
        guard !assets.isEmpty else { return }
        defer { session.place = [] }
        let places = try DirectoryGround(sandboxPath).open(PartGround(assets.map(\.part.destination)), session)
        for part in assets {
            session.place = part.part.destination
            var none = SyncBaseline.none
            try push(part, into: places[part.part.destination], &none, &session)
        }
    }

    private func checkApart(_ part: OutgoingPart, _ sandbox: OpenDirectory?) throws(SyncError) {
        if let sandbox {
            try DirectoryEndpoints.checkApart(part.directory, part.path, sandbox, sandboxPath)
        } else {
            try DirectoryEndpoints.checkApart(part.directory, part.path, fromNew: sandboxPath)
        }
    }

    /// Pushes one tree into its directory; nil: there is none yet.
    private func push(
        _ part: ScannedPart, into sandbox: OpenDirectory?, _ baseline: inout SyncBaseline,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = part.part.options
        let (workspace, workspacePath) = (part.part.directory, part.part.path)
        let (source, stamp) = (part.result, part.stamp)
        try session.begin(.scanning)
        if part.part.role == .workspace { baseline.note(rules: source.rules, options) }
        var destination = Snapshot.empty
        if let sandbox,
            let trusted = try baseline.trusted(
                as: SyncBaseline.identity(of: sandbox), rules: source.rules, options)
        {
            destination = trusted
        } else if let sandbox {
            let rules = part.part.remoteRules(source)
            let found = try session.scan(sandbox, options.sandboxScan(rules: rules), at: sandboxPath)
            session.note(found.problems.filter { $0.code != .skipped })
            destination = found.snapshot
        }
        try baseline.identify(
            SyncBaseline.identity(of: sandbox, isEmpty: destination.entryCount == 0), isPush: true, options)

        var plan = try SyncBaseline.plan(
            source: source.snapshot, destination: destination, policy: baseline.policy(options.pushPolicy),
            base: baseline.old)
        if let sandbox {
            try session.compareContent(&plan, from: workspace, to: sandbox)
        }
        let isWorkspace = part.part.role == .workspace
        if isWorkspace { try session.approve(&plan, in: workspace, stamp, baseline) }
        let summary = plan.summary()
        session.announce(plan, summary)
        try PushHalts.check(plan, summary, options)
        if isWorkspace { try session.checkSecrets(plan, in: workspace) }
        if options.keepsPlan, !options.isDryRun {
            return try KeptPush(part, baseline).keep(plan, &session)
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
        let result = try write(plan, summary, from: part.part, to: target, baseline.isKept, &session)
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
        _ plan: Plan, _ summary: PlanSummary, from part: OutgoingPart, to sandbox: OpenDirectory,
        _ recordsWritten: Bool, _ session: inout SyncSession
    ) throws(SyncError) -> CopyResult {
        let options = part.options
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
            TreeCopier.copy(plan, from: part.directory, to: sandbox, options: copyOptions)
        }
        session.note(result.problems)
        session.report.transferredBytes += result.bytes
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
