import FerryCore
import FerryFileSystem
import SystemPackage

/// Returns a workspace to before a run.
struct WorkspaceUndo {
    let workspacePath: [UInt8]
    /// The run, or the beginning of its name; nil for the last.
    let wanted: String?

    /// How many edited paths an error lists.
    private static let listedEdits = 20

    func run(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard let stateDirectory = options.stateDirectory else {
            throw SyncError(.usage, "without a state directory nothing is kept that could be undone; name one")
        }
        let workspace = try DirectoryEndpoints.openSource(workspacePath)
        session.locks = try SyncLocks.take(
            workspace: .init(
                key: SyncLocks.key(of: workspace, at: workspacePath), mode: .exclusive, noun: "the workspace"),
            endpoint: nil, session)
        try Recovery.recover(workspace, &session)
        try session.begin(.scanning)
        let (store, area, before) = try find(workspace, stateDirectory)
        session.report.undoes = before.run.text
        let run = RunID.now()
        let journal = try write(run, area, before, workspace, session)
        try announce(journal, &session)
        if options.isDryRun {
            area.removeJournal(of: run)
            return
        }
        try session.begin(.applying)
        var state = RunState(
            run: run, kind: .undo, workspace: before.workspace, endpoint: before.endpoint, undoes: before.run)
        state.previous = before.encoded
        let moved: RunArea
        do {
            moved = try StagingArea.beginApplying(
                area, run, to: workspace, stateDirectory: stateDirectory, flushes: options.flushes)
        } catch {
            area.removeJournal(of: run)
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        do throws(JournalError) {
            try moved.write(state, flushes: options.flushes)
        } catch {
            let problems = RunEnd.close(moved, before, workspace, options)
            session.note(problems)
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        try JournaledRun(workspace: workspace, area: moved, state: state).carryOut(&session)
        store.removePointer(before.run)
    }

    /// Finds the run's area.
    private func find(
        _ workspace: OpenDirectory, _ stateDirectory: [UInt8]
    ) throws(SyncError) -> (UndoStore, RunArea, RunState) {
        let name = displayName(of: workspacePath)
        do {
            let store = try UndoStore(for: workspace, stateDirectory: stateDirectory)
            let runs = store.runs()
            let matching = wanted.map { wanted in runs.filter { $0.text.hasPrefix(wanted) } } ?? runs
            guard let run = matching.last else {
                let known = runs.isEmpty ? "none" : runs.map(\.text).joined(separator: ", ")
                throw SyncError(
                    .failed,
                    "there is no run\(wanted.map { " '\($0)'" } ?? "") of '\(name)' that can be undone; nothing was"
                        + " changed: those that can be are \(known); 'ferry sync log' lists all")
            }
            if let wanted, matching.count > 1, run.text != wanted {
                let names = matching.map(\.text).joined(separator: ", ")
                throw SyncError(.usage, "'\(wanted)' begins the names of several runs: \(names); give more of the one")
            }
            guard let area = try store.open(run) else {
                throw SyncError(
                    .failed,
                    "what run \(run.text) replaced is not there any more, so it cannot be undone; nothing was changed")
            }
            return (store, area, try area.state())
        } catch let error as SyncError {
            throw error
        } catch {
            throw SyncError(.failed, "the undo store of '\(name)' cannot be used: \(error); nothing was changed")
        }
    }

    /// Writes the journal of the way back, unless newer edits are in it.
    private func write(
        _ run: RunID, _ area: RunArea, _ before: RunState, _ workspace: OpenDirectory,
        _ session: borrowing SyncSession
    ) throws(SyncError) -> JournalFile {
        let options = session.options
        do {
            let old = try area.journal(of: before.run)
            var undo = UndoJournal(of: old, in: area, stamp: before.stamp, workspace: workspace)
            var writer = try area.makeJournal(of: run, parentsFirst: !old.parentsFirst, nextSlot: old.nextSlot)
            try undo.write(to: &writer)
            let edits = undo.newerEdits
            guard edits.isEmpty || options.undoesNewerEdits else {
                throw SyncError(
                    .halted,
                    "\(counted(edits.count, "entry is", "entries are")) not any more as run \(before.run.text) left"
                        + " \(edits.count == 1 ? "it" : "them"); nothing was changed: move the newer edits to safety, or"
                        + " undo them too with --allow newer-edits",
                    examples: Array(edits.prefix(Self.listedEdits)))
            }
            try writer.finish(flushes: options.flushes)
            return try area.journal(of: run)
        } catch {
            area.removeJournal(of: run)
            if let error = error as? SyncError { throw error }
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
    }

    /// Tells what will be done.
    private func announce(_ journal: JournalFile, _ session: inout SyncSession) throws(SyncError) {
        var summary = PlanSummary()
        do throws(JournalError) {
            for index in journal.indices { summary.count(try journal.directory(at: index)) }
            session.report.summary = summary
            session.observer(.plan(summary))
            guard session.options.reportsItems else { return }
            for index in journal.parentsFirstIndices {
                let directory = try journal.directory(at: index)
                for operation in directory.operations {
                    session.observer(.item(SyncItem(operation, in: directory)))
                }
            }
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
    }
}

extension PlanSummary {
    /// Counts the changes in a directory; one that comes or goes with all in it counts once.
    fileprivate mutating func count(_ directory: JournalDirectory) {
        for operation in directory.operations {
            switch operation.kind {
            case .exchange:
                updated += 1
                overwritten += 1
            case .bring: created += 1
            case .take: deleted += 1
            case .mode: modeChanged += 1
            }
        }
    }
}

extension SyncItem {
    fileprivate init(_ operation: JournalOperation, in directory: JournalDirectory) {
        let state = operation.new ?? operation.old
        switch operation.kind {
        case .exchange: action = operation.old?.kind == operation.new?.kind ? .update : .changeKind
        case .bring: action = .create
        case .take: action = .delete
        case .mode: action = .changeMode
        }
        kind = state?.kind ?? .unknown
        changes = operation.kind == .mode ? .mode : operation.kind == .exchange ? [.content, .time] : []
        path = directory.path(of: operation)
        size = state?.size ?? 0
        linkTarget = nil
        hardLinkTarget = nil
        heldReason = nil
    }
}
