import FerryCore
import FerryEngine
import FerryFileSystem
import FerryThreads

/// One call of `prepare`.
struct RuntimePreparer: Sendable {
    let layout: RuntimeLayout
    let transport: RuntimeTransport
    let cancellation: CancellationFlag
    let reporter: RuntimeReporter

    func run() async throws(RuntimeError) -> PreparedRuntime {
        let store = RuntimeStore(in: layout.preparation.stateDirectory)
        let begun = try await RuntimeTask.onThread { () throws(RuntimeError) in try begin(store) }
        defer { begun.site.close() }
        let problems = try await send(begun)
        var record = begun.record
        record.phase = .ready
        record.assetKeys = layout.preparation.assets.map(\.key)
        let ready = record
        return try await RuntimeTask.onThread { () throws(RuntimeError) in
            try store.save(ready)
            return PreparedRuntime(
                layout: layout, record: ready, transport: transport, problems: begun.problems + problems)
        }
    }

    /// What is at hand once a run has begun.
    private struct Begun: Sendable {
        var lock: RuntimeLock
        var site: RuntimeSite
        var record: RuntimeRecord
        var problems: [Problem]
    }

    /// Everything that is done before the first byte is sent.
    private func begin(_ store: RuntimeStore) throws(RuntimeError) -> Begun {
        let preparation = layout.preparation
        var record = RuntimeRecord(
            workspace: try RuntimeStore.realPath(preparation.workspaceLocalDirectory),
            provider: preparation.spec.provider, sandboxID: preparation.spec.sandboxID,
            requestedRemote: preparation.workspaceRemoteDirectory ?? Array(preparation.spec.remoteDirectory.utf8),
            remote: [], adapterKey: preparation.adapterKey, runtimeDirectoryName: preparation.runtimeDirectoryName,
            syncsWorkspace: preparation.syncsWorkspace, ownsSandbox: preparation.ownsSandbox, assetKeys: [],
            exclude: preparation.exclude, preserve: preparation.preserve)
        for (asset, _) in layout.assets { try checkReadable(asset) }
        let lock = try RuntimeLock(
            record, in: preparation.stateDirectory, wait: preparation.options.lockWait, cancellation: cancellation)
        if cancellation.isRaised { throw RuntimeError.stopped }
        let site = try RuntimeSite(transport, remote: layout.remote, spec: preparation.spec)
        do throws(RuntimeError) {
            let old = try store.loadToReplace(record.name)
            record.remote = site.remote
            record.assetKeys = Array(Set((old?.assetKeys ?? []) + preparation.assets.map(\.key))).sorted()
            try site.prepareRoot(isNeeded: !preparation.syncsWorkspace)
            // Before the first change over there: whoever comes after a kill has to know what may be there.
            try store.save(record)
            return Begun(lock: lock, site: site, record: record, problems: try removeStale(old, site))
        } catch {
            site.close()
            throw error
        }
    }

    private func checkReadable(_ asset: RuntimeAsset) throws(RuntimeError) {
        do throws(FileSystemError) {
            _ = try RootDirectory.open(asset.localDirectory)
        } catch {
            let part = RuntimePart.asset(asset.key).name
            throw RuntimeError(
                .assetUnavailable, "\(part.prefix(1).uppercased() + part.dropFirst()) cannot be read.",
                advice: "Check that its directory is there and may be read.",
                detail: "\(part) in '\(displayName(of: asset.localDirectory))': \(error)")
        }
    }

    /// Removes what an earlier run sent and this one does not: its other assets, or all of it where another runtime directory is named.
    private func removeStale(_ old: RuntimeRecord?, _ site: RuntimeSite) throws(RuntimeError) -> [Problem] {
        guard let old, let directory = try? RuntimeKey.checkedRuntimeDirectory(old.runtimeDirectoryName) else {
            return []
        }
        let hasMoved = !directory.bytes.elementsEqual(layout.runtimeDirectory.bytes)
        let wanted = Set(layout.preparation.assets.map(\.key))
        let names = old.assetKeys.filter { !wanted.contains($0) }
            .compactMap { try? RuntimeKey.checked($0, as: "The key of an asset") }
        guard hasMoved || !names.isEmpty else { return [] }
        do throws(RuntimeError) {
            try site.remove(hasMoved ? nil : names, in: directory, layout.adapter)
            return []
        } catch {
            if error.code == .cancelled { throw error }
            return [
                Problem(
                    .unwritable, path: Array(directory.bytes),
                    message: "what an earlier run left there could not be removed: \(error.sentence)")
            ]
        }
    }

    private func send(_ begun: Begun) async throws(RuntimeError) -> [Problem] {
        let parts = layout.pushParts()
        if parts.isEmpty { return [] }
        do throws(SyncError) {
            let report = try await SyncEngine.push(
                parts, to: begun.site.workspace, options: layout.workspaceOptions(), cancellation: cancellation,
                observer: reporter.syncObserver())
            return report.problems
        } catch {
            throw RuntimeError(error, of: "the workspace", while: "preparing the sandbox")
        }
    }
}
