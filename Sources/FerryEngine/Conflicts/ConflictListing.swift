import FerryCore
import FerryFileSystem
import SystemPackage

/// What the conflict store holds of one workspace.
struct ConflictListing {
    /// One version, and what is needed to take it.
    struct Item {
        let conflict: StoredConflict
        let area: ConflictArea
        /// What the workspace had when the conflict was found, by ``LocalVersion``; nil where that is not known.
        let local: [UInt8]?
    }

    let store: ConflictDirectory
    /// The oldest first.
    let items: [Item]

    /// Reads the store.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root.
    ///   - path: Its path, for messages.
    ///   - options: Says where the state directory is.
    /// - Returns: The listing; nil when there is no store yet.
    /// - Throws: ``SyncError``.
    static func read(
        of workspace: OpenDirectory, at path: [UInt8], _ options: SyncOptions
    ) throws(SyncError) -> ConflictListing? {
        guard let place = ConflictStore.path(options) else {
            throw SyncError(.usage, "without a state directory no conflicts are kept; name one")
        }
        let name = displayName(of: path)
        do throws(JournalError) {
            guard let directory = try open(place) else { return nil }
            let store = ConflictDirectory(path: place, directory: directory)
            var items: [Item] = []
            for area in try store.areas(of: workspace, at: realPath(of: workspace, at: path)) where area.isComplete {
                items += try Self.items(of: area, store, options)
            }
            return ConflictListing(store: store, items: items)
        } catch {
            if case .newerVersion = error {
                throw SyncError(
                    .failed,
                    "the conflict store in '\(displayName(of: place))' was written by a newer ferry; use that one")
            }
            throw SyncError(.failed, "the conflict store of '\(name)' cannot be read: \(error)")
        }
    }

    /// Opens the store; nil when there is none yet.
    private static func open(_ place: [UInt8]) throws(JournalError) -> OpenDirectory? {
        do throws(FileSystemError) {
            return try RootDirectory.open(place)
        } catch {
            if error.cause == .noSuchFileOrDirectory { return nil }
            throw .file(error)
        }
    }

    private static func realPath(of workspace: OpenDirectory, at path: [UInt8]) throws(JournalError) -> [UInt8] {
        do throws(Errno) {
            return try RootDirectory.realPath(of: workspace)
        } catch {
            throw .file(FileSystemError("find the real path of", path: path, cause: error))
        }
    }

    private static func items(
        of area: ConflictArea, _ store: ConflictDirectory, _ options: SyncOptions
    ) throws(JournalError) -> [Item] {
        switch area.content {
        case .recorded(let record):
            return record.entries.map {
                Item(conflict: StoredConflict($0, of: record, in: area, store), area: area, local: $0.local)
            }
        case .setAside:
            let place = store.place(of: [], in: area.name)
            return [
                Item(
                    conflict: StoredConflict(.setAside, [], .directory, size: 0, place: place), area: area, local: nil)
            ]
        case .unknown:
            let tree: Snapshot
            do throws(FileSystemError) {
                let scan = ScanOptions(rules: IgnoreRules(defaults: .none), threads: options.threads)
                tree = try TreeScanner.scan(store.tree(of: area.name), options: scan).snapshot
            } catch {
                throw .file(error)
            }
            return leaves(of: tree).map { id in
                let path = tree.path(of: id)
                return Item(
                    conflict: StoredConflict(
                        .unknown, path, tree[id].kind, size: tree[id].size, place: store.place(of: path, in: area.name)),
                    area: area, local: nil)
            }
        }
    }

    /// What is no directory, or an empty one, in the order of paths.
    private static func leaves(of tree: Snapshot) -> [EntryID] {
        var found: [EntryID] = []
        var stack = [tree.root]
        while let id = stack.popLast() {
            let children = tree.children(of: id)
            if id != tree.root, children.isEmpty { found.append(id) }
            stack.append(contentsOf: children.reversed())
        }
        return found
    }

    /// The versions of one path, the oldest first.
    func versions(of path: RelativePath) -> [Item] { items.filter { $0.conflict.path == path.bytes } }

    /// Why there is nothing to do for a path.
    static func missing(_ path: RelativePath, in workspace: [UInt8]) -> SyncError {
        let name = displayName(of: workspace)
        return SyncError(
            .failed,
            "the conflict store has no version of '\(displayName(of: path.bytes))' for '\(name)'; nothing was changed:"
                + " 'ferry sync conflicts' lists what it has")
    }

    /// Removes all versions of a path.
    ///
    /// - Returns: How many there were.
    func drop(_ path: RelativePath, _ options: SyncOptions) throws(SyncError) -> Int {
        let versions = versions(of: path)
        do throws(FileSystemError) {
            for version in versions { try store.remove([path.bytes], from: version.area, flushes: options.flushes) }
        } catch {
            throw SyncError(.failed, "\(error); the workspace is not concerned")
        }
        return versions.count
    }
}
