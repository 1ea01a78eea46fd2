import FerryCore
import FerryFileSystem

/// A directory of this machine that a sandbox worked in, looked at.
final class DirectoryView: SandboxView {
    private let path: [UInt8]
    private let directory: OpenDirectory?
    private var isEmpty = true

    init(_ path: [UInt8], beside workspace: OpenDirectory, at workspacePath: [UInt8]) throws(SyncError) {
        self.path = path
        directory = try DirectoryEndpoints.openDestination(path)
        if let directory {
            try DirectoryEndpoints.checkApart(workspace, workspacePath, directory, path)
        } else {
            try DirectoryEndpoints.checkApart(workspace, workspacePath, fromNew: path)
        }
    }

    var exists: Bool { directory != nil }
    var takesPushes: Bool { true }

    func list(_ rules: IgnoreRules, _ session: inout SyncSession) throws(SyncError) -> Snapshot {
        guard let directory else { return .empty }
        let scan = try session.scan(directory, session.options.sandboxScan(rules: rules), at: path)
        session.note(scan.problems)
        isEmpty = scan.snapshot.entryCount == 0
        return scan.snapshot
    }

    func baseline(of workspace: [UInt8], _ session: inout SyncSession) throws(SyncError) -> SyncBaseline? {
        let key = SyncBaseline.key(of: try SyncLocks.key(of: directory, at: path))
        return try SyncBaseline.load(workspace: workspace, endpoint: key, &session)
    }

    func identity() throws(SyncError) -> SyncBaseline.Identity {
        try SyncBaseline.identity(of: directory, isEmpty: isEmpty)
    }

    func digests(for baseline: SyncBaseline?) throws(SyncError) -> [[UInt8]: [UInt8]] { [:] }

    func settle(
        _ plans: inout [Plan], with workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) {
        guard let directory else { return }
        for number in plans.indices {
            if plans[number].policy.merge == .push {
                try session.compareContent(&plans[number], from: workspace, to: directory)
            } else {
                try session.compareContent(&plans[number], from: directory, to: workspace)
            }
        }
    }

    func checkSpace(_ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {
        let place: OpenDirectory
        if let directory { place = directory } else { place = try DirectoryEndpoints.openParent(of: path) }
        try DirectoryEndpoints.checkSpace(summary, on: place, options)
    }

    func content(
        of paths: [[UInt8]], bytes: Int64, _ session: inout SyncSession
    ) throws(SyncError) -> OpenDirectory {
        if let directory { return directory }
        return try DirectoryEndpoints.openSource(path)
    }

    func close() {}
}
