import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// The staging area of one pull, and the way from there into the workspace.
struct StagedTree {
    let area: StagingArea
    /// Whether the directories that were staged need their modes set in the end.
    private var setsModes = false

    init(for workspace: OpenDirectory, _ options: SyncOptions) throws(SyncError) {
        do throws(FileSystemError) {
            area = try StagingArea(for: workspace, stateDirectory: options.stateDirectory)
        } catch {
            throw SyncError(.failed, error.description)
        }
    }

    func discard() { area.discard() }

    /// Fetches what a plan takes from a directory.
    ///
    /// A failure leaves the workspace as it was.
    mutating func copy(
        _ plan: Plan, _ summary: PlanSummary, from sandbox: OpenDirectory, workspace: OpenDirectory,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let options = session.options
        let progress = TransferProgress()
        let copyOptions = CopyOptions(
            purpose: .staging, owner: try DirectoryOwner.forNewEntries(in: workspace, options: options),
            threads: options.writingThreads, bandwidthLimit: options.bandwidthLimit, cancellation: session.cancellation,
            progress: progress)
        let result = session.withProgress(
            .transferring, progress, totalEntries: plan.steps.count, totalBytes: summary.bytesToWrite
        ) {
            TreeCopier.copy(plan, from: sandbox, to: area.tree, options: copyOptions)
        }
        if let failure = result.failure {
            throw StagedTree.error(failure)
        }
        try session.checkCancellation()
        setsModes = result.setsModes
        session.note(result.problems)
        session.report.transferredBytes = result.bytes
    }

    /// Why nothing could be staged.
    static func error(_ failure: FileSystemError) -> SyncError {
        guard failure.cause == .fileExists else {
            return SyncError(.failed, "\(failure); the workspace was not changed")
        }
        return SyncError(
            .unsafeArchive,
            "the source has two names that this file system takes for one, among them '\(displayName(of: failure.path))';"
                + " the workspace was not changed")
    }

    /// Takes out what is not let in, before anything is applied.
    private func keepWithheld(_ plan: Plan, _ session: inout SyncSession) throws(SyncError) {
        let outcome = WithheldEntries.take(plan, from: area.tree, to: area.kept)
        if let failure = outcome.failure { throw SyncError(.failed, "\(failure); the workspace was not changed") }
        if outcome.count > 0 { session.report.conflictStore = try ConflictStore.keep(area, session.options) }
    }

    /// Clears up after pulls that were killed: what they had fetched goes, what they had taken out of the workspace goes to the
    /// conflict store, where it does no harm and is not lost.
    static func recover(_ workspace: OpenDirectory?, _ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard let workspace, !options.isDryRun else { return }
        StagingArea.sweep(for: workspace, stateDirectory: options.stateDirectory)
        var place: [UInt8] = []
        let rescued = try StagingArea.rescue(for: workspace, stateDirectory: options.stateDirectory) {
            () throws(SyncError) in
            guard let store = try ConflictStore.directory(options) else { return nil }
            place = store.path
            return store.directory
        }
        session.note(
            rescued.map { name in
                Problem(
                    .rescued, path: name,
                    message: "a pull was killed while it applied; what it had taken out of the workspace by then is in"
                        + " '\(displayName(of: place))', remove it when nothing is missed")
            })
    }

    /// Puts what was staged in its place, and removes what the plan deletes, last.
    func apply(_ plan: Plan, to workspace: OpenDirectory, _ session: inout SyncSession) throws(SyncError) {
        try session.begin(.applying)
        try keepWithheld(plan, &session)
        do throws(FileSystemError) {
            try area.beginApplying()
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        let cancellation = session.cancellation
        let progress = TransferProgress()
        let owner = session.options.owner
        session.note(
            TreeRemover.remove(
                plan, in: workspace, phase: .beforeCopy, disposal: .moveAside(area.aside), cancellation: cancellation))
        let result = session.withProgress(.applying, progress, totalEntries: plan.steps.count) {
            TreeApplier.apply(
                plan, from: area.tree, to: workspace, owner: owner, cancellation: cancellation, progress: progress)
        }
        session.note(result.problems)
        if result.failure == nil, !cancellation.isRaised {
            session.note(
                TreeRemover.remove(
                    plan, in: workspace, phase: .afterCopy, disposal: .moveAside(area.aside), cancellation: cancellation
                ))
        }
        session.note(
            DirectoryFinisher.finish(
                plan, in: workspace, extent: .allWritten, setsAllModes: setsModes))
        if let failure = result.failure {
            throw SyncError(.failed, "\(failure); run the same command again to finish")
        }
        try session.checkCancellation()
    }
}
