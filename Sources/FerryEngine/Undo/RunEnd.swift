import FerryCore
import FerryFileSystem
import SystemPackage

/// What becomes of an area when its run has ended, well or not.
enum RunEnd {
    /// Brings the area of a complete run to the undo store, or removes it where none is kept.
    ///
    /// - Returns: Why the run cannot be undone, if so; the workspace is as planned all the same.
    static func close(
        _ area: RunArea, _ state: RunState, _ workspace: OpenDirectory, _ options: SyncOptions
    ) -> [Problem] {
        guard let stateDirectory = options.stateDirectory, options.undoKeep > 0 else {
            area.erase()
            return []
        }
        do {
            if state.kind == .pull { try AreaPruner.prune(area, area.journal(of: state.run)) }
            let store = try UndoStore(for: workspace, stateDirectory: stateDirectory)
            try store.keep(area, state.run, flushes: options.flushes)
            if let undone = state.undoes {
                area.removeJournal(of: undone)
                store.removePointer(undone)
            }
            store.retain(options.undoKeep)
            return []
        } catch {
            return [
                Problem(
                    .unwritable, path: [],
                    message:
                        "everything was written, but what it replaced could not be put into the undo store: \(error);"
                        + " the next sync of this workspace tries again")
            ]
        }
    }

    /// Gives the area of a run that was taken back to the run that had it before, or removes it.
    static func restore(
        _ area: RunArea, _ state: RunState, _ workspace: OpenDirectory, _ options: SyncOptions
    ) throws(SyncError) {
        guard !state.previous.isEmpty else { return area.erase() }
        do {
            let previous = try RunState(decoding: state.previous)
            // What was moved forth and back has new ctimes, so the run gets a new stamp.
            let written = try area.write(previous, flushes: options.flushes)
            StampClock.pass(written.stamp)
            area.removeJournal(of: state.run)
            if let problem = close(area, written, workspace, options).first {
                throw SyncError(.failed, problem.message)
            }
        } catch let error as SyncError {
            throw error
        } catch {
            throw SyncError(
                .failed,
                "\(error); the workspace was not changed, but the run that was to be undone could not be put back into"
                    + " the undo store; the next sync of this workspace tries again")
        }
    }

    /// Keeps an area that holds the only copy of something, outside the workspace.
    ///
    /// - Returns: Where it is now.
    static func rescue(_ area: RunArea, _ options: SyncOptions) throws(SyncError) -> [UInt8] {
        if let store = try ConflictStore.directory(options) {
            let name = StagingArea.rescueName(of: area)
            if (try? area.move(to: store.handle, as: name, flushes: options.flushes)) != nil {
                return store.place(of: [], in: name)
            }
        }
        let place = (try? RootDirectory.realPath(of: area.container)) ?? []
        return place + [RelativePath.separator] + area.name.bytes
    }
}
