import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// A pull from a tar: a file, or standard input.
///
/// All of it is staged and checked before the workspace is even compared.
struct StreamPull {
    let source: Endpoint
    let workspacePath: [UInt8]

    func run(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        var input = try openInput()
        input.cancellation = session.cancellation
        input.idleTimeout = options.idleTimeout
        let target = try PullTarget.open(workspacePath, session)
        session.locks = try SyncLocks.take(
            workspace: .init(
                key: SyncLocks.key(of: target.directory, at: workspacePath), mode: .exclusive, noun: "the workspace"),
            endpoint: nil, session)
        try Recovery.recover(target.directory, &session)
        try session.begin(.scanning)
        let local = try target.scan(&session)

        // A workspace that is not there yet is made only when the whole stream has been checked.
        let place = try target.place()
        try session.begin(.transferring)
        let staging = try StagedTree(for: place, options)
        defer { staging.discard() }
        let reader = ArchiveReader(source: input, limits: ArchiveStaging.limits(options, on: place))
        let verified = try ArchiveStaging.stage(reader, into: staging, place: place, rules: local.rules, &session)

        var policy = options.pullPolicy
        policy.readIndexes(of: target, local.snapshot, staging.area.tree)
        var plan = Planner.plan(
            source: verified.snapshot, destination: local.snapshot, policy: policy, base: nil)
        if let workspace = target.directory {
            try session.compareContent(&plan, from: staging.area.tree, to: workspace)
        }
        let summary = plan.summary()
        session.announce(plan, summary)
        try FoldingCheck.check(plan, on: place, target, options)
        let kept = KeptPull(
            workspace: workspacePath, endpoint: source.text, baseline: nil, remoteStamp: .never, digests: { _ in nil })
        if options.keepsPlan, !options.isDryRun { return try kept.keep(plan, from: staging, &session) }
        do throws(SyncError) { try PullTarget.checkHalts(plan, summary, options) } catch {
            throw options.isDryRun ? error : kept.keep(plan, from: staging, halted: error, &session)
        }
        if options.isDryRun { return }
        let workspace = try target.create()
        try staging.apply(plan, to: workspace, at: workspacePath, from: source.text, &session)
    }

    private func openInput() throws(SyncError) -> InputStream {
        if case .archive(let path) = source { return try Self.openArchive(path) }
        do throws(Errno) {
            return try .standardInput()
        } catch {
            throw SyncError(.failed, "cannot read standard input: \(error.description)")
        }
    }

    /// Opens an archive by the path that the user gave.
    static func openArchive(_ path: [UInt8]) throws(SyncError) -> InputStream {
        do throws(Errno) {
            return try .open(path)
        } catch {
            let failure = FileSystemError("open the archive", path: path, cause: error)
            throw SyncError(error == .noSuchFileOrDirectory ? .halted : .failed, failure.description)
        }
    }
}
