import FerryCore
public import FerryEngine
public import FerryThreads

/// Prepares a sandbox for an agent and brings its results back: one call before the agent runs and one after it.
///
/// ```swift
/// let spec = try ExecutionSpec.parse(request)
/// var preparation = RuntimePreparation(
///     spec: spec, adapterKey: "claude", workspaceLocalDirectory: workspace, stateDirectory: state)
/// preparation.assets = [RuntimeAsset(key: "skills", localDirectory: skills, followsSymlinks: true)]
/// let runtime = try await ManagedRuntime.prepare(preparation, in: .sandbox(sandbox))
/// // … the agent runs in runtime.workspaceRemoteDirectory …
/// let outcome = try await runtime.restoreWorkspace()
/// try await runtime.release()
/// ```
public enum ManagedRuntime {
    /// Brings the workspace and the assets to the sandbox.
    ///
    /// Keys, paths and names are checked before anything is read or reached. What fails or is killed on the way is put right by the next
    /// call with the same request; ``PreparedRuntime/release(cancellation:)`` removes it.
    ///
    /// - Parameters:
    ///   - preparation: What is to be prepared.
    ///   - transport: The way to the sandbox.
    ///   - cancellation: Raise it to stop at the next entry; the end of the caller's task does so, too.
    ///   - observer: Takes the events.
    /// - Returns: The runtime.
    /// - Throws: ``RuntimeError``.
    public static func prepare(
        _ preparation: RuntimePreparation, in transport: RuntimeTransport,
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping RuntimeObserver = { _ in }
    ) async throws(RuntimeError) -> PreparedRuntime {
        let layout = try RuntimeLayout(preparation)
        let reporter = RuntimeReporter("prepare", layout, parts: layout.parts, observer: observer)
        return try await RuntimeTask.run(cancellation, reporter) { () async throws(RuntimeError) in
            let preparer = RuntimePreparer(
                layout: layout, transport: transport, cancellation: cancellation, reporter: reporter)
            return try await preparer.run()
        }
    }

    /// Finds a runtime that was prepared before, by this process or by one that has ended since.
    ///
    /// One that was not prepared to its end is found as well, so that it can be released; what it could not send is not restored.
    ///
    /// - Parameters:
    ///   - workspace: The workspace on this machine, by any path.
    ///   - spec: Which sandbox; its directory counts only when several runtimes fit.
    ///   - adapterKey: The adapter's name; needed only when several runtimes fit.
    ///   - stateDirectory: The directory that ``prepare(_:in:cancellation:observer:)`` was given.
    ///   - transport: The way to the sandbox.
    ///   - options: How the syncs are done, for what was not said when it was prepared.
    /// - Returns: The runtime.
    /// - Throws: ``RuntimeError``; ``RuntimeError/Code/notPrepared`` when there is none, ``RuntimeError/Code/ambiguous`` for several.
    public static func resume(
        workspace: [UInt8], spec: ExecutionSpec, adapterKey: String? = nil, stateDirectory: [UInt8],
        transport: RuntimeTransport, options: SyncOptions = SyncOptions()
    ) async throws(RuntimeError) -> PreparedRuntime {
        let record = try await RuntimeTask.onThread { () throws(RuntimeError) in
            let store = RuntimeStore(in: stateDirectory)
            return try RuntimeChoice.one(
                of: store.records(
                    workspace: RuntimeStore.realPath(workspace), provider: spec.provider, sandboxID: spec.sandboxID),
                spec: spec, adapterKey: adapterKey)
        }
        var preparation = RuntimePreparation(
            spec: spec, adapterKey: record.adapterKey, workspaceLocalDirectory: workspace,
            stateDirectory: stateDirectory)
        preparation.workspaceRemoteDirectory = record.requestedRemote
        preparation.syncsWorkspace = record.syncsWorkspace
        preparation.ownsSandbox = record.ownsSandbox
        preparation.runtimeDirectoryName = record.runtimeDirectoryName
        preparation.exclude = record.exclude
        preparation.preserve = record.preserve
        preparation.options = options
        return PreparedRuntime(
            layout: try RuntimeLayout(preparation), record: record, transport: transport, problems: [])
    }

    /// Restores the workspace of a runtime that was prepared before: finds it, and brings its results back.
    ///
    /// - Parameters:
    ///   - workspace: The workspace on this machine, by any path.
    ///   - spec: Which sandbox.
    ///   - adapterKey: The adapter's name; needed only when several runtimes fit.
    ///   - stateDirectory: The directory that ``prepare(_:in:cancellation:observer:)`` was given.
    ///   - transport: The way to the sandbox.
    ///   - options: How the syncs are done, for what was not said when it was prepared.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``RuntimeError``.
    @discardableResult
    public static func restore(
        workspace: [UInt8], spec: ExecutionSpec, adapterKey: String? = nil, stateDirectory: [UInt8],
        transport: RuntimeTransport, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping RuntimeObserver = { _ in }
    ) async throws(RuntimeError) -> RuntimeRestore {
        let runtime = try await resume(
            workspace: workspace, spec: spec, adapterKey: adapterKey, stateDirectory: stateDirectory,
            transport: transport, options: options)
        return try await runtime.restoreWorkspace(cancellation: cancellation, observer: observer)
    }
}
