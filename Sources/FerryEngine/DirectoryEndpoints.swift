import FerryCore
import FerryFileSystem
import SystemPackage

/// Opens and checks the directories of a sync.
enum DirectoryEndpoints {
    /// Opens the side that entries come from.
    ///
    /// It must exist: a source that is missing is never an empty one.
    static func openSource(_ path: [UInt8], followsLinks: Bool = false) throws(SyncError) -> OpenDirectory {
        do throws(FileSystemError) {
            return try RootDirectory.open(path, followsLinks: followsLinks)
        } catch {
            let name = displayName(of: path)
            switch error.cause {
            case .noSuchFileOrDirectory:
                throw SyncError(
                    .halted,
                    "the source '\(name)' does not exist; a missing source never counts as empty: check the path")
            case .notDirectory:
                throw SyncError(.halted, "the source '\(name)' is not a directory; give the directory that holds it")
            default:
                throw SyncError(.failed, error.description)
            }
        }
    }

    /// Opens the side that entries go to, if it is there.
    static func openDestination(_ path: [UInt8]) throws(SyncError) -> OpenDirectory? {
        do throws(FileSystemError) {
            return try RootDirectory.open(path)
        } catch {
            let name = displayName(of: path)
            switch error.cause {
            case .noSuchFileOrDirectory: return nil
            case .notDirectory:
                throw SyncError(.failed, "the destination '\(name)' is not a directory; nothing was changed")
            default: throw SyncError(.failed, error.description)
            }
        }
    }

    /// Makes and opens the side that entries go to.
    static func createDestination(_ path: [UInt8]) throws(SyncError) -> OpenDirectory {
        do throws(FileSystemError) {
            try RootDirectory.create(path)
            return try RootDirectory.open(path)
        } catch {
            let advice = error.cause == .noSuchFileOrDirectory ? "; make the directory above it first" : ""
            throw SyncError(.failed, error.description + advice)
        }
    }

    /// Opens the directory above one that is still to be made.
    static func openParent(of path: [UInt8]) throws(SyncError) -> OpenDirectory {
        var end = path.count
        while end > 1, path[end - 1] == RelativePath.separator { end -= 1 }
        let slash = path[..<end].lastIndex(of: RelativePath.separator)
        let parent = slash.map { $0 == 0 ? Array("/".utf8) : Array(path[..<$0]) } ?? Array(".".utf8)
        do throws(FileSystemError) {
            return try RootDirectory.open(parent)
        } catch {
            throw SyncError(.failed, "\(error); make the directory above '\(displayName(of: path))' first")
        }
    }

    /// The real path of the directory above one that is still to be made.
    static func realPathOfParent(_ path: [UInt8]) throws(Errno) -> [UInt8] {
        guard let parent = try? openParent(of: path) else { return path }
        return try RootDirectory.realPath(of: parent)
    }

    /// Refuses a destination that would be made inside the source.
    static func checkApart(
        _ source: OpenDirectory, _ sourcePath: [UInt8], fromNew destinationPath: [UInt8]
    ) throws(SyncError) {
        let parent = try openParent(of: destinationPath)
        let relation = try? RootDirectory.relation(of: source, to: parent)
        guard relation == .same || relation == .secondInsideFirst else { return }
        let (from, to) = (displayName(of: sourcePath), displayName(of: destinationPath))
        throw SyncError(.usage, "the destination '\(to)' lies inside the source '\(from)'; give one outside it")
    }

    /// Refuses two directories of which one would be copied into itself.
    static func checkApart(
        _ source: OpenDirectory, _ sourcePath: [UInt8], _ destination: OpenDirectory, _ destinationPath: [UInt8]
    ) throws(SyncError) {
        let relation: RootDirectory.Relation
        do {
            relation = try RootDirectory.relation(of: source, to: destination)
        } catch {
            throw SyncError(.failed, "cannot tell how the two directories lie to each other: \(error)")
        }
        let (from, to) = (displayName(of: sourcePath), displayName(of: destinationPath))
        switch relation {
        case .apart: return
        case .same: throw SyncError(.usage, "'\(from)' and '\(to)' are the same directory; give two different ones")
        case .firstInsideSecond:
            throw SyncError(.usage, "the source '\(from)' lies inside the destination '\(to)'; give one outside it")
        case .secondInsideFirst:
            throw SyncError(.usage, "the destination '\(to)' lies inside the source '\(from)'; give one outside it")
        }
    }

    /// Halts when a plan needs more than is left.
    static func checkSpace(_ summary: PlanSummary, on directory: OpenDirectory, _ options: SyncOptions)
        throws(SyncError)
    {
        try checkSpace(bytes: summary.bytesToWrite, inodes: Int64(summary.inodesToMake), on: directory, options)
    }

    /// Halts when more is needed than is left.
    static func checkSpace(bytes: Int64, inodes: Int64, on directory: OpenDirectory, _ options: SyncOptions)
        throws(SyncError)
    {
        guard !options.overrides.allowed.contains(.lowSpace), let free = try? FreeSpace(on: directory.handle) else {
            return
        }
        let override = "free some, or try all the same with --allow low-space"
        if bytes > free.bytes {
            throw SyncError(
                Halt(
                    .lowSpace,
                    message:
                        "\(bytes) bytes are to be written and \(free.bytes) are free there; \(override)")
            )
        }
        if let left = free.inodes, inodes > left {
            throw SyncError(
                Halt(
                    .lowSpace,
                    message:
                        "\(inodes) entries are to be made and \(left) inodes are free there; \(override)"
                ))
        }
    }
}
