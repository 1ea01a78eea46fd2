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

    /// The parts, in the order in which they are sent.
    static func parts(_ layout: RuntimeLayout) -> [RuntimePart] {
        (layout.preparation.syncsWorkspace ? [.workspace] : []) + [.runtimeRoot]
            + layout.assets.map { .asset($0.asset.key) }
    }

    func run() async throws(RuntimeError) -> PreparedRuntime {
        let store = RuntimeStore(in: layout.preparation.stateDirectory)
        let begun = try await RuntimeTask.onThread { () throws(RuntimeError) in try begin(store) }
        defer { begun.site.close() }
        var record = begun.record
        let outcome: Result<[Problem], RuntimeError>
        do throws(RuntimeError) {
            outcome = .success(try await send(begun, &record, store))
        } catch {
            outcome = .failure(error)
        }
        record.phase = .ready
        record.assetKeys = layout.preparation.assets.map(\.key)
        let ready = record
        return try await RuntimeTask.onThread { () throws(RuntimeError) in
            begun.sources.discard()
            let problems = try outcome.get()
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
        var sources: RuntimeSources
        var uploads: [RuntimeUpload]
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
        let lock = try RuntimeLock(
            record, in: preparation.stateDirectory, wait: preparation.options.lockWait, cancellation: cancellation)
        let sources = try RuntimeSources(layout, name: record.name, store: store, cancellation)
        do throws(RuntimeError) {
            let site = try RuntimeSite(transport, remote: layout.remote, spec: preparation.spec)
            do throws(RuntimeError) {
                let old = try store.loadToReplace(record.name)
                record.remote = site.remote
                record.assetKeys = Array(Set((old?.assetKeys ?? []) + preparation.assets.map(\.key))).sorted()
                try site.prepareRoot(isNeeded: !preparation.syncsWorkspace)
                // Before the first change over there: whoever comes after a kill has to know what may be there.
                record.baselines = old?.baselines ?? []
                try store.save(record)
                let problems = try removeStale(old, site)
                return Begun(
                    lock: lock, site: site, record: record, sources: sources, uploads: sources.uploads,
                    problems: sources.problems + problems)
            } catch {
                site.close()
                throw error
            }
        } catch {
            sources.discard()
            throw error
        }
    }

    /// Removes the assets of an earlier run that this one does not have.
    private func removeStale(_ old: RuntimeRecord?, _ site: RuntimeSite) throws(RuntimeError) -> [Problem] {
        let wanted = Set(layout.preparation.assets.map(\.key))
        guard let old else { return [] }
        var holders = [(layout.runtimeDirectory, old.assetKeys.filter { !wanted.contains($0) }, false)]
        if old.runtimeDirectoryName != layout.preparation.runtimeDirectoryName,
            let name = try? RuntimeKey.checkedRuntimeDirectory(old.runtimeDirectoryName)
        {
            holders = [(name, [], true)]
        }
        for (directory, keys, isWhole) in holders where isWhole || !keys.isEmpty {
            let names = keys.compactMap { try? RuntimeKey.checked($0, as: "The key of an asset") }
            do throws(RuntimeError) {
                try site.remove(isWhole ? nil : names, in: directory, layout.adapter)
            } catch {
                if error.code == .cancelled { throw error }
                return [
                    Problem(
                        .unwritable, path: Array(directory.bytes),
                        message: "what an earlier run left there could not be removed: \(error.sentence)")
                ]
            }
        }
        return []
    }

    private func send(
        _ begun: Begun, _ record: inout RuntimeRecord, _ store: RuntimeStore
    ) async throws(RuntimeError) -> [Problem] {
        var problems: [Problem] = []
        for upload in begun.uploads {
            if cancellation.isRaised { throw RuntimeError.stopped }
            var destination: RuntimeSite.Destination?
            if let components = upload.components {
                let (site, before) = (begun.site, record)
                (record, destination) = try await RuntimeTask.onThread { () throws(RuntimeError) in
                    let destination = try site.destination(components)
                    return (try note(upload, destination, before, store), destination)
                }
            }
            do throws(SyncError) {
                let report = try await SyncEngine.push(
                    upload.source, to: destination?.endpoint ?? begun.site.workspace, options: upload.options,
                    cancellation: cancellation, observer: reporter.observer(of: upload.part))
                problems += report.problems
            } catch {
                throw RuntimeError(error, part: upload.part)
            }
        }
        return problems
    }

    /// Notes on disk which baseline a push will make, so that it goes with the runtime.
    private func note(
        _ upload: RuntimeUpload, _ destination: RuntimeSite.Destination, _ record: RuntimeRecord, _ store: RuntimeStore
    ) throws(RuntimeError) -> RuntimeRecord {
        let pair = [try RuntimeStore.realPath(upload.source), destination.baselineKey]
        let isKnown = stride(from: 0, to: record.baselines.count - 1, by: 2).contains {
            Array(record.baselines[$0...($0 + 1)]) == pair
        }
        guard !isKnown else { return record }
        var record = record
        record.baselines += pair
        try store.save(record)
        return record
    }
}
