import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport

/// A push of one or several trees into a sandbox behind a transport: one command there lists, is fed what differs, and lists what was
/// written.
///
/// The local trees are scanned while the way there is opened. It waits for two answers: what the sandbox can do and what it holds, and
/// what has arrived.
struct RemotePush {
    let parts: [PushPart]
    let endpoint: SandboxEndpoint

    func run(_ session: inout SyncSession) throws(SyncError) {
        let parts = try OutgoingPart.open(parts, session.options)
        var reading: BaselineReading?
        let sandbox = SyncLocks.Request(key: endpoint.target, mode: .exclusive, noun: "the sandbox")
        if let workspace = parts.first(where: { $0.role == .workspace }) {
            let key = try workspace.lock(with: sandbox, &session)
            reading = BaselineReading(workspace: key, endpoint: endpoint.target, session)
        } else {
            session.locks = try SyncLocks.take(sandbox, session)
        }

        // Not before the workspace is locked, and no longer than that.
        for part in parts { part.sharedScan?.begin() }
        defer { for part in parts { part.sharedScan?.end() } }
        try session.begin(.scanning)
        let scans = try BackgroundScan { () throws(SyncError) in
            var result: [ScannedPart] = []
            for part in parts { result.append(try part.scan()) }
            return result
        }
        let way: RemoteWay
        do throws(SyncError) {
            way = try RemoteWay.open(endpoint, listing: firstListing(session.options), session)
        } catch {
            // What is wrong on this side counts more.
            _ = try scans.finish()
            throw error
        }
        defer { way.close() }
        let scanGoesOn = scans.goesOn
        let listed = Result { () throws(SyncError) in try way.readAheadListing(while: scanGoesOn) }
        let scanned = try scans.finish()
        try listed.get()
        try session.checkCancellation()
        try ScannedPart.checkApart(scanned)
        for part in scanned { part.report(&session) }
        var baseline = try reading?.finish(&session) ?? .none
        switch way {
        case .commands(let connection): try push(scanned, through: connection, &baseline, &session)
        case .archives(let connection):
            try ArchivePush(parts: scanned, connection: connection).run(&baseline, &session)
        }
    }

    private func push(
        _ scanned: [ScannedPart], through connection: RemoteConnection, _ baseline: inout SyncBaseline,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let listings = try list(scanned, through: connection, &baseline, session)
        for (part, listing) in zip(scanned, listings.parts) {
            session.place = part.part.destination
            session.note(listing.problems.filter { $0.code != .skipped })
        }
        session.place = []
        var parts: [PlannedPart] = []
        for (part, listing) in zip(scanned, listings.parts) {
            parts.append(try plan(part, listing, through: connection, &baseline, session))
        }
        try compare(&parts, through: connection, &session)
        if let workspace = parts.firstIndex(where: { $0.part.role == .workspace }) {
            let part = parts[workspace]
            try session.approve(&parts[workspace].plan, in: part.part.directory, part.stamp, baseline)
        }
        let summary = try announce(parts, &session)
        if session.options.keepsPlan, !session.options.isDryRun, let part = parts.first {
            return try KeptPush(part, baseline).keep(part.plan, &session)
        }
        try connection.checkSpace(summary, session.options)
        if session.options.isDryRun { return }

        let ground = PartGround(scanned.map(\.part.destination))
        let shipment = RemoteShipment(
            parts, listings, ground: ground, facts: connection.facts, options: session.options)
        if summary.changesNothing, !shipment.changesGround, connection.facts.root == .directory {
            if baseline.mayFollowKilledPush { try connection.sweep() }
            for part in parts where part.part.role == .workspace {
                try baseline.advance(
                    part.plan, indexes: GitIndexDigests(of: part.plan, in: part.part.directory), part.untouched)
            }
            return
        }
        try session.begin(.transferring)
        for part in parts where part.part.role == .workspace { try baseline.mark(part.plan, part.stamp) }
        try send(parts, shipment, through: connection, &baseline, &session)
    }

    /// What is listed whatever the scans say: where nobody trusts what was there after the last push, everything.
    private func firstListing(_ options: SyncOptions) -> RemoteListingRequest? {
        if options.trustsBaseline, parts.contains(where: { $0.role == .workspace }) { return nil }
        return RemoteListingRequest(parts.map { RemoteListingPart(place: $0.destination) })
    }

    /// What the sandbox holds where the trees go.
    private func list(
        _ scanned: [ScannedPart], through connection: RemoteConnection, _ baseline: inout SyncBaseline,
        _ session: borrowing SyncSession
    ) throws(SyncError) -> RemoteListings {
        var trusted: Snapshot?
        for part in scanned where part.part.role == .workspace {
            baseline.note(rules: part.result.rules, part.part.options)
            trusted = baseline.trusted(as: connection.identity(), rules: part.result.rules, part.part.options)
        }
        guard let trusted else { return try connection.list(RemoteListingRequest(scanned.map(\.listed))) }
        // The workspace comes first. Nobody promised anything of the others.
        var listings = RemoteListings.empty(0)
        if scanned.count > 1 {
            listings = try connection.list(RemoteListingRequest(scanned.dropFirst().map(\.listed)))
        }
        listings.parts.insert(RemoteListing(trusting: trusted), at: 0)
        return listings
    }

