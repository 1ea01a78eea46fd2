import FerryCore
import FerryFileSystem

/// A tree of a push of which it is known what is to be done.
struct PlannedPart {
    let part: OutgoingPart
    /// When its scan began.
    let stamp: ScanStamp
    /// How the sandbox is looked at where it goes.
    let listed: RemoteListingPart
    /// What the sandbox holds there.
    let listing: RemoteListing
    var plan: Plan
    let digests: DigestLog

    init(_ scanned: ScannedPart, listing: RemoteListing, plan: Plan, digests: DigestLog) {
        part = scanned.part
        stamp = scanned.stamp
        listed = scanned.listed
        self.listing = listing
        self.plan = plan
        self.digests = digests
    }

    /// Where it goes below the endpoint's root.
    var destination: [UInt8] { part.destination }

    /// The files, below the endpoint's root, of which only the content tells whether they are equal.
    var comparedPaths: [[UInt8]] {
        plan.comparisons.map { index in
            RelativePath.join(destination, plan.steps[index].source.map(plan.source.path(of:)) ?? [])
        }
    }

    /// Both sides when nothing was written.
    var untouched: AppliedState {
        AppliedState(
            source: plan.source, destination: plan.destination, sourceStamp: stamp, destinationStamp: listing.stamp,
            digest: digests.lookup(in: plan.source))
    }
}

extension ScannedPart {
    /// How the sandbox is looked at where it goes.
    var listed: RemoteListingPart {
        RemoteListingPart(
            place: part.destination,
            options: RemoteListingOptions(rules: part.remoteRules(result), part.options))
    }
}

extension OutgoingPart {
    /// Recovers what an interrupted run left, and takes the workspace's lock and the endpoint's.
    ///
    /// - Parameters:
    ///   - endpoint: The endpoint's lock; nil: it has none.
    ///   - session: The sync, which holds them.
    /// - Returns: The workspace's key.
    /// - Throws: ``SyncError``.
    func lock(with endpoint: SyncLocks.Request?, _ session: inout SyncSession) throws(SyncError) -> [UInt8] {
        if session.options.isDryRun { Recovery.report(directory, &session) }
        if !session.options.isDryRun { try recover(&session) }
        let key = try SyncLocks.key(of: directory, at: path)
        session.locks = try SyncLocks.take(
            workspace: .init(key: key, mode: .shared, noun: "the workspace"), endpoint: endpoint, session)
        return key
    }

    /// Recovers what an interrupted run left in the workspace.
    private func recover(_ session: inout SyncSession) throws(SyncError) {
        guard let sharedScan else { return try Recovery.recoverBeforePush(directory, at: path, &session) }
        try sharedScan.alone { () throws(SyncError) in
            try Recovery.recoverBeforePush(directory, at: path, &session)
        }
    }
}
