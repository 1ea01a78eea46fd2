import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport

/// A push into a sandbox behind a transport: one command there lists, is fed what differs, and lists what was written.
struct RemotePush {
    let workspacePath: [UInt8]
    let endpoint: SandboxEndpoint

    func run(_ session: inout SyncSession) throws(SyncError) {
        let workspace = try DirectoryEndpoints.openSource(workspacePath)
        if session.options.isDryRun { Recovery.report(workspace, &session) }
        if !session.options.isDryRun { try Recovery.recoverBeforePush(workspace, at: workspacePath, &session) }
        let workspaceKey = try SyncLocks.key(of: workspace, at: workspacePath)
        session.locks = try SyncLocks.take(
            workspace: .init(key: workspaceKey, mode: .shared, noun: "the workspace"),
            endpoint: .init(key: endpoint.target, mode: .exclusive, noun: "the sandbox"), session)
        var baseline = try SyncBaseline.load(workspace: workspaceKey, endpoint: endpoint.target, &session)

        try session.begin(.scanning)
        switch try RemoteWay.open(endpoint, session) {
        case .commands(let connection):
            defer { connection.close() }
            try push(workspace, through: connection, &baseline, &session)
        case .archives(let connection):
            defer { connection.close() }
            try ArchivePush(workspace: workspace, workspacePath: workspacePath, connection: connection)
                .run(&baseline, &session)
        }
    }

    private func push(
        _ workspace: OpenDirectory, through connection: RemoteConnection, _ baseline: inout SyncBaseline,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = session.options
        let stamp = ScanStamp.now
        let source = try session.scan(workspace, options.workspaceScan(), at: workspacePath)
        session.note(source.problems)
        session.report.excludedEntries = source.excludedCount
        session.warnIfNothingIsLeft(source)
        baseline.note(rules: source.rules, options)
        let listingOptions = RemoteListingOptions(rules: source.rules, options)
        let listing: RemoteListing
        if let trusted = baseline.trusted(as: connection.identity(), rules: source.rules, options) {
            listing = RemoteListing(trusting: trusted)
        } else {
            listing = try connection.list(listingOptions)
        }
        session.note(listing.problems.filter { $0.code != .skipped })
        try baseline.identify(connection.identity(of: listing), isPush: true, options)

        var policy = baseline.policy(options.pushPolicy)
        let known = try connection.undecidedDigests(listing, baseline)
        policy.remoteDigest = { known[$0] }
        var plan = Planner.plan(
            source: source.snapshot, destination: listing.snapshot, policy: policy, base: baseline.old)
        let digests = DigestLog(session)
        try connection.compareContent(&plan, from: workspace, digests, &session)
        let summary = plan.summary()
        session.announce(plan, summary)
        if let halt = plan.halt(summary: summary, overrides: options.overrides, isMirror: options.mirrors) {
            throw SyncError(halt)
        }
        try session.checkSecrets(plan, in: workspace)
        try connection.checkSpace(summary, options)
        if options.isDryRun { return }
        if summary.changesNothing, connection.facts.root == .directory {
            if baseline.mayFollowKilledPush { try connection.sweep() }
            return try baseline.advance(
                plan, indexes: GitIndexDigests(of: plan, in: workspace),
                Self.untouched(plan, stamp, listing.stamp, digests))
        }

        try session.begin(.transferring)
        try baseline.mark(plan, stamp)
        let selection = RemoteSelection(plan, listing: listing, facts: connection.facts, options: options)
        let first = session.report.problems.count
        let receipt = try send(selection, plan, from: workspace, through: connection, listingOptions, digests, &session)
        let written = receipt.listing ?? .empty
        if connection.facts.root == .missing {
            try baseline.identify(connection.identity(of: written), isPush: true, options)
        }
        session.note(selection.missing(in: written.snapshot, receipt))
        var applied = AppliedState(
            source: plan.source, destination: written.snapshot, sourceStamp: stamp,
            destinationStamp: written.stamp, destinationIsPartial: !selection.listsWhole,
            failed: Set(session.report.problems[first...].filter(\.isFailure).map(\.path)),
            digest: digests.lookup(in: plan.source))
        applied.plannedStamp = listing.stamp
        try baseline.advance(plan, indexes: GitIndexDigests(of: plan, in: workspace), applied)
    }

    /// Neither side was written to.
    private static func untouched(_ plan: Plan, _ stamp: ScanStamp, _ remote: ScanStamp, _ digests: DigestLog)
        -> AppliedState
    {
        AppliedState(
            source: plan.source, destination: plan.destination, sourceStamp: stamp,
            destinationStamp: remote, digest: digests.lookup(in: plan.source))
    }

    private func send(
        _ selection: RemoteSelection, _ plan: Plan, from workspace: OpenDirectory,
        through connection: RemoteConnection, _ listingOptions: RemoteListingOptions, _ digests: DigestLog,
        _ session: inout SyncSession
    ) throws(SyncError) -> RemoteReceipt {
        var options = session.options
        options.takesDigests = true
        let progress = TransferProgress()
        var stream = PackStream(
            plan.source, root: workspace, options: options, scope: PackScope(selection: selection.sent),
            cancellation: session.cancellation, progress: progress)
        let ticker = session.startProgress(
            .transferring, progress, totalEntries: selection.sent.count, totalBytes: selection.byteCount)
        defer { ticker.stop() }
        var request = selection.request
        request.listingOptions = listingOptions
        request.compression = try connection.compression(options.compression, bytes: selection.byteCount)
        let receipt = try connection.receive(request) { sink throws(PackFailure) in
            try stream.run(to: &sink) { digests.add($0, $1) }
        }
        session.note(stream.problems)
        session.report.transferredBytes = stream.contentBytes
        return receipt
    }
}

extension ScanStamp {
    /// The stamp of a listing by a clock that only its entries' own times tell.
    ///
    /// What changed last may change once more in the same tick, so it and what is as young is not trusted.
    static func latest(in snapshot: Snapshot) -> ScanStamp {
        var latest = Timestamp(seconds: .min / 2)
        var stack = [snapshot.root]
        while let id = stack.popLast() {
            for child in snapshot.children(of: id) {
                let record = snapshot[child]
                if record.kind == .directory { stack.append(child) }
                if latest < record.ctime { latest = record.ctime }
            }
        }
        return ScanStamp(start: latest)
    }
}