    private func plan(
        _ scanned: ScannedPart, _ listing: RemoteListing, through connection: RemoteConnection,
        _ baseline: inout SyncBaseline, _ session: borrowing SyncSession
    ) throws(SyncError) -> PlannedPart {
        let options = scanned.part.options
        var policy = options.pushPolicy
        var base: Baseline?
        if scanned.part.role == .workspace {
            try baseline.identify(connection.identity(of: listing), isPush: true, options)
            policy = baseline.policy(policy)
            let known = try connection.undecidedDigests(listing, baseline)
            policy.remoteDigest = { known[$0] }
            base = baseline.old
        }
        let plan = try SyncBaseline.plan(
            source: scanned.result.snapshot, destination: listing.snapshot, policy: policy, base: base)
        return PlannedPart(
            scanned, listing: listing, plan: plan,
            digests: DigestLog(session, place: scanned.part.destination))
    }

    /// Compares files that metadata alone does not decide, by digests from both sides; the sandbox is asked once.
    private func compare(
        _ parts: inout [PlannedPart], through connection: RemoteConnection, _ session: inout SyncSession
    ) throws(SyncError) {
        let paths = parts.flatMap(\.comparedPaths)
        guard !paths.isEmpty else { return }
        try session.begin(.comparing)
        var digests = try connection.digests(of: paths)[...]
        for index in parts.indices {
            let (directory, log) = (parts[index].part.directory, parts[index].digests)
            session.place = parts[index].destination
            try session.settle(&parts[index].plan, from: directory, log) { (paths) throws(SyncError) in
                defer { digests = digests.dropFirst(paths.count) }
                return Array(digests.prefix(paths.count))
            }
        }
        session.place = []
    }

    /// Tells the plans and stops where one of them must not be carried out.
    private func announce(
        _ parts: [PlannedPart], _ session: inout SyncSession
    ) throws(SyncError) -> PlanSummary {
        var all = PlanSummary()
        for part in parts {
            let summary = part.plan.summary()
            session.place = part.destination
            session.announce(part.plan, summary)
            session.place = []
            all.add(summary)
            try PushHalts.check(part.plan, summary, part.part.options)
            if part.part.role == .workspace { try session.checkSecrets(part.plan, in: part.part.directory) }
        }
        return all
    }

    private func send(
        _ parts: [PlannedPart], _ shipment: RemoteShipment, through connection: RemoteConnection,
        _ baseline: inout SyncBaseline, _ session: inout SyncSession
    ) throws(SyncError) {
        let first = session.report.problems.count
        let receipt = try stream(parts, shipment, through: connection, &session)
        for (index, part) in parts.enumerated() {
            let written = receipt.listings?.parts[index] ?? .empty
            session.place = part.destination
            session.note(shipment.selections[index].missing(in: written.snapshot, receipt))
            session.place = []
        }
        session.note(shipment.missing(receipt))
        for (index, part) in parts.enumerated() where part.part.role == .workspace {
            let written = receipt.listings?.parts[index] ?? .empty
            if connection.facts.root == .missing {
                try baseline.identify(connection.identity(of: written), isPush: true, part.part.options)
            }
            var applied = AppliedState(
                source: part.plan.source, destination: written.snapshot, sourceStamp: part.stamp,
                destinationStamp: written.stamp, destinationIsPartial: !shipment.listsWhole,
                failed: Set(session.report.problems[first...].filter(\.isFailure).map(\.path)),
                digest: part.digests.lookup(in: part.plan.source))
            applied.plannedStamp = part.listing.stamp
            try baseline.advance(
                part.plan, indexes: GitIndexDigests(of: part.plan, in: part.part.directory), applied)
        }
    }

    /// Sends all trees as one stream, one behind the other.
    private func stream(
        _ parts: [PlannedPart], _ shipment: RemoteShipment, through connection: RemoteConnection,
        _ session: inout SyncSession
    ) throws(SyncError) -> RemoteReceipt {
        let progress = TransferProgress()
        let ticker = session.startProgress(
            .transferring, progress, totalEntries: shipment.entryCount, totalBytes: shipment.byteCount)
        defer { ticker.stop() }
        var request = shipment.request
        request.listed = RemoteListingRequest(parts.map(\.listed))
        request.compression = try connection.compression(session.options.compression, bytes: shipment.byteCount)
        let cancellation = session.cancellation
        var problems: [[Problem]] = []
        var bytes: Int64 = 0
        let receipt = try connection.receive(request) { sink throws(PackFailure) in
            var count = try shipment.writeGround(to: &sink)
            for (part, selection) in zip(parts, shipment.selections) {
                var options = part.part.options
                // For the baseline; an asset has none.
                if part.part.role == .workspace { options.takesDigests = true }
                var stream = PackStream(
                    part.plan.source, root: part.part.directory, options: options,
                    scope: PackScope(selection: selection.sent, place: part.destination),
                    cancellation: cancellation, progress: progress)
                try stream.runMembers(to: &sink) { part.digests.add($0, of: part.plan.source, $1) }
                count += stream.entryCount
                bytes += stream.contentBytes
                problems.append(stream.problems)
            }
            try PackStream.end(count, &sink)
        }
        for (part, problems) in zip(parts, problems) {
            session.place = part.destination
            session.note(problems)
        }
        session.place = []
        session.report.transferredBytes = bytes
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
