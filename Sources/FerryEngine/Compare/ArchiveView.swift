import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTransport

/// A sandbox in which no command can be run, looked at by an archive of all that is in it.
final class ArchiveView: SandboxView {
    private let endpoint: SandboxEndpoint
    private let connection: ArchiveConnection
    private let workspace: OpenDirectory
    private var listing = ArchiveListing()
    private var rules = IgnoreRules()
    private var staging: ViewStaging?
    private(set) var exists = false

    init(_ endpoint: SandboxEndpoint, _ connection: ArchiveConnection, beside workspace: OpenDirectory) {
        self.endpoint = endpoint
        self.connection = connection
        self.workspace = workspace
    }

    var takesPushes: Bool { true }

    func list(_ rules: IgnoreRules, _ session: inout SyncSession) throws(SyncError) -> Snapshot {
        self.rules = rules
        exists = try connection.holds()
        if exists { listing = try connection.list(rules, session.options) }
        session.note(listing.problems)
        return listing.snapshot
    }

    func baseline(of workspace: [UInt8], _ session: inout SyncSession) throws(SyncError) -> SyncBaseline? {
        try SyncBaseline.load(workspace: workspace, endpoint: endpoint.target, &session)
    }

    func identity() throws(SyncError) -> SyncBaseline.Identity {
        connection.identity(isEmpty: listing.snapshot.entryCount == 0 && listing.excludedCount == 0)
    }

    func digests(for baseline: SyncBaseline?) throws(SyncError) -> [[UInt8]: [UInt8]] { listing.digests }

    func recheck(_ plan: Plan, _ session: inout SyncSession) throws(SyncError) -> Snapshot? {
        let unpacked = try ArchivePull.notPacked(plan, connection)
        guard !unpacked.isEmpty else { return nil }
        session.note(unpacked)
        var snapshot = listing.snapshot
        snapshot.markDirectories([.unreadable, .holdsUnlisted])
        return snapshot
    }

    func settle(
        _ plans: inout [Plan], with workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) {
        try session.begin(.comparing)
        try DigestSettlement.settle(&plans, with: workspace, listing.digests, &session)
    }

    func restrict(_ push: inout Plan) { push.blockRemovals(because: connection.whyNothingIsRemoved) }

    func content(
        of paths: [[UInt8]], bytes: Int64, _ session: inout SyncSession
    ) throws(SyncError) -> OpenDirectory {
        let staging = try ViewStaging(beside: workspace, session.options)
        self.staging = staging
        guard !paths.isEmpty else { return staging.tree }
        let reader = ArchiveReader(source: try connection.source(), limits: staging.limits(session.options))
        try staging.stage(reader, rules: rules, &session)
        return staging.tree
    }

    func close() {
        connection.close()
        staging?.close()
    }
}

/// A tar on this machine, looked at.
final class ArchiveFileView: SandboxView {
    private let path: [UInt8]
    private let workspace: OpenDirectory
    private var listing = ArchiveListing()
    private var rules = IgnoreRules()
    private var staging: ViewStaging?

    init(_ path: [UInt8], beside workspace: OpenDirectory) {
        self.path = path
        self.workspace = workspace
    }

    var exists: Bool { true }
    var takesPushes: Bool { false }

    func list(_ rules: IgnoreRules, _ session: inout SyncSession) throws(SyncError) -> Snapshot {
        self.rules = rules
        let reader = ArchiveReader(source: try open(session), limits: session.options.limits)
        do throws(ArchiveListingFailure) {
            listing = try ArchiveListingReader(reader, rules: rules, session.options, session.cancellation).run()
        } catch {
            throw error.syncError(listing: displayName(of: path))
        }
        session.note(listing.problems)
        return listing.snapshot
    }

    func baseline(of workspace: [UInt8], _ session: inout SyncSession) throws(SyncError) -> SyncBaseline? { nil }

    func identity() throws(SyncError) -> SyncBaseline.Identity {
        SyncBaseline.Identity(id: [], boot: [], isEmpty: listing.snapshot.entryCount == 0)
    }

    func digests(for baseline: SyncBaseline?) throws(SyncError) -> [[UInt8]: [UInt8]] { [:] }

    func settle(
        _ plans: inout [Plan], with workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) {
        try session.begin(.comparing)
        try DigestSettlement.settle(&plans, with: workspace, listing.digests, &session)
    }

    func content(
        of paths: [[UInt8]], bytes: Int64, _ session: inout SyncSession
    ) throws(SyncError) -> OpenDirectory {
        let staging = try ViewStaging(beside: workspace, session.options)
        self.staging = staging
        guard !paths.isEmpty else { return staging.tree }
        let reader = ArchiveReader(source: try open(session), limits: staging.limits(session.options))
        try staging.stage(reader, rules: rules, &session)
        return staging.tree
    }

    func close() { staging?.close() }

    private func open(_ session: borrowing SyncSession) throws(SyncError) -> InputStream {
        var input = try StreamPull.openArchive(path)
        input.cancellation = session.cancellation
        input.idleTimeout = session.options.idleTimeout
        return input
    }
}
