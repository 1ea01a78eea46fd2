import FerryCore
import FerryFileSystem
import FerryThreads

/// The reading of a baseline on a thread of its own, while both sides are looked at.
///
/// Whoever reads holds the locks of both.
struct BaselineReading: ~Copyable {
    private struct Content: Sendable {
        var baseline: Result<Baseline?, BaselineStoreError>
        /// The sandbox's tree as it says, where a push may trust it.
        var recalled: Snapshot?
    }

    private let store: BaselineStore?
    private let flushes: Bool
    private let header: BaselineHeader
    private let read: @Sendable () -> Content
    private let work: BackgroundWork<Content>?

    /// Begins.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's key.
    ///   - endpoint: The endpoint's key.
    ///   - session: The sync.
    ///   - isFlushed: Whether what the sync writes is on its disk before the next baseline is stored.
    init(
        workspace: [UInt8], endpoint: [UInt8], _ session: borrowing SyncSession, isFlushed: Bool = true
    ) {
        let options = session.options
        var header = BaselineHeader(workspaceKey: workspace, endpointKey: endpoint)
        header.rulesText = options.recordedRules.encoded
        self.header = header
        flushes = isFlushed && options.flushes
        let store = options.stateDirectory.map { BaselineStore(in: $0) }
        self.store = store
        if let store, session.locks != nil, !options.isDryRun {
            store.removeUnfinished(workspace: workspace, endpoint: endpoint)
        }
        read = {
            var content = Content(
                baseline: Result { () throws(BaselineStoreError) in
                    try store?.load(workspace: workspace, endpoint: endpoint)
                })
            if case .success(let old?) = content.baseline { content.recalled = SyncBaseline.recall(old, options) }
            return content
        }
        // Without another thread it is read when it is wanted.
        work = store == nil ? nil : try? BackgroundWork(named: "recalls", read)
    }

    /// Waits for it.
    ///
    /// A damaged one is told and then counts as none.
    ///
    /// - Parameter session: The sync.
    /// - Returns: The baseline.
    /// - Throws: ``SyncError`` when it is there and cannot be read.
    consuming func finish(_ session: inout SyncSession) throws(SyncError) -> SyncBaseline {
        let (store, flushes, header, read) = (store, flushes, header, read)
        let content = work?.value() ?? read()
        var old: Baseline?
        do throws(BaselineStoreError) {
            old = try content.baseline.get()
        } catch {
            guard case .damaged = error else { throw SyncError(.failed, error.description) }
            session.note([Problem(.baselineLost, path: [], message: error.description)])
        }
        return SyncBaseline(store: store, flushes: flushes, header: header, old: old, recalled: content.recalled)
    }
}
