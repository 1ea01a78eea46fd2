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
            throw SyncError(.failed, "\(error); the workspace was not changed")
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
    private func keepWithheld(_ plan: Plan, _ origin: Origin, _ session: inout SyncSession) throws(SyncError) {
        let outcome = WithheldEntries.take(plan, from: area.tree, to: area.kept)
        if let failure = outcome.failure { throw SyncError(.failed, "\(failure); the workspace was not changed") }
        let entries: [ConflictRecord.Entry]
        do throws(FileSystemError) {
            entries = try ConflictRecord.Entry.withheld(by: plan, keptIn: area.kept)
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        guard !entries.isEmpty else { return }
        let record = ConflictRecord(
            time: RunLog.now, run: origin.run.text, workspace: RunLogging.realPath(origin.path),
            endpoint: origin.endpoint, entries: entries)
        // Before the store takes it all.
        let repositories = try RescuedRepositories(of: plan, in: area, workspace: origin.workspace)
        let place = try ConflictStore.keep(area, record, of: origin.workspace, &session)
        if outcome.count > 0 { session.report.conflictStore = place }
        session.note(repositories.problems(keptIn: session.report.conflictStore))
    }

    /// What a run is about.
    private struct Origin {
        var run: RunID
        var workspace: OpenDirectory
        var path: [UInt8]
        var endpoint: [UInt8]
    }

    /// Puts what was staged in its place and takes out what the plan deletes, under a journal: all of it, or nothing.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - workspace: The workspace's root.
    ///   - path: Its path, for the log.
    ///   - endpoint: Where the results come from, as the user wrote it.
    ///   - session: The sync.
    /// - Returns: The paths of steps that were left out, beside those that problems name: their baseline may not move forward.
    /// - Throws: ``SyncError``; then the workspace is as it was, or the message says what else.
    @discardableResult
    func apply(
        _ plan: Plan, to workspace: OpenDirectory, at path: [UInt8], from endpoint: [UInt8],
        _ session: inout SyncSession
    ) throws(SyncError) -> Set<[UInt8]> {
        try session.begin(.applying)
        let run = RunID.now()
        try keepWithheld(plan, Origin(run: run, workspace: workspace, path: path, endpoint: endpoint), &session)
        let options = session.options
        if options.skipsJournal { return try applyWithoutJournal(plan, to: workspace, &session) }
        let area: RunArea
        let state: RunState
        let journal: WrittenJournal
        do {
            let staged = try self.area.runArea()
            journal = try writeJournal(run, plan, staged, workspace, &session)
            guard journal.isNeeded else { return journal.leftOut }
            state = RunState(
                run: run, kind: .pull, workspace: RunLogging.realPath(path), endpoint: endpoint)
            try staged.write(state, flushes: options.flushes)
            area = try StagingArea.beginApplying(
                staged, run, to: workspace, stateDirectory: options.stateDirectory, flushes: options.flushes)
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        let first = session.report.problems.count
        try JournaledRun(workspace: workspace, area: area, state: state).carryOut(&session)
        // A version that could not be put beside is nowhere: the conflict has to come again.
        let refused = session.report.problems[first...].compactMap { journal.beside[$0.path] }
        return journal.leftOut.union(refused)
    }

    private func applyWithoutJournal(
        _ plan: Plan, to workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) -> Set<[UInt8]> {
        var apply = UnjournaledApply(
            of: plan, from: area.tree, to: workspace, owner: session.options.owner, setsModes: setsModes)
        do throws(FileSystemError) {
            session.note(try apply.run(cancellation: session.cancellation))
            return []
        } catch {
            throw SyncError(.failed, "\(error); without a journal nothing is taken back")
        }
    }

    /// What was written down.
    private struct WrittenJournal {
        var isNeeded: Bool
        var leftOut: Set<[UInt8]>
        /// The conflicts whose other versions go beside, by the paths that those get.
        var beside: [[UInt8]: [UInt8]]
    }

    /// Writes down all that will be done.
    private func writeJournal(
        _ run: RunID, _ plan: Plan, _ staged: RunArea, _ workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(JournalError) -> WrittenJournal {
        let options = session.options
        var journal = PlanJournal(
            of: plan, from: staged.tree, to: workspace, owner: options.owner, setsModes: setsModes)
        // In the order of the plan's groups, backwards: each directory after those below it.
        var writer = try staged.makeJournal(of: run, parentsFirst: false)
        try journal.write(to: &writer)
        session.note(journal.problems)
        let isNeeded = writer.directories > 0
        if isNeeded, options.flushes {
            do throws(FileSystemError) { try Flushing.flush(staged.tree) } catch { throw .file(error) }
        }
        try writer.finish(flushes: options.flushes)
        return WrittenJournal(isNeeded: isNeeded, leftOut: journal.leftOut, beside: journal.beside)
    }
}
