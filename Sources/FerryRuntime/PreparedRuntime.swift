public import FerryCore
public import FerryEngine
public import FerryThreads
import Synchronization

/// A sandbox that was prepared: where everything is, and how the results come back.
public final class PreparedRuntime: Sendable {
    /// Which sandbox, as it was asked for.
    public let spec: ExecutionSpec
    /// The workspace on this machine.
    public let workspaceLocalDirectory: [UInt8]
    /// The workspace's directory in the sandbox.
    public let workspaceRemoteDirectory: [UInt8]
    /// The directory in the sandbox that holds the assets; made with the first one.
    public let runtimeRoot: [UInt8]
    /// The assets' directories in the sandbox, by their keys.
    public let assetDirectories: [String: [UInt8]]
    /// Whether all of it is in the sandbox; false only of one that was found after its preparation had been cut off.
    public let isComplete: Bool
    /// What could not be sent, or is to be known.
    ///
    /// The paths are below the workspace's directory; those of an asset begin with the runtime directory.
    public let problems: [Problem]

    private let layout: RuntimeLayout
    private let record: RuntimeRecord
    private let transport: RuntimeTransport
    private let isReleased = Mutex(false)

    init(layout: RuntimeLayout, record: RuntimeRecord, transport: RuntimeTransport, problems: [Problem]) {
        self.layout = layout
        self.record = record
        self.transport = transport
        self.problems = problems
        spec = layout.preparation.spec
        workspaceLocalDirectory = layout.preparation.workspaceLocalDirectory
        workspaceRemoteDirectory = record.remote
        let root =
            record.remote + [RelativePath.separator] + layout.runtimeDirectory.bytes + [RelativePath.separator]
            + layout.adapter.bytes
        runtimeRoot = root
        assetDirectories = Dictionary(uniqueKeysWithValues: record.assetKeys.map { ($0, root + Array("/\($0)".utf8)) })
        isComplete = record.phase == .ready
    }

    /// Brings the sandbox's results into the workspace; may be called again and again.
    ///
    /// Both sides are merged, path by path: what was changed on this machine meanwhile is never lost. See `SyncEngine` for what becomes
    /// of conflicts. Nothing is ever restored from the runtime directory.
    ///
    /// - Parameters:
    ///   - overrides: Halts that are let through this time, beside those of the preparation.
    ///   - cancellation: Raise it to stop at the next entry; the end of the caller's task does so, too.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``RuntimeError``.
    @discardableResult
    public func restoreWorkspace(
        allowing overrides: Set<Halt.Reason> = [], cancellation: CancellationFlag = CancellationFlag(),
        observer: @escaping RuntimeObserver = { _ in }
    ) async throws(RuntimeError) -> RuntimeRestore {
        try checkNotReleased()
        let reporter = RuntimeReporter("restore", layout, parts: [.workspace], observer: observer)
        return try await RuntimeTask.run(cancellation, reporter) { [self] () async throws(RuntimeError) in
            guard record.syncsWorkspace else { return .nothingToRestore }
            let (lock, site) = try await open(cancellation)
            defer {
                site.close()
                _ = lock
            }
            var options = layout.restoreOptions()
            options.overrides.allowed.formUnion(overrides)
            do throws(SyncError) {
                return .restored(
                    try await SyncEngine.pull(
                        from: site.workspace, to: workspaceLocalDirectory, options: options,
                        cancellation: cancellation, observer: reporter.syncObserver()))
            } catch {
                throw RuntimeError(error, of: "the sandbox's directory", while: "restoring the workspace")
            }
        }
    }

    /// Removes the runtime root from the sandbox, where that can be reached, and what is known of the runtime here.
    ///
    /// The workspace is not touched on either side, nor is what both agreed on: a later `prepare` goes on from there. A second call does
    /// nothing.
    ///
    /// - Parameter cancellation: Raise it to stop.
    /// - Returns: Whether the sandbox was cleaned.
    /// - Throws: ``RuntimeError`` when the state on this machine cannot be removed.
    @discardableResult
    public func release(cancellation: CancellationFlag = CancellationFlag()) async throws(RuntimeError)
        -> RuntimeRelease
    {
        guard !isReleased.withLock({ $0 }) else { return .cleaned }
        let outcome = try await RuntimeTask.onThread { [self] () throws(RuntimeError) in
            let lock = try takeLock(cancellation)
            defer { _ = lock }
            let outcome = clean()
            try RuntimeStore(in: layout.preparation.stateDirectory).remove(record)
            return outcome
        }
        isReleased.withLock { $0 = true }
        return outcome
    }

    private func clean() -> RuntimeRelease {
        do throws(RuntimeError) {
            let site = try RuntimeSite(transport, remote: layout.remote, spec: spec)
            defer { site.close() }
            try site.remove(nil, in: layout.runtimeDirectory, layout.adapter)
            return .cleaned
        } catch {
            return .notCleaned(error)
        }
    }

    private func checkNotReleased() throws(RuntimeError) {
        guard isReleased.withLock({ $0 }) else { return }
        throw RuntimeError(.released, "The runtime was released.", advice: "Prepare it again.")
    }

    private func takeLock(_ cancellation: CancellationFlag) throws(RuntimeError) -> RuntimeLock {
        try RuntimeLock(
            record, in: layout.preparation.stateDirectory, wait: layout.preparation.options.lockWait,
            cancellation: cancellation)
    }

    private func open(_ cancellation: CancellationFlag) async throws(RuntimeError) -> (RuntimeLock, RuntimeSite) {
        try await RuntimeTask.onThread { [self] () throws(RuntimeError) in
            let lock = try takeLock(cancellation)
            return (lock, try RuntimeSite(transport, remote: layout.remote, spec: spec))
        }
    }
}

/// What a restore did.
public enum RuntimeRestore: Sendable {
    /// The results were merged into the workspace.
    case restored(SyncReport)
    /// The workspace is not part of this runtime, so nothing was done.
    case nothingToRestore

    /// What was done; nil when nothing was to be.
    public var report: SyncReport? {
        guard case .restored(let report) = self else { return nil }
        return report
    }
}

/// What became of the runtime root in the sandbox.
public enum RuntimeRelease: Sendable {
    /// It is gone.
    case cleaned
    /// The sandbox could not be reached or did not do it; what is known here is removed all the same.
    case notCleaned(RuntimeError)
}
