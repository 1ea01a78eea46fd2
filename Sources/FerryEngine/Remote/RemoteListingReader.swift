import FerryCore

/// Makes a tree of the entries that a sandbox lists, in whatever order, and refuses what cannot be.
struct RemoteListingReader {
    private let options: RemoteListingOptions
    /// Whether only chosen paths are listed, so that directories above them may be missing.
    private let isPartial: Bool
    private var exclusion: StreamExclusion
    private var tree = TreeBuilder()
    private var problems: [Problem] = []
    private var excludedCount = 0
    private var owners: [[UInt8]: RemoteOwner] = [:]
    private var root: ListedStatus?
    private var nameBytes: Int64 = 0
    /// The directories that were made up because something below came first.
    private var missing: Set<[UInt8]> = []
    private var links: [LinkedFile: EntryID] = [:]
    /// Directories that hold something that is left out, and so must stay.
    private var holders: Set<[UInt8]> = []
    private var unreadable: [(path: [UInt8], reason: [UInt8])] = []
    private var otherFileSystems: Set<[UInt8]> = []

    private struct LinkedFile: Hashable {
        var device: UInt64
        var inode: UInt64
        var size: Int64
        var mtime: Timestamp
    }

    private static let dot = UInt8(ascii: ".")
    private static let lostAndFound = Array("lost+found".utf8)
    /// The inode of the root of ext file systems, where `lost+found` is.
    private static let extRootInode: UInt64 = 2

    init(_ options: RemoteListingOptions, isPartial: Bool) {
        self.options = options
        self.isPartial = isPartial
        exclusion = options.exclusion
    }

    // MARK: Entries

    /// Takes one entry.
    ///
    /// - Parameters:
    ///   - path: The path as `find` names it: `.` or `./path`.
    ///   - listed: What is said of it.
    ///   - target: A link's target.
    /// - Throws: ``RefusedListing``.
    mutating func add(_ path: ArraySlice<UInt8>, _ listed: ListedStatus, target: ArraySlice<UInt8>)
        throws(RefusedListing)
    {
        if path.count == 1, path.first == Self.dot { return try addRoot(listed) }
        try add(try checked(path), listed, target: target)
    }

    /// Takes one entry that is not the root, whose path is one and not too deep.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - listed: What is said of it.
    ///   - target: A link's target.
    /// - Throws: ``RefusedListing``.
    mutating func add(
        _ path: RelativePath, _ listed: ListedStatus, target: ArraySlice<UInt8>
    ) throws(RefusedListing) {
        let isDirectory = listed.status.kind == .directory
        let isMount = noteFileSystem(path, listed)
        if exclusion.excludes(path, isDirectory: isDirectory) || isOutside(path, listed) {
            excludedCount += 1
            holders.insert(path.parent?.bytes ?? [])
            return
        }
        guard target.isEmpty || listed.status.kind == .symlink else {
            throw RefusedListing("a \(listed.status.kind.noun) has a link's target", path: path.bytes)
        }
        let id = try insert(path, listed.status, target: target)
        if options.preserve.isEmpty == false, options.preserve.protects(path, isDirectory: isDirectory) {
            tree.mark(id, .isPreserved)
        }
        if let owner = root?.owner, owner != listed.owner { owners[path.bytes] = listed.owner }
        // What is in it was looked for by nobody: it is unknown, not absent.
        if isMount, options.staysOnOneFileSystem { tree.mark(id, [.unreadable, .holdsUnlisted]) }
        switch listed.status.kind {
        case .file: joinNames(id, listed.status)
        case .symlink where target.isEmpty: markUnreadable(id, path.bytes, "the link's target cannot be read")
        case .directory, .symlink: break
        default:
            let noun = listed.status.kind.noun
            problems.append(Problem(.skipped, path: path.bytes, message: "skipped: a \(noun) is not carried"))
        }
    }

