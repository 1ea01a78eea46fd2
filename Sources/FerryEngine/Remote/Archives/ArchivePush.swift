import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport

/// A push into a sandbox in which no command can be run: what is there is read as an archive, what differs is sent as one, tree by
/// tree.
///
/// Nothing can be removed that way. What needs it is told, path by path, and is left to a push that can run a command.
struct ArchivePush {
    let parts: [ScannedPart]
    let connection: ArchiveConnection

    func run(_ baseline: inout SyncBaseline, _ session: inout SyncSession) throws(SyncError) {
        defer { session.place = [] }
        // The workspace, if there is one, comes first, and so do its halts.
        for part in parts where part.part.role == .workspace {
            try push(part, through: connection, &baseline, &session)
        }
        let assets = parts.filter { $0.part.role == .asset }
        guard !assets.isEmpty else { return }
        if !session.options.isDryRun {
            try connection.makeGround(PartGround(assets.map(\.part.destination)), session.options)
        }
        for part in assets {
            session.place = part.part.destination
            var none = SyncBaseline.none
            try push(part, through: connection.below(part.part.destination), &none, &session)
        }
    }

    private func push(
        _ part: ScannedPart, through connection: ArchiveConnection, _ baseline: inout SyncBaseline,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = part.part.options
        let (workspace, source, stamp) = (part.part.directory, part.result, part.stamp)
        let rootExists = try connection.holds()
        let listing =
            rootExists ? try connection.list(part.part.remoteRules(source), options) : ArchiveListing()
        session.note(listing.problems.filter { $0.code != .skipped })
        try baseline.identify(
            connection.identity(isEmpty: listing.snapshot.entryCount == 0 && listing.excludedCount == 0), isPush: true,
            options)

        let theirs = listing.digests
        var policy = baseline.policy(options.pushPolicy)
        policy.remoteDigest = { theirs[$0] }
        var plan = try SyncBaseline.plan(
            source: source.snapshot, destination: listing.snapshot, policy: policy, base: baseline.old)
        let digests = DigestLog(session, place: part.part.destination)
        try session.settle(&plan, from: workspace, digests) { (paths) throws(SyncError) in paths.map { theirs[$0] } }
        plan.blockRemovals(because: connection.whyNothingIsRemoved)
        let isWorkspace = part.part.role == .workspace
        if isWorkspace { try session.approve(&plan, in: workspace, stamp, baseline) }
        let first = session.report.problems.count
        let summary = plan.summary()
        session.announce(plan, summary)
        try PushHalts.check(plan, summary, options)
        if isWorkspace { try session.checkSecrets(plan, in: workspace) }
        if options.isDryRun { return }
        if options.keepsPlan {
            return try KeptPush(part, baseline).keep(plan, &session)
        }
        if !summary.changesNothing || !rootExists {
            try session.begin(.transferring)
            try baseline.mark(plan, stamp)
            let owner = try connection.ownerOfNewEntries(listing, rootExists: rootExists, options)
            if !rootExists { try connection.makeRoot(owner) }
            var owners = PackOwners(standard: owner)
            if try connection.tellsOwners() { owners.kept = kept(plan, listing) }
            try send(plan, owners, part.part, through: connection, digests, &session)
        }
        // Of what was written no fingerprint is known: the digests of the content say what both sides agreed on.
        var applied = AppliedState(
            source: plan.source, destination: .empty, sourceStamp: stamp, destinationStamp: .never,
            destinationIsPartial: true, failed: Set(session.report.problems[first...].filter(\.isFailure).map(\.path)),
            digest: digests.lookup(in: plan.source))
        applied.plannedStamp = .never
        try baseline.advance(plan, indexes: GitIndexDigests(of: plan, in: workspace), applied)
    }

    /// Whom what is replaced belongs to.
    private func kept(_ plan: Plan, _ listing: ArchiveListing) -> [EntryID: RemoteOwner] {
        var kept: [EntryID: RemoteOwner] = [:]
        for step in plan.steps where step.destination != nil {
            guard let id = step.source else { continue }
            kept[id] = listing.owners[plan.source.path(of: id)]
        }
        return kept
    }

    private func send(
        _ plan: Plan, _ owners: PackOwners, _ part: OutgoingPart, through connection: ArchiveConnection,
        _ digests: DigestLog, _ session: inout SyncSession
    ) throws(SyncError) {
        let (selection, bytes) = Self.selection(of: plan)
        guard !selection.isEmpty else { return }
        var options = part.options
        options.takesDigests = true
        let progress = TransferProgress()
        var stream = PackStream(
            plan.source, root: part.directory, options: options, scope: PackScope(selection: selection, owners: owners),
            cancellation: session.cancellation, progress: progress)
        let ticker = session.startProgress(
            .transferring, progress, totalEntries: selection.count, totalBytes: bytes)
        defer { ticker.stop() }
        try connection.upload { sink throws(PackFailure) in
            try stream.run(to: &sink) { digests.add($0, of: plan.source, $1) }
        }
        session.note(stream.problems)
        session.report.transferredBytes += stream.contentBytes
    }

    /// What is sent: what the plan makes or replaces, and the directories that are written into, for their times.
    private static func selection(of plan: Plan) -> (entries: EntrySet, bytes: Int64) {
        var entries = EntrySet()
        var bytes: Int64 = 0
        for group in plan.groups {
            var isWritten = false
            for index in group.steps {
                let step = plan.steps[index]
                guard let id = step.source, [.create, .update, .changeKind, .changeMode].contains(step.action) else {
                    continue
                }
                isWritten = true
                entries.insert(id)
                // Another name of a file needs the file in the same archive.
                let record = plan.source[id]
                guard record.kind == .file else { continue }
                let first = plan.source.firstName(of: id)
                if entries.insert(first) || first == id { bytes += record.size }
            }
            guard isWritten, let source = group.source, let destination = group.destination,
                source != plan.source.root, !plan.source[source].flags.contains(.hasNoMetadata),
                plan.source[source].mode == plan.destination[destination].mode
            else { continue }
            entries.insert(source)
        }
        return (entries, bytes)
    }
}
