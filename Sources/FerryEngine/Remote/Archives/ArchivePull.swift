import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTransport

/// A pull from a sandbox in which no command can be run: an archive of all that is there is staged and checked like any other.
///
/// What an archive does not hold was perhaps only not packed. So before anything is deleted for it, the sandbox has to say of each
/// path that nothing is there.
struct ArchivePull {
    let target: PullTarget
    let workspacePath: [UInt8]
    /// The target, for the log.
    let source: [UInt8]
    let connection: ArchiveConnection

    func run(_ baseline: inout SyncBaseline, _ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard try connection.holds() else { throw RemotePull.missingRoot(connection.rootName) }
        let stamp = ScanStamp.now
        let local = try target.scan(&session)
        let place = try target.place()
        try session.begin(.transferring)
        let digests = DigestLog(session)
        let staging = try StagedTree(for: place, options)
        defer { staging.discard() }
        let first = session.report.problems.count
        let reader = ArchiveReader(source: try connection.source(), limits: ArchiveStaging.limits(options, on: place))
        var remote = try ArchiveStaging.stage(
            reader, into: staging, place: place, rules: local.rules, digests: digests, &session
        ).snapshot
        let halt = try baseline.identifySource(connection.identity(isEmpty: remote.entryCount == 0), options)
        try KeptPull.check(halt, options)

        var policy = baseline.policy(options.pullPolicy)
        policy.remoteDigest = digests.lookup(byPathIn: remote)
        policy.readIndexes(of: target, local.snapshot, staging.area.tree)
        var plan = try SyncBaseline.plan(
            source: remote, destination: local.snapshot, policy: policy, base: baseline.old)
        let unpacked = try Self.notPacked(plan, connection)
        if !unpacked.isEmpty {
            session.note(unpacked)
            remote.markDirectories([.unreadable, .holdsUnlisted])
            plan = try SyncBaseline.plan(
                source: remote, destination: local.snapshot, policy: policy, base: baseline.old)
        }
        let apply = RemoteApply(
            target: target, source: source, localStamp: stamp, remoteStamp: .never, firstProblem: first, halt: halt)
        try apply.run(&plan, from: staging, digests, &baseline, &session)
    }

    /// What is still in the sandbox, of what a plan deletes because the archive does not hold it.
    ///
    /// Of a directory that is gone nothing is left, so only the top of what is deleted is asked for.
    static func notPacked(_ plan: Plan, _ connection: ArchiveConnection) throws(SyncError) -> [Problem] {
        var gone: [UInt8]?
        var problems: [Problem] = []
        for step in plan.orderedSteps where step.action == .delete {
            let path = plan.path(of: step)
            if let gone, path.starts(with: gone + [RelativePath.separator]) { continue }
            guard try connection.holds(path) else {
                gone = path
                continue
            }
            problems.append(
                Problem(
                    .unreadable, path: path,
                    message: "it is in the sandbox, but not in the archive of it, so nothing is deleted; run the same"
                        + " command again when nothing changes there"))
        }
        return problems
    }
}
