public import FerryCore
import FerryFileSystem
public import FerryThreads

/// The conflict store: what pulls did not let in, until somebody decides.
extension SyncEngine {
    /// Lists what the conflict store holds of a workspace, the oldest first.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - options: Says where the state directory is.
    /// - Returns: The stored versions; a path has several when several pulls found it in conflict with different content.
    /// - Throws: ``SyncError`` when the store cannot be read.
    public static func conflicts(
        in workspace: [UInt8], options: SyncOptions = SyncOptions()
    ) async throws(SyncError) -> [StoredConflict] {
        try await onThread(named: "conflicts") { () throws(SyncError) in
            let root = try DirectoryEndpoints.openSource(workspace)
            return try ConflictListing.read(of: root, at: workspace, options)?.items.map(\.conflict) ?? []
        }
    }

    /// Puts a stored version in the place of the workspace's, which an undo takes back.
    ///
    /// All stored versions of the path then leave the store; the last one is what the workspace gets. What was edited in the workspace
    /// after the conflict was found stops it, unless ``SyncOptions/undoesNewerEdits`` is set.
    ///
    /// - Parameters:
    ///   - path: The entry's path below the workspace's root.
    ///   - workspace: The workspace's path.
    ///   - options: How; the state directory has to be the pull's.
    ///   - cancellation: Raise it to stop; what was done by then is taken back.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``; then the workspace is as it was, unless the message says otherwise.
    @discardableResult
    public static func takeRemote(
        _ path: RelativePath, in workspace: [UInt8], options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        try await run(
            .resolve, of: workspace, with: [], options: options, cancellation: cancellation, observer: observer
        ) { session throws(SyncError) in
            try ConflictResolution(workspacePath: workspace, path: path).takeRemote(&session)
        }
    }

    /// Drops the stored versions of a path: the workspace's stands.
    ///
    /// - Parameters:
    ///   - path: The entry's path below the workspace's root.
    ///   - workspace: The workspace's path.
    ///   - options: Says where the state directory is.
    /// - Returns: How many versions there were.
    /// - Throws: ``SyncError`` when there is none, or it cannot be removed.
    @discardableResult
    public static func keepLocal(
        _ path: RelativePath, in workspace: [UInt8], options: SyncOptions = SyncOptions()
    ) async throws(SyncError) -> Int {
        try await onThread(named: "conflicts") { () throws(SyncError) in
            var session = SyncSession(options: options, cancellation: CancellationFlag()) { _ in }
            return try ConflictResolution(workspacePath: workspace, path: path).keepLocal(&session)
        }
    }

    /// Reads a stored version: a file's bytes, a link's target, or the paths of all that is in a directory.
    ///
    /// - Parameters:
    ///   - path: The path of a stored entry, or of something in a directory that was stored as a whole.
    ///   - workspace: The workspace's path.
    ///   - options: Says where the state directory is.
    ///   - terminator: What ends a link's target and each path of a directory.
    ///   - take: Takes the bytes, piece by piece.
    /// - Throws: ``SyncError``, and what `take` throws.
    public static func readStored(
        _ path: RelativePath, in workspace: [UInt8], options: SyncOptions = SyncOptions(),
        terminator: UInt8 = UInt8(ascii: "\n"),
        _ take: @escaping @Sendable (_ bytes: [UInt8]) throws(SyncError) -> Void
    ) async throws(SyncError) {
        try await onThread(named: "conflicts") { () throws(SyncError) in
            try StoredContent(workspacePath: workspace, path: path, terminator: terminator).read(options, take)
        }
    }
}