    /// Takes note of a path of which the sandbox could not learn what is there.
    mutating func addUnreadable(_ path: ArraySlice<UInt8>, reason: ArraySlice<UInt8>) throws(RefusedListing) {
        if path.count == 1, path.first == Self.dot {
            unreadable.append(([], Array(reason)))
        } else {
            unreadable.append((try checked(path).bytes, Array(reason)))
        }
        guard unreadable.count <= options.limits.entries else { throw exceeded("entries", options.limits.entries) }
    }

    private mutating func addRoot(_ listed: ListedStatus) throws(RefusedListing) {
        guard root == nil, tree.count == 0, excludedCount == 0 else {
            throw RefusedListing("the directory itself is listed twice or too late")
        }
        guard listed.status.kind == .directory else { throw RefusedListing("it is not of a directory") }
        root = listed
    }

    private mutating func checked(_ path: ArraySlice<UInt8>) throws(RefusedListing) -> RelativePath {
        guard path.count > 1, path[path.startIndex] == Self.dot,
            path[path.startIndex + 1] == RelativePath.separator
        else {
            throw RefusedListing("the path does not begin at the directory", path: Array(path))
        }
        let relative: RelativePath
        do throws(RelativePathError) {
            relative = try RelativePath(validating: Array(path.dropFirst(2)))
        } catch {
            throw RefusedListing("the path \(error.reason)", path: Array(path))
        }
        guard isPartial || root != nil else { throw RefusedListing("it does not begin with the directory itself") }
        // A path that short has not as many components.
        guard relative.bytes.count <= options.limits.depth || relative.depth <= options.limits.depth else {
            throw exceeded("depth", options.limits.depth, path: relative.bytes)
        }
        return relative
    }

    private mutating func insert(
        _ path: RelativePath, _ status: EntryStatus, target: ArraySlice<UInt8>
    ) throws(RefusedListing) -> EntryID {
        guard target.count <= 64 << 10 else { throw RefusedListing("a link's target is too long", path: path.bytes) }
        nameBytes += Int64(path.name.count + target.count + 2)
        guard nameBytes <= options.limits.nameBytes else { throw exceeded("name bytes", options.limits.nameBytes) }
        // Few listings have any: an array takes nothing as long as it is empty.
        var madeUp: [[UInt8]] = []
        let insertion: TreeBuilder.Insertion
        do throws(TreeBuilder.Misfit) {
            insertion = try tree.insert(path, status: status, target: target) { madeUp.append(Array($0)) }
        } catch {
            throw RefusedListing(Self.reason(of: error), path: path.bytes)
        }
        for directory in madeUp {
            nameBytes += Int64(directory.count)
            missing.insert(directory)
        }
        let most = min(options.limits.entries, RemoteLimits.mostEntries)
        guard tree.count <= most else { throw exceeded("entries", most) }
        if case .replaced = insertion, missing.remove(path.bytes) == nil {
            throw RefusedListing("it is listed twice", path: path.bytes)
        }
        return insertion.id
    }

    private static func reason(of misfit: TreeBuilder.Misfit) -> String {
        switch misfit {
        case .belowNonDirectory: "it is below something that is not a directory"
        case .changesKind(let kind): "it is listed twice, first as a \(kind.noun)"
        case .nameTooLong: "a name is longer than any file system takes"
        }
    }

    /// Notes a directory that is not on the root's file system, or is below such a one.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - listed: What is said of it.
    /// - Returns: Whether another file system begins there.
    private mutating func noteFileSystem(_ path: RelativePath, _ listed: ListedStatus) -> Bool {
        guard let root, listed.status.kind == .directory else { return false }
        let isElsewhere = listed.status.device != root.status.device
        guard isElsewhere || !otherFileSystems.isEmpty else { return false }
        let isBelow = path.parent.map { otherFileSystems.contains($0.bytes) } ?? false
        guard isElsewhere || (isBelow && options.staysOnOneFileSystem) else { return false }
        otherFileSystems.insert(path.bytes)
        return !isBelow
    }

