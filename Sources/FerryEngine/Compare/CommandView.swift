import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTransport

/// A sandbox in which commands can be run, looked at: a listing, and digests that are taken over there.
final class CommandView: SandboxView {
    private let endpoint: SandboxEndpoint
    private var connection: RemoteConnection
    private let workspace: OpenDirectory
    private var listing = RemoteListing(trusting: .empty)
    private var rules = IgnoreRules()
    private var staging: ViewStaging?
    /// Whether the session has had its last request.
    private var isSpent = false

    init(_ endpoint: SandboxEndpoint, _ connection: RemoteConnection, beside workspace: OpenDirectory) {
        self.endpoint = endpoint
        self.connection = connection
        self.workspace = workspace
    }

    var exists: Bool { connection.facts.root == .directory }
    var takesPushes: Bool { true }

    func list(_ rules: IgnoreRules, _ session: inout SyncSession) throws(SyncError) -> Snapshot {
        self.rules = rules
        listing = try connection.list(RemoteListingOptions(rules: rules, session.options))
        session.note(listing.problems)
        return listing.snapshot
    }

    func baseline(of workspace: [UInt8], _ session: inout SyncSession) throws(SyncError) -> SyncBaseline? {
        try SyncBaseline.load(workspace: workspace, endpoint: endpoint.target, &session)
    }

    func identity() throws(SyncError) -> SyncBaseline.Identity { connection.identity(of: listing) }

    func digests(for baseline: SyncBaseline?) throws(SyncError) -> [[UInt8]: [UInt8]] {
        guard let baseline else { return [:] }
        return try connection.undecidedDigests(listing, baseline)
    }

    func settle(
        _ plans: inout [Plan], with workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) {
        let paths = DigestSettlement.paths(of: plans)
        guard !paths.isEmpty else { return }
        try session.begin(.comparing)
        try DigestSettlement.settle(&plans, with: workspace, digests(of: paths, session), &session)
    }

    /// Digests by path: taken over there, or, where nothing there can, here from an archive of the files that is not kept.
    private func digests(
        of paths: [[UInt8]], _ session: borrowing SyncSession
    ) throws(SyncError) -> [[UInt8]: [UInt8]] {
        guard connection.facts.digest == .none else {
            var result: [[UInt8]: [UInt8]] = [:]
            for (path, digest) in zip(paths, try connection.digests(of: paths)) { result[path] = digest }
            return result
        }
        isSpent = true
        let source = try connection.send(paths, compression: .none)
        let joinsArchives = source.joinsArchives
        let reader = ArchiveReader(source: source, limits: session.options.limits, joinsArchives: joinsArchives)
        do throws(ArchiveListingFailure) {
            return try ArchiveListingReader(reader, rules: rules, session.options, session.cancellation).run().digests
        } catch {
            throw error.syncError(listing: connection.rootName)
        }
    }

    func checkSpace(_ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {
        try connection.checkSpace(summary, options)
    }

    func content(
        of paths: [[UInt8]], bytes: Int64, _ session: inout SyncSession
    ) throws(SyncError) -> OpenDirectory {
        if isSpent {
            connection.close()
            guard case .commands(let again) = try RemoteWay.open(endpoint, session) else {
                throw SyncError(.transport, "no command can be run in the sandbox any more; try again")
            }
            connection = again
        }
        isSpent = true
        let staging = try ViewStaging(beside: workspace, session.options)
        self.staging = staging
        guard !paths.isEmpty else { return staging.tree }
        let source = try connection.send(
            paths, compression: connection.compression(session.options.compression, bytes: bytes))
        let joinsArchives = source.joinsArchives
        let reader = ArchiveReader(
            source: source, limits: staging.limits(session.options), joinsArchives: joinsArchives)
        try staging.stage(reader, rules: rules, &session)
        return staging.tree
    }

    func close() {
        connection.close()
        staging?.close()
    }
}
