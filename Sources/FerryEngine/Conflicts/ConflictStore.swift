import FerryCore
import FerryFileSystem
import FerryThreads

/// Where the sandbox's versions of conflicting and held entries go: a directory of each pull in the state directory, outside
/// the workspace, laid out like it, with a record beside it.
enum ConflictStore {
    private static let directoryName = Array("conflicts".utf8)
    private static let unchanged = "the workspace was not changed"

    /// Moves what a pull withheld into the store.
    ///
    /// The record comes first and the tree last: without a tree the record does not count. What the store holds already of the same
    /// conflicts gives way to it.
    ///
    /// - Parameters:
    ///   - area: The staging area that holds it.
    ///   - record: What is in it.
    ///   - workspace: The workspace's root.
    ///   - session: The sync.
    /// - Returns: Where it is now; nil when there is no state directory to keep it in.
    /// - Throws: ``SyncError`` when it cannot be moved.
    static func keep(
        _ area: StagingArea, _ record: ConflictRecord, of workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) -> [UInt8]? {
        let options = session.options
        guard let store = try directory(options) else { return nil }
        let lost: [Problem]
        do throws(FileSystemError) {
            if options.flushes { try Flushing.flush(area.kept) }
            try store.write(record, of: area.uniqueName, flushes: options.flushes)
            let isMoved = try area.moveKept(to: store.handle, as: area.uniqueName)
            lost = isMoved ? [] : try copyAcross(area, into: store, options)
        } catch {
            throw SyncError(.failed, "\(error); \(unchanged)")
        }
        // What is not kept must not be dropped either: nothing has been applied yet.
        if let problem = lost.first {
            throw SyncError(.failed, "\(problem.message); \(unchanged)", examples: lost.map(\.path))
        }
        do {
            if options.flushes { try store.flush() }
            try supersede(area.uniqueName, record, of: workspace, in: store, options)
        } catch {
            // Two of the same are better than none.
            session.note([
                Problem(
                    .rescued, path: [],
                    message:
                        "earlier versions of the same conflicts could not be told from the new ones: \(error); all are"
                        + " kept")
            ])
        }
        return store.place(of: [], in: area.uniqueName)
    }

    /// Makes and opens the store; nil when there is no state directory.
    static func directory(_ options: SyncOptions) throws(SyncError) -> ConflictDirectory? {
        guard let path = path(options) else { return nil }
        do throws(FileSystemError) {
            try RootDirectory.createWithParents(path)
            return ConflictDirectory(path: path, directory: try RootDirectory.open(path))
        } catch {
            throw SyncError(.failed, "\(error); \(unchanged)")
        }
    }

    /// Removes what killed pulls of a workspace left half written, where there is a store.
    static func sweep(_ workspace: OpenDirectory, _ options: SyncOptions) {
        guard let path = path(options), let directory = try? RootDirectory.open(path) else { return }
        ConflictDirectory(path: path, directory: directory).sweep(of: workspace)
    }

    /// Where the store is; nil without a state directory.
    static func path(_ options: SyncOptions) -> [UInt8]? {
        options.stateDirectory.map { $0 + [RelativePath.separator] + directoryName }
    }

    /// The state directory lies on another file system: the few entries are copied.
    ///
    /// Returns what could not be.
    private static func copyAcross(
        _ area: StagingArea, into store: ConflictDirectory, _ options: SyncOptions
    ) throws(FileSystemError) -> [Problem] {
        let scan = try TreeScanner.scan(area.kept, options: ScanOptions(rules: IgnoreRules(defaults: .none)))
        let plan = Planner.plan(source: scan.snapshot, destination: .empty, policy: PlanPolicy(differing: .replace))
        let target = try store.makeNewTree(for: area.uniqueName)
        let result = TreeCopier.copy(
            plan, from: area.kept, to: target, options: CopyOptions(purpose: .inPlace, threads: options.threads))
        if let failure = result.failure { throw failure }
        guard result.problems.isEmpty else { return result.problems }
        if options.flushes { try Flushing.flush(target) }
        try store.acceptNewTree(of: area.uniqueName)
        return []
    }

    // MARK: The same again

    /// Removes older versions that are the same as new ones, and what killed pulls left.
    ///
    /// A pull that was killed before its baseline moved forward finds its conflicts once more.
    private static func supersede(
        _ name: TerminatedName, _ record: ConflictRecord, of workspace: OpenDirectory, in store: ConflictDirectory,
        _ options: SyncOptions
    ) throws {
        let new = Dictionary(record.entries.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
        let tree = try store.tree(of: name)
        for area in try store.areas(of: workspace, at: record.workspace) {
            guard !area.name.bytes.elementsEqual(name.bytes), let known = area.record else { continue }
            guard area.isComplete, !known.entries.isEmpty else {
                store.erase(area)
                continue
            }
            var same: Set<[UInt8]> = []
            var stored: [RelativePath] = []
            for entry in known.entries {
                guard let other = new[entry.path], other.version == entry.version, other.mode == entry.mode
                else { continue }
                if entry.version == .stored {
                    stored.append(RelativePath(unchecked: entry.path))
                } else {
                    same.insert(entry.path)
                }
            }
            if !stored.isEmpty {
                same.formUnion(try equalPaths(among: stored, in: tree, and: store.tree(of: area.name), options))
            }
            if !same.isEmpty { try store.remove(same, from: area, flushes: options.flushes) }
        }
    }

    /// The paths under which two trees hold the same.
    private static func equalPaths(
        among paths: [RelativePath], in one: OpenDirectory, and other: OpenDirectory, _ options: SyncOptions
    ) throws(FileSystemError) -> Set<[UInt8]> {
        let scan = ScanOptions(
            rules: IgnoreRules(defaults: .none), selection: FileSelection(paths), threads: options.threads)
        let policy = PlanPolicy(differing: .replace, extra: .delete, comparesAllContent: true)
        var plan = Planner.plan(
            source: try TreeScanner.scan(one, options: scan).snapshot,
            destination: try TreeScanner.scan(other, options: scan).snapshot, policy: policy)
        let comparison = try ContentComparer.compare(
            plan, from: one, to: other, threads: options.threads, cancellation: CancellationFlag(),
            progress: TransferProgress())
        // What cannot be read is not known to be the same.
        plan.settle(equal: comparison.equal.map { $0 ?? false })
        var equal = Set(paths.map(\.bytes))
        for step in plan.steps where step.action != .descend && step.action != .unchanged {
            var path: RelativePath? = RelativePath(unchecked: plan.path(of: step))
            while let next = path {
                equal.remove(next.bytes)
                path = next.parent
            }
        }
        return equal
    }
}