    /// Whether an entry is left out for where it is: on another file system, or what `fsck` keeps at the root of one.
    ///
    /// The directory where another file system begins stays, and so does a file that is mounted alone: as in a scan.
    private func isOutside(_ path: RelativePath, _ listed: ListedStatus) -> Bool {
        guard let root else { return false }
        let isLostAndFound = listed.status.kind == .directory && path.name.elementsEqual(Self.lostAndFound)
        if otherFileSystems.isEmpty, !isLostAndFound { return false }
        let isBelow = path.parent.map { otherFileSystems.contains($0.bytes) } ?? false
        if isBelow, options.staysOnOneFileSystem { return true }
        guard isLostAndFound else { return false }
        guard let parent = path.parent else { return root.status.inode == Self.extRootInode }
        return isBelow && !(parent.parent.map { otherFileSystems.contains($0.bytes) } ?? false)
    }

    /// Joins the names of one file; names of which different things are said stay apart.
    private mutating func joinNames(_ id: EntryID, _ status: EntryStatus) {
        guard status.linkCount > 1 else { return }
        let file = LinkedFile(device: status.device, inode: status.inode, size: status.size, mtime: status.mtime)
        if let first = links[file] { tree.link(id, to: first) } else { links[file] = id }
    }

    // MARK: The end

    /// Puts the tree together.
    ///
    /// - Parameter isComplete: Whether the sandbox says that it could read everything but what it told.
    /// - Returns: The listing.
    /// - Throws: ``RefusedListing``.
    mutating func finish(isComplete: Bool) throws(RefusedListing) -> RemoteListing {
        guard isPartial || root != nil else { throw RefusedListing("it does not name the directory itself") }
        if !isPartial, let path = missing.first {
            throw RefusedListing("entries below it are listed, it is not", path: path)
        }
        for (path, reason) in unreadable { try noteUnreadable(path, reason) }
        for path in holders { markDirectory(path, .holdsUnlisted) }
        if !isComplete {
            problems.append(
                Problem(
                    .unreadable, path: [],
                    message: "the sandbox could not list all of the directory: nothing in it counts as absent; run the"
                        + " same command again when nothing changes there"))
        }
        var snapshot = tree.finish()
        if !isComplete { snapshot.markDirectories([.unreadable, .holdsUnlisted]) }
        return RemoteListing(
            snapshot: snapshot, problems: problems, excludedCount: excludedCount, isComplete: isComplete,
            owners: owners,
            root: root)
    }

    private mutating func noteUnreadable(_ path: [UInt8], _ reason: [UInt8]) throws(RefusedListing) {
        let why = reason.isEmpty ? "permission denied" : displayName(of: reason.prefix(200))
        guard !path.isEmpty else { throw RefusedListing("the directory itself cannot be read: \(why)") }
        let relative = RelativePath(unchecked: path)
        let found = tree.find(relative)
        if exclusion.excludes(relative, isDirectory: found.map { tree[$0].kind == .directory } ?? true) { return }
        let id: EntryID
        if let found {
            id = found
        } else {
            // Its name is known and nothing else.
            id = try insert(relative, EntryStatus(kind: .unknown), target: [])
            holders.insert(relative.parent?.bytes ?? [])
        }
        if tree[id].kind == .directory { tree.mark(id, .holdsUnlisted) }
        markUnreadable(id, path, why)
    }

    private mutating func markUnreadable(_ id: EntryID, _ path: [UInt8], _ why: String) {
        tree.mark(id, .unreadable)
        problems.append(Problem(.unreadable, path: path, message: "cannot be read in the sandbox: \(why)"))
    }

    private mutating func markDirectory(_ path: [UInt8], _ flags: EntryFlags) {
        guard !path.isEmpty else { return tree.mark(tree.root, flags) }
        if let id = tree.find(RelativePath(unchecked: path)), tree[id].kind == .directory { tree.mark(id, flags) }
    }

    private func exceeded(_ name: String, _ limit: some BinaryInteger, path: [UInt8]? = nil) -> RefusedListing {
        RefusedListing("it exceeds the limit '\(name)' of \(limit)", path: path)
    }
}
