import FerryCore
import FerryFileSystem

/// Files that a roll-back or an undo put back are what they were, but their ctimes say that somebody touched them.
enum ReturnedFiles {
    /// Tells the baselines of the workspace, so that the next pull does not take those files for edited ones.
    ///
    /// - Parameters:
    ///   - runner: Took a run back, or carried an undo out.
    ///   - workspace: The workspace's root.
    ///   - options: Name the state directory.
    /// - Returns: That a baseline could not be written, if so.
    static func record(
        _ runner: inout JournalRunner, in workspace: OpenDirectory, _ options: SyncOptions
    ) -> [Problem] {
        guard let stateDirectory = options.stateDirectory else { return [] }
        let prints = runner.returnedFingerprints()
        guard !prints.isEmpty else { return [] }
        do {
            try BaselineStore(in: stateDirectory).replace(
                localFingerprints: prints, workspace: SyncLocks.key(of: workspace, at: []))
            return []
        } catch {
            return [
                Problem(
                    .unwritable, path: [],
                    message: "the files that were put back are what they were, but the next pull may take them for"
                        + " edited ones: \(error)")
            ]
        }
    }
}
