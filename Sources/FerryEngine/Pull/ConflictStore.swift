import FerryCore
import FerryFileSystem

/// Where the sandbox's versions of conflicting and held entries go: a directory of each pull in the state directory, outside
/// the workspace, laid out like it.
enum ConflictStore {
    private static let directoryName = Array("conflicts".utf8)

    /// Moves what a pull withheld into the store.
    ///
    /// - Parameters:
    ///   - area: The staging area that holds it.
    ///   - options: Says where the state directory is.
    /// - Returns: Where it is now; nil when there is no state directory to keep it in.
    /// - Throws: ``SyncError`` when it cannot be moved.
    static func keep(_ area: StagingArea, _ options: SyncOptions) throws(SyncError) -> [UInt8]? {
        guard let (path, directory) = try directory(options) else { return nil }
        let place = path + [RelativePath.separator] + area.uniqueName.bytes
        let lost: [Problem]
        do throws(FileSystemError) {
            lost = try area.moveKept(to: directory, as: area.uniqueName) ? [] : copyAcross(area, to: place, options)
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
        // What is not kept must not be dropped either: nothing has been applied yet.
        if let problem = lost.first {
            throw SyncError(.failed, "\(problem.message); the workspace was not changed", examples: lost.map(\.path))
        }
        return place
    }

    /// Makes and opens the store; nil when there is no state directory.
    static func directory(_ options: SyncOptions) throws(SyncError) -> (path: [UInt8], directory: OpenDirectory)? {
        guard let state = options.stateDirectory else { return nil }
        let path = state + [RelativePath.separator] + directoryName
        do throws(FileSystemError) {
            try RootDirectory.createWithParents(path)
            return (path, try RootDirectory.open(path))
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
    }

    /// The state directory lies on another file system: the few entries are copied.
    ///
    /// Returns what could not be.
    private static func copyAcross(
        _ area: StagingArea, to path: [UInt8], _ options: SyncOptions
    ) throws(FileSystemError) -> [Problem] {
        let scan = try TreeScanner.scan(area.kept, options: ScanOptions(rules: IgnoreRules(defaults: .none)))
        let plan = Planner.plan(source: scan.snapshot, destination: .empty, policy: PlanPolicy(differing: .replace))
        try RootDirectory.createWithParents(path)
        let target = try RootDirectory.open(path)
        let result = TreeCopier.copy(
            plan, from: area.kept, to: target, options: CopyOptions(purpose: .inPlace, threads: options.threads))
        if let failure = result.failure { throw failure }
        return result.problems
    }
}
