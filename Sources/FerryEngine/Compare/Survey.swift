import FerryCore
import FerryFileSystem
import FerryThreads

/// Both sides of a sync as they are, looked at and not touched.
struct Survey {
    let workspace: OpenDirectory
    let local: Snapshot
    let remote: Snapshot
    let view: any SandboxView
    /// What both last agreed on; nil where nothing is ever kept of it.
    let baseline: SyncBaseline?

    /// Looks at both sides.
    ///
    /// - Parameters:
    ///   - workspacePath: The workspace's path.
    ///   - view: The sandbox.
    ///   - workspace: The workspace's root.
    ///   - session: What is being done; it must not be allowed to change anything.
    /// - Throws: ``SyncError``.
    init(
        of workspacePath: [UInt8], and view: any SandboxView, _ workspace: OpenDirectory,
        _ session: inout SyncSession
    ) throws(SyncError) {
        self.workspace = workspace
        self.view = view
        Recovery.report(workspace, &session)
        baseline = try view.baseline(of: SyncLocks.key(of: workspace, at: workspacePath), &session)
        try session.begin(.scanning)
        let scan = try session.scan(workspace, session.options.workspaceScan(), at: workspacePath)
        session.note(scan.problems.filter { $0.code != .skipped })
        local = scan.snapshot
        remote = try view.list(scan.rules, &session)
    }

    /// Demands that there is something to compare with.
    func demandSandbox(_ endpoint: Endpoint) throws(SyncError) {
        if view.exists { return }
        throw SyncError(
            .halted,
            "the sandbox '\(displayName(of: endpoint.text))' is not there; what is missing never counts as empty:"
                + " check the path")
    }

    /// The baseline as a sync in one direction takes it.
    ///
    /// - Parameters:
    ///   - isPush: The direction.
    ///   - options: What is let through.
    /// - Returns: The baseline.
    /// - Throws: ``SyncError``: that sync would halt because the sandbox is another one.
    func identified(isPush: Bool, _ options: SyncOptions) throws(SyncError) -> SyncBaseline? {
        guard var baseline else { return nil }
        try baseline.identify(view.identity(), isPush: isPush, options)
        return baseline
    }
}

extension SyncEngine {
    /// Looks at both sides on a thread of its own; nothing is locked, recovered or logged.
    static func look<Value: Sendable>(
        at workspace: [UInt8], and sandbox: Endpoint, options: SyncOptions, cancellation: CancellationFlag,
        observer: @escaping SyncObserver,
        _ body: @escaping @Sendable (Survey, inout SyncSession) throws(SyncError) -> Value
    ) async throws(SyncError) -> Value {
        var options = options
        options.isDryRun = true
        options.reportsItems = true
        options.takesDigests = false
        let readOnly = options
        return try await onThread(named: "compare") { () throws(SyncError) in
            var session = SyncSession(options: readOnly, cancellation: cancellation, observer: observer)
            let directory = try DirectoryEndpoints.openSource(workspace)
            let view = try SandboxViews.open(sandbox, beside: directory, at: workspace, session)
            defer { view.close() }
            let survey = try Survey(of: workspace, and: view, directory, &session)
            return try body(survey, &session)
        }
    }
}
