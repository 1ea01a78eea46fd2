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
        let place: OpenDirectory
        if let workspace = target.directory {
            place = workspace
        } else {
            place = try DirectoryEndpoints.openParent(of: workspacePath)
        }
        try session.begin(.transferring)
        let staging = try StagedTree(for: place, options)
        defer { staging.discard() }
        let verified = try stage(input, into: staging, place: place, rules: local.rules, &session)

        var plan = Planner.plan(source: verified.snapshot, destination: local.snapshot, policy: options.pullPolicy)
        if let workspace = target.directory {
            try session.compareContent(&plan, from: staging.area.tree, to: workspace)
        }
        let summary = plan.summary()
        session.announce(plan, summary)
        try PullTarget.checkHalts(plan, summary, options)
        if options.isDryRun { return }
        let workspace = try target.create()
        try staging.apply(plan, to: workspace, at: workspacePath, from: source.text, &session)
    }

    private func openInput() throws(SyncError) -> InputStream {
        do throws(Errno) {
            if case .archive(let path) = source { return try .open(path) }
            return try .standardInput()
        } catch {
            guard case .archive(let path) = source else {
                throw SyncError(.failed, "cannot read standard input: \(error.description)")
            }
            let failure = FileSystemError("open the archive", path: path, cause: error)
            throw SyncError(error == .noSuchFileOrDirectory ? .halted : .failed, failure.description)
        }
    }

    private func stage(
        _ input: consuming sending InputStream, into staging: borrowing StagedTree, place: OpenDirectory,
        rules: IgnoreRules, _ session: inout SyncSession
    ) throws(SyncError) -> VerifiedSnapshot {
        let options = session.options
        var limits = options.limits
        if limits.contentBytes == nil, !options.overrides.allowed.contains(.lowSpace) {
            limits.contentBytes = (try? FreeSpace(on: place.handle))?.bytes
        }
        let owner = try DirectoryOwner.forNewEntries(in: place, options: options)
        let progress = TransferProgress()
        let observer = session.observer
        var stream: UnpackStream
        do throws(ThreadError) {
            stream = try UnpackStream(
                ArchiveReader(source: input, limits: limits), into: staging.area.tree,
                owner: owner,
                exclusion: StreamExclusion(rules: rules, selection: options.selection), options: options,
                cancellation: session.cancellation, progress: progress,
                onDigest: { observer(.digest(path: $0, sha256: $1)) })
        } catch {
            throw SyncError(.failed, "cannot start a thread: error \(error.errno)")
        }
        let ticker = session.startProgress(.transferring, progress)
        defer { ticker.stop() }
        let staged: (snapshot: Snapshot, evidence: TransferEvidence)
        do throws(UnpackFailure) {
            staged = try stream.run()
        } catch {
            throw Self.error(error)
        }
        session.note(stream.problems)
        session.report.transferredBytes = progress.finishedBytes
        do throws(VerificationFailure) {
            return try StagedSnapshot(staged.snapshot).verify(staged.evidence)
        } catch {
            throw SyncError(.verification, "the archive is not complete (\(error)); the workspace was not changed")
        }
    }

    private static func error(_ failure: UnpackFailure) -> SyncError {
        let unchanged = "the workspace was not changed"
        let refused = "such an archive is never taken: see what made it; \(unchanged)"
        switch failure {
        case .cancelled: return SyncError(.cancelled, "stopped on request; \(unchanged)")
        case .archive(let error) where error.cause as? Errno == .canceled:
            return SyncError(.cancelled, "stopped on request; \(unchanged)")
        case .archive(let error) where error.cause as? Errno == .timedOut:
            return SyncError(
                .timedOut, "nothing came from standard input for the time that --timeout allows; \(unchanged)")
        case .archive(let error) where error.code == .stream || error.code == .codec:
            return SyncError(.failed, "\(error); \(unchanged)")
        case .archive(let error): return SyncError(.unsafeArchive, "\(error); \(unchanged)")
        case .disk(let error): return StagedTree.error(error)
        case .misfit(.belowNonDirectory, let path):
            return SyncError(
                .unsafeArchive, "the archive has '\(path)' below something that is not a directory; \(refused)")
        case .misfit(.changesKind(let kind), let path):
            return SyncError(
                .unsafeArchive,
                "the archive has '\(path)' twice, first as a \(kind.noun), then as another kind; \(refused)")
        case .misfit(.nameTooLong, let path):
            return SyncError(.unsafeArchive, "the archive has a name that is too long in '\(path)'; \(refused)")
        case .danglingLink(let path, let target):
            return SyncError(
                .unsafeArchive,
                "the archive makes '\(path)' a hard link to '\(target)', which is no file that came before it in the same"
                    + " archive; \(refused)")
        case .replacedLink(let path):
            return SyncError(
                .unsafeArchive, "the archive replaces '\(path)' after making it a hard link; \(refused)")
        }
    }
}
