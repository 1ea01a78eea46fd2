import FerryCore
import FerryFileSystem
public import FerryThreads

extension SyncEngine {
    /// Returns a workspace to before a pull, or to before an undo.
    ///
    /// What is not any more as the run left it stops the undo, unless ``SyncOptions/undoesNewerEdits`` is set; nothing is lost then
    /// either, because an undo can be undone.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - run: The run, or the beginning of its name; nil for the last.
    ///   - options: How; the state directory has to be the run's.
    ///   - cancellation: Raise it to stop; what was done by then is taken back.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``; then the workspace is as it was, unless the message says otherwise.
    @discardableResult
    public static func undo(
        workspace: [UInt8], run: String? = nil, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        try await self.run(
            .undo, of: workspace, with: [], options: options, cancellation: cancellation,
            observer: observer
        ) { session throws(SyncError) in
            try WorkspaceUndo(workspacePath: workspace, wanted: run).run(&session)
        }
    }

    /// The log of what was done, the oldest first.
    ///
    /// - Parameters:
    ///   - workspace: Only what was done to or from this directory; nil for all.
    ///   - options: Says where the state directory is.
    /// - Returns: The records.
    /// - Throws: ``SyncError`` when the log cannot be read.
    public static func log(
        workspace: [UInt8]? = nil, options: SyncOptions = SyncOptions()
    ) async throws(SyncError) -> [RunRecord] {
        try await onThread(named: "log") { () throws(SyncError) in
            guard let state = options.stateDirectory else {
                throw SyncError(.usage, "without a state directory there is no log; name one")
            }
            let path = workspace.map(RunLogging.realPath)
            do throws(FileSystemError) {
                return try RunLog.entries(in: state).compactMap(RunRecord.init).filter {
                    path == nil || $0.workspace == path
                }
            } catch {
                throw SyncError(.failed, error.description)
            }
        }
    }
}

/// Writes the log.
enum RunLogging {
    /// The path without links in it, where the directory is there.
    static func realPath(_ path: [UInt8]) -> [UInt8] {
        (try? RootDirectory.open(path)).flatMap { try? RootDirectory.realPath(of: $0) } ?? path
    }

    /// Adds a line for a sync that has ended.
    ///
    /// - Returns: Why it could not.
    static func note(
        _ kind: RunRecord.Kind, _ outcome: String, _ report: SyncReport, workspace: [UInt8], endpoint: [UInt8],
        _ options: SyncOptions
    ) -> [Problem] {
        guard let state = options.stateDirectory, !options.isDryRun else { return [] }
        do throws(FileSystemError) {
            try RunLog.append(
                RunLogEntry(kind, outcome, report, workspace: realPath(workspace), endpoint: endpoint), in: state)
            return []
        } catch {
            return [Problem(.rescued, path: [], message: "\(error); the sync itself is not concerned")]
        }
    }
}
