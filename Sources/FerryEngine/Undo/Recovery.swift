import FerryCore
import FerryFileSystem
import SystemPackage

/// Brings to an end what a killed run left: rolled back when it was under way, finished when all was done but the area's last move.
enum Recovery {
    private static let whileApplying = "a sync of this workspace was killed while it applied its changes"

    /// Recovers, before anything else is done to a workspace that is locked; a dry run only reports.
    static func recover(_ workspace: OpenDirectory?, _ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard let workspace else { return }
        guard !options.isDryRun else { return report(workspace, &session) }
        StagingArea.sweep(for: workspace, stateDirectory: options.stateDirectory)
        ConflictStore.sweep(workspace, options)
        for area in StagingArea.interrupted(workspace, stateDirectory: options.stateDirectory) {
            session.note([try recover(area, workspace, &session)])
        }
    }

    /// Recovers before a push, which shares the workspace's lock with other pushes: only alone may it be changed.
    static func recoverBeforePush(
        _ workspace: OpenDirectory, at path: [UInt8], _ session: inout SyncSession
    ) throws(SyncError) {
        let isClean = StagingArea.interrupted(workspace, stateDirectory: session.options.stateDirectory).isEmpty
        guard !isClean else { return }
        session.locks = try SyncLocks.take(
            workspace: .init(key: SyncLocks.key(of: workspace, at: path), mode: .exclusive, noun: "the workspace"),
            endpoint: nil, session)
        try recover(workspace, &session)
        session.locks = nil
    }

    /// Says that something is to be recovered.
    static func report(_ workspace: OpenDirectory, _ session: inout SyncSession) {
        let areas = StagingArea.interrupted(workspace, stateDirectory: session.options.stateDirectory)
        session.note(
            areas.map { _ in
                Problem(
                    .rescued, path: [],
                    message: "\(whileApplying); the next command that writes takes them back or finishes them first")
            })
    }

    private static func recover(
        _ area: RunArea, _ workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) -> Problem {
        let options = session.options
        let state: RunState
        let journal: JournalFile
        do throws(JournalError) {
            state = try area.state()
            journal = try area.journal(of: state.run)
        } catch {
            let place = try RunEnd.rescue(area, options)
            return Problem(
                .protected, path: [],
                message: "\(whileApplying), and its journal cannot be used (\(error)); what it had taken out of the"
                    + " workspace by then is in '\(displayName(of: place))': look what is missed, then remove it")
        }
        if state.phase == .complete {
            session.note(RunEnd.close(area, state, workspace, options))
            return Problem(
                .rescued, path: [],
                message:
                    "a sync of this workspace was killed at its very end; it was finished: everything is as it planned")
        }
        var runner = JournalRunner(journal, area: area, workspace: workspace)
        do throws(JournalError) {
            try runner.rollBack(flushes: options.flushes)
        } catch {
            throw SyncError(
                .failed,
                "\(whileApplying), and they cannot be taken back: \(error); repair the cause and run any sync of this"
                    + " workspace again; what it had taken out is in '\(displayName(of: area.name.bytes))'")
        }
        session.note(runner.problems)
        session.note(ReturnedFiles.record(&runner, in: workspace, options))
        if runner.holdsEdits {
            let place = try RunEnd.rescue(area, options)
            return Problem(
                .protected, path: [],
                message:
                    "\(whileApplying); they were taken back, but for what somebody changed since; what that replaced"
                    + " is in '\(displayName(of: place))': remove it when nothing is missed")
        }
        try RunEnd.restore(area, state, workspace, options)
        return Problem(
            .rescued, path: [],
            message: "\(whileApplying); they were taken back: the workspace was as before that sync")
    }
}
