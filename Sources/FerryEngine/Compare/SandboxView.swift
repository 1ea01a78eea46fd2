import FerryCore
import FerryFileSystem
import FerryTransport

/// A sandbox that is looked at and not changed.
protocol SandboxView: AnyObject {
    /// Whether its directory is there.
    var exists: Bool { get }
    /// Whether a push could tell what it would change: an archive is always written anew.
    var takesPushes: Bool { get }

    /// What it holds, as far as the workspace's rules let it take part.
    func list(_ rules: IgnoreRules, _ session: inout SyncSession) throws(SyncError) -> Snapshot
    /// What was last agreed on with it.
    func baseline(of workspace: [UInt8], _ session: inout SyncSession) throws(SyncError) -> SyncBaseline?
    /// Which sandbox it is; known after ``list(_:_:)``.
    func identity() throws(SyncError) -> SyncBaseline.Identity
    /// The digests of its files that are to be known before a plan is made.
    func digests(for baseline: SyncBaseline?) throws(SyncError) -> [[UInt8]: [UInt8]]
    /// What it holds after all, where a plan would delete for what it only did not tell; nil where nothing else is known.
    func recheck(_ plan: Plan, _ session: inout SyncSession) throws(SyncError) -> Snapshot?
    /// Decides what only content can tell.
    func settle(
        _ plans: inout [Plan], with workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError)
    /// Withdraws from the plan of a push what cannot be done there.
    func restrict(_ push: inout Plan)
    /// Halts when the plan of a push needs more than is left there.
    func checkSpace(_ summary: PlanSummary, _ options: SyncOptions) throws(SyncError)
    /// A directory in which the content of some of its files can be read until the view is closed.
    func content(
        of paths: [[UInt8]], bytes: Int64, _ session: inout SyncSession
    ) throws(SyncError) -> OpenDirectory
    /// Ends it.
    func close()
}

extension SandboxView {
    func recheck(_ plan: Plan, _ session: inout SyncSession) throws(SyncError) -> Snapshot? { nil }
    func restrict(_ push: inout Plan) {}
    func checkSpace(_ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {}
}

/// Opens views.
enum SandboxViews {
    /// Opens what a user wrote.
    ///
    /// - Parameters:
    ///   - endpoint: The sandbox, or an archive.
    ///   - workspace: The workspace that it is compared with.
    ///   - path: That workspace's path, for messages.
    ///   - session: What is being done.
    /// - Returns: The view; whoever opened it closes it.
    /// - Throws: ``SyncError``.
    static func open(
        _ endpoint: Endpoint, beside workspace: OpenDirectory, at path: [UInt8], _ session: borrowing SyncSession
    ) throws(SyncError) -> any SandboxView {
        switch endpoint {
        case .directory(let sandbox): return try DirectoryView(sandbox, beside: workspace, at: path)
        case .archive(let file): return ArchiveFileView(file, beside: workspace)
        case .standardStream:
            throw SyncError(
                .usage, "a stream can be read only once, and not be compared with; write it to a file and name tar:FILE"
            )
        case .sandbox(let sandbox):
            let everything = RemoteListingRequest(whole: RemoteListingOptions())
            switch try RemoteWay.open(sandbox, listing: everything, session) {
            case .commands(let connection): return CommandView(sandbox, connection, beside: workspace)
            case .archives(let connection): return ArchiveView(sandbox, connection, beside: workspace)
            }
        }
    }
}

/// Settles plans by the digests of files on both sides.
enum DigestSettlement {
    /// The paths of which the sandbox has to tell a digest.
    static func paths(of plans: [Plan]) -> [[UInt8]] {
        var seen: Set<[UInt8]> = []
        var paths: [[UInt8]] = []
        for plan in plans {
            for index in plan.comparisons {
                let path = plan.path(of: plan.steps[index])
                if seen.insert(path).inserted { paths.append(path) }
            }
        }
        return paths
    }

    /// Settles plans.
    ///
    /// - Parameters:
    ///   - plans: The plans.
    ///   - workspace: The root of the side that is here.
    ///   - theirs: The digests of the sandbox's files by path; one that is missing could not be read.
    ///   - session: What is being done.
    /// - Throws: ``SyncError``.
    static func settle(
        _ plans: inout [Plan], with workspace: OpenDirectory, _ theirs: [[UInt8]: [UInt8]],
        _ session: inout SyncSession
    ) throws(SyncError) {
        var ours: [[UInt8]: [UInt8]] = [:]
        for number in plans.indices where !plans[number].comparisons.isEmpty {
            let plan = plans[number]
            let isPush = plan.policy.merge == .push
            let tree = isPush ? plan.source : plan.destination
            let steps = plan.comparisons.map { plan.steps[$0] }
            let unknown = steps.compactMap { isPush ? $0.source : $0.destination }.filter {
                ours[tree.path(of: $0)] == nil
            }
            let hashed = ContentHasher.digests(of: unknown, in: tree, root: workspace)
            session.note(hashed.problems)
            for (id, digest) in zip(unknown, hashed.digests) { ours[tree.path(of: id)] = digest }
            try session.checkCancellation()
            var answers: [ContentAnswer] = []
            for (position, step) in steps.enumerated() {
                let path = plan.path(of: step)
                if theirs[path] == nil, !isPush {
                    session.note([
                        Problem(
                            .unreadable, path: path,
                            message: "the sandbox's file could not be read, so nothing is known of its content")
                    ])
                }
                answers.append(
                    answer(ours[path], theirs[path], plan.agreedDigest(ofComparison: position), isPush: isPush))
            }
            plans[number].settle(answers)
        }
    }

    private static func answer(
        _ ours: [UInt8]?, _ theirs: [UInt8]?, _ agreed: ArraySlice<UInt8>, isPush: Bool
    ) -> ContentAnswer {
        func isAgreed(_ digest: [UInt8]?) -> Bool? {
            agreed.isEmpty ? nil : digest.map { $0.elementsEqual(agreed) }
        }
        // A push overwrites what cannot be compared; a pull has nothing to bring then.
        let isEqual = ours.flatMap { ours in theirs.map { $0 == ours } ?? (isPush ? false : nil) }
        let (local, remote) = (isAgreed(ours), isAgreed(theirs))
        return ContentAnswer(
            isEqual: isEqual, sourceIsBase: isPush ? local : remote, destinationIsBase: isPush ? remote : local)
    }
}
