import FerryCore
public import FerryThreads

extension SyncEngine {
    /// Makes directories of an endpoint equal to local ones: a workspace, and assets beside it.
    ///
    /// Where commands stream, all of it travels in one. A halt of the workspace comes before the first change and leaves the assets
    /// untouched too. What is told of an asset has the asset's destination before its path, and so has every problem; each part tells
    /// its plan, and the report counts all of them.
    ///
    /// - Parameters:
    ///   - parts: What goes where.
    ///   - sandbox: Where all of it goes; an archive takes one workspace and nothing else.
    ///   - options: How; for assets only as far as it is not about rules, deletions, halts and secrets.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``.
    @discardableResult
    public static func push(
        _ parts: [PushPart], to sandbox: Endpoint, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        let named = parts.first { $0.role == .workspace } ?? parts.first
        return try await run(
            .push, of: named?.directory ?? [], with: sandbox.text, options: options, cancellation: cancellation,
            observer: observer
        ) { session throws(SyncError) in
            try PushPart.check(parts)
            switch sandbox {
            case .directory(let path):
                try DirectoryPush(parts: parts, sandboxPath: path).run(&session)
            case .sandbox(let endpoint):
                try RemotePush(parts: parts, endpoint: endpoint).run(&session)
            case .archive, .standardStream:
                guard parts.count == 1, let workspace = parts.first, workspace.role == .workspace else {
                    throw SyncError(
                        .usage, "an archive takes one workspace and no assets; push them to a directory or a sandbox")
                }
                try StreamPush(part: workspace, destination: sandbox).run(&session)
            }
        }
    }
}
