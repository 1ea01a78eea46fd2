import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// A change of the workspace under a journal: a pull's apply, or an undo.
///
/// The area already bears its name for applying and holds the journal and the state of the run.
struct JournaledRun {
    let workspace: OpenDirectory
    let area: RunArea
    let state: RunState

    /// Carries the journal out.
    ///
    /// - Throws: ``SyncError``; then the workspace is as it was, or the message says what else.
    func carryOut(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        let journal: JournalFile
        do throws(JournalError) {
            journal = try area.journal(of: state.run)
        } catch {
            try RunEnd.restore(area, state, workspace, options)
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        // From here on, what somebody changes can be told from what was staged.
        StampClock.pass(journal.stamp)
        let progress = TransferProgress()
        var runner = JournalRunner(
            journal, area: area, workspace: workspace, cancellation: session.cancellation, progress: progress)
        let complete: RunState
        do throws(JournalError) {
            let ticker = session.startProgress(.applying, progress, totalEntries: journal.operationCount)
            defer { ticker.stop() }
            try runner.apply(flushes: options.flushes)
            var state = state
            state.phase = .complete
            state.previous = []
            complete = try area.write(state, flushes: options.flushes)
        } catch {
            try takeBack(&runner, &session, because: error)
        }
        session.note(runner.problems)
        StampClock.pass(complete.stamp)
        if state.kind == .undo { session.note(ReturnedFiles.record(&runner, in: workspace, options)) }
        let isKept = options.stateDirectory != nil && options.undoKeep > 0
        if runner.holdsEdits, !isKept {
            let place = try RunEnd.rescue(area, options)
            return session.note([
                Problem(
                    .protected, path: [],
                    message: "a version that somebody wrote meanwhile is in '\(displayName(of: place))'")
            ])
        }
        session.report.run = isKept ? state.run.text : nil
        session.note(RunEnd.close(area, complete, workspace, options))
    }

    /// Takes back what was done, because something failed or somebody asked to stop.
    private func takeBack(
        _ runner: inout JournalRunner, _ session: inout SyncSession, because cause: JournalError
    ) throws(SyncError) -> Never {
        let options = session.options
        let forwards = runner.problems.count
        do throws(JournalError) {
            try runner.rollBack(flushes: options.flushes)
        } catch {
            throw SyncError(
                .failed,
                "\(cause); and what had been done could not be taken back: \(error); the workspace is between old and"
                    + " new: repair the cause, then any sync of this workspace takes it back first")
        }
        session.note(runner.problems.dropFirst(forwards))
        session.note(ReturnedFiles.record(&runner, in: workspace, options))
        if runner.holdsEdits {
            let place = try RunEnd.rescue(area, options)
            throw SyncError(
                .failed,
                "\(cause); the workspace was put back as it was, but for what somebody changed meanwhile; what that"
                    + " replaced is in '\(displayName(of: place))'")
        }
        try RunEnd.restore(area, state, workspace, options)
        if case .cancelled = cause {
            throw SyncError(.cancelled, "stopped on request; the workspace was not changed")
        }
        throw SyncError(.failed, "\(cause); the workspace was not changed")
    }
}
