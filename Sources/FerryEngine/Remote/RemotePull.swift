import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTransport

/// A pull from a sandbox behind a transport: list, fetch the candidates in one stream, stage and verify, plan, apply.
///
/// Everything before the apply can fail without a trace in the workspace.
struct RemotePull {
    let endpoint: SandboxEndpoint
    let workspacePath: [UInt8]

    func run(_ session: inout SyncSession) throws(SyncError) {
        let target = try PullTarget.open(workspacePath, session)
        let workspaceKey = try SyncLocks.key(of: target.directory, at: workspacePath)
        session.locks = try SyncLocks.take(
            workspace: .init(key: workspaceKey, mode: .exclusive, noun: "the workspace"),
            endpoint: .init(key: endpoint.target, mode: .exclusive, noun: "the sandbox"), session)
        try Recovery.recover(target.directory, &session)
        let reading = BaselineReading(workspace: workspaceKey, endpoint: endpoint.target, session)

        try session.begin(.scanning)
        let everything = RemoteListingRequest(whole: RemoteListingOptions())
        switch try RemoteWay.open(endpoint, listing: everything, session) {
        case .commands(let connection):
            defer { connection.close() }
            try pull(through: connection, to: target, reading, &session)
        case .archives(let connection):
            defer { connection.close() }
            var baseline = try reading.finish(&session)
            try ArchivePull(
                target: target, workspacePath: workspacePath, source: endpoint.target, connection: connection
            )
            .run(&baseline, &session)
        }
    }

    /// Why there is nothing to pull from.
    static func missingRoot(_ name: String) -> SyncError {
        SyncError(
            .halted,
            "the sandbox has no directory '\(name)'; a missing source never counts as empty: check the path")
    }

    private func pull(
        through connection: RemoteConnection, to target: PullTarget, _ reading: consuming BaselineReading,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = session.options
        guard connection.facts.root == .directory else { throw Self.missingRoot(connection.rootName) }
        let stamp = ScanStamp.now
        let local = try target.scan(&session) { (goesOn) throws(SyncError) in
            try connection.readAheadListing(while: goesOn)
        }
        var listing = try connection.list(RemoteListingOptions(rules: local.rules, options))
        var baseline = try reading.finish(&session)
        session.note(listing.problems)
        session.report.excludedEntries = listing.excludedCount
        let halt = try baseline.identifySource(connection.identity(of: listing), options)
        try KeptPull.check(halt, options)

        var policy = baseline.policy(options.pullPolicy)
        let known = try connection.undecidedDigests(listing, baseline)
        policy.remoteDigest = { known[$0] }
        let candidates = try FetchList(
            SyncBaseline.plan(source: listing.snapshot, destination: local.snapshot, policy: policy, base: baseline.old)
                .assumingDifferences())
        let place = try StagingPlace.find(
            bytes: candidates.byteCount, inodes: Int64(candidates.paths.count), for: target, options)
        let digests = DigestLog(session)
        let first = session.report.problems.count
        let staging = try StagedTree(for: place.room, options)
        defer { staging.discard() }
        if !candidates.isEmpty {
            try session.begin(.transferring)
            let staged = try fetch(
                candidates, into: staging, place: place, rules: local.rules, connection, digests, &session)
            session.note(candidates.amend(&listing.snapshot, by: staged))
        }

        policy.readIndexes(of: target, local.snapshot, staging.area.tree)
        var plan = try SyncBaseline.plan(
            source: listing.snapshot, destination: local.snapshot, policy: policy, base: baseline.old)
        let apply = RemoteApply(
            target: target, source: endpoint.target, localStamp: stamp, remoteStamp: listing.stamp, firstProblem: first,
            halt: halt ?? place.halt)
        try apply.run(&plan, from: staging, digests, &baseline, &session)
    }

    private func fetch(
        _ candidates: FetchList, into staging: borrowing StagedTree, place: StagingPlace, rules: IgnoreRules,
        _ connection: RemoteConnection, _ digests: DigestLog, _ session: inout SyncSession
    ) throws(SyncError) -> Snapshot {
        let compression = try connection.compression(session.options.compression, bytes: candidates.byteCount)
        let source = try connection.send(candidates.paths, compression: compression)
        let joinsArchives = source.joinsArchives
        let limits = ArchiveStaging.limits(session.options, on: place.room)
        let reader = ArchiveReader(source: source, limits: limits, joinsArchives: joinsArchives)
        return try ArchiveStaging.stage(
            reader, into: staging, place: place.workspace, rules: rules, digests: digests, &session
        ).snapshot
    }
}
