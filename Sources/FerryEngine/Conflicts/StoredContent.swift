import FerryCore
import FerryFileSystem
import SystemPackage

/// Reads a stored version for somebody to look at.
struct StoredContent {
    let workspacePath: [UInt8]
    let path: RelativePath
    /// What ends a link's target and each name of a directory.
    let terminator: UInt8

    private static let pieceSize = 64 << 10

    func read(
        _ options: SyncOptions, _ take: (_ bytes: [UInt8]) throws(SyncError) -> Void
    ) throws(SyncError) {
        let workspace = try DirectoryEndpoints.openSource(workspacePath)
        guard let listing = try ConflictListing.read(of: workspace, at: workspacePath, options) else {
            throw ConflictListing.missing(path, in: workspacePath)
        }
        // Something in a directory that was stored as a whole is there as well.
        let item = listing.items.last {
            guard !$0.conflict.path.isEmpty else { return false }
            if case .permissions = $0.conflict.version { return $0.conflict.path == path.bytes }
            return path.isSameOrBelow(RelativePath(unchecked: $0.conflict.path))
        }
        guard let item else { throw ConflictListing.missing(path, in: workspacePath) }
        let shown = displayName(of: path.bytes)
        switch item.conflict.version {
        case .stored: break
        case .permissions(let mode): return try take(Array(PermissionText.octal(mode).utf8) + [terminator])
        case .deleted: throw SyncError(.failed, "the sandbox deleted '\(shown)', so there is nothing to show")
        case .leftInSandbox:
            throw SyncError(
                .failed, "the pull did not fetch the sandbox's version of '\(shown)'; look at it in the sandbox")
        }
        let tree: OpenDirectory
        do throws(FileSystemError) {
            tree = try listing.store.tree(of: item.area.name)
        } catch {
            throw SyncError(.failed, error.description)
        }
        let name = TerminatedName(unchecked: ArraySlice(Array(path.name) + [0]))
        let parent = try holder(in: tree)
        switch try opened({ () throws(Errno) in try parent.handle.status(of: name).kind }) {
        case .symlink:
            try take(try opened { () throws(Errno) in try parent.handle.target(of: name) } + [terminator])
        case .directory:
            let directory = try opened { () throws(Errno) in
                OpenDirectory(try parent.handle.openDirectory(name))
            }
            try list(directory, options, take)
        default:
            try copy(name, in: parent, take)
        }
    }

    private func holder(in tree: OpenDirectory) throws(SyncError) -> OpenDirectory {
        var cursor = DirectoryCursor(root: tree)
        do throws(Errno) {
            return try cursor.open(path.parent?.bytes ?? [])
        } catch {
            throw readError(error)
        }
    }

    private func copy(
        _ name: TerminatedName, in parent: OpenDirectory, _ take: (_ bytes: [UInt8]) throws(SyncError) -> Void
    ) throws(SyncError) {
        let file: FileHandle
        do throws(Errno) { file = try parent.handle.openFile(name) } catch { throw readError(error) }
        while true {
            let piece: [UInt8]
            do throws(Errno) { piece = try Self.piece(of: file) } catch { throw readError(error) }
            if piece.isEmpty { return }
            try take(piece)
        }
    }

    private static func piece(of file: borrowing FileHandle) throws(Errno) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: pieceSize)
        var span = buffer.mutableSpan
        let count = try file.read(into: &span)
        buffer.removeLast(pieceSize - count)
        return buffer
    }

    /// All below a directory, in the order of paths, directories with a slash behind them.
    private func list(
        _ directory: OpenDirectory, _ options: SyncOptions, _ take: (_ bytes: [UInt8]) throws(SyncError) -> Void
    ) throws(SyncError) {
        let tree: Snapshot
        do throws(FileSystemError) {
            tree = try TreeScanner.scan(
                directory, options: ScanOptions(rules: IgnoreRules(defaults: .none), threads: options.threads)
            ).snapshot
        } catch {
            throw SyncError(.failed, error.description)
        }
        var lines: [UInt8] = []
        var stack = Array(tree.children(of: tree.root).reversed())
        while let id = stack.popLast() {
            lines += tree.path(of: id)
            if tree[id].kind == .directory { lines.append(RelativePath.separator) }
            lines.append(terminator)
            stack.append(contentsOf: tree.children(of: id).reversed())
        }
        try take(lines)
    }

    private func opened<Value>(_ body: () throws(Errno) -> Value) throws(SyncError) -> Value {
        do throws(Errno) {
            return try body()
        } catch {
            throw readError(error)
        }
    }

    private func readError(_ cause: Errno) -> SyncError {
        SyncError(
            .failed, FileSystemError("read the stored version of", path: path.bytes, cause: cause).description)
    }
}
