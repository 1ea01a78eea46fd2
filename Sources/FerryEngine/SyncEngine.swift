import FerryCore
public import FerryThreads
import FerryTransport

/// Pushes a workspace into a sandbox and pulls the results back.
///
/// All work happens on threads of its own; the caller's task only waits.
public enum SyncEngine {
    /// Makes a sandbox's directory, or a tar, equal to the workspace, as far as the rules and the options say.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: Where it goes.
    ///   - options: How.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``.
    @discardableResult
    public static func push(
        _ workspace: [UInt8], to sandbox: Endpoint, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        try await push(
            [.workspace(workspace)], to: sandbox, options: options, cancellation: cancellation, observer: observer)
    }

    /// Brings a sandbox's results, or a tar's content, into the workspace.
    ///
    /// - Parameters:
    ///   - sandbox: Where they are.
    ///   - workspace: The workspace's path.
    ///   - options: How.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``.
    @discardableResult
    public static func pull(
        from sandbox: Endpoint, to workspace: [UInt8], options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        try await run(
            .pull, of: workspace, with: sandbox.text, options: options, cancellation: cancellation, observer: observer
        ) { session throws(SyncError) in
            switch sandbox {
            case .directory(let path):
                try DirectoryPull(sandboxPath: path, workspacePath: workspace).run(&session)
            case .archive, .standardStream:
                try StreamPull(source: sandbox, workspacePath: workspace).run(&session)
            case .sandbox(let endpoint):
                try RemotePull(endpoint: endpoint, workspacePath: workspace).run(&session)
            }
        }
    }

    /// Runs a sync on a thread of its own, and notes it in the log.
    static func run(
        _ kind: RunRecord.Kind, of workspace: [UInt8], with endpoint: [UInt8], options: SyncOptions,
        cancellation: CancellationFlag, observer: @escaping SyncObserver,
        _ body: @escaping @Sendable (inout SyncSession) throws(SyncError) -> Void
    ) async throws(SyncError) -> SyncReport {
        try await onThread(named: kind.rawValue) { () throws(SyncError) in
            var session = SyncSession(options: options, cancellation: cancellation, observer: observer)
            func log(_ outcome: String) {
                session.note(
                    RunLogging.note(
                        kind, outcome, session.report, workspace: workspace, endpoint: endpoint, options))
            }
            do throws(SyncError) {
                try body(&session)
            } catch {
                log(error.code.rawValue)
                throw error
            }
            log(session.options.keepsPlan ? "planned" : session.report.isPartial ? "partial" : "done")
            return session.finish()
        }
    }
}

extension Endpoint {
    /// How a user writes it.
    var text: [UInt8] {
        switch self {
        case .directory(let path): path
        case .archive(let path): Array("tar:".utf8) + path
        case .standardStream: [UInt8(ascii: "-")]
        case .sandbox(let endpoint): endpoint.target
        }
    }
}

extension SyncReport {
    /// Whether some entries could not be read or written, or are left to be decided.
    var isPartial: Bool {
        summary.conflicts + summary.held > 0
            || problems.contains { [.unreadable, .unwritable, .protected, .unstable].contains($0.code) }
    }
}
