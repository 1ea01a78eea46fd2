import FerryArchive
import FerryCore
import FerryFileSystem

/// What several plans send into a sandbox in one stream, and what is to be done around it.
struct RemoteShipment {
    /// What is sent of each plan.
    let selections: [RemoteSelection]
    /// What is to be done around the stream.
    private(set) var request = RemoteReceiveRequest()
    /// Whether the sandbox lists all of it afterwards, which is cheaper than naming most of it.
    let listsWhole: Bool
    /// What is made of the ground that the trees stand on.
    private let ground: PartGround
    private let madeDirectories: [[UInt8]]
    private let madeFiles: [[UInt8]]

    init(
        _ parts: [PlannedPart], _ listings: RemoteListings, ground: PartGround, facts: RemoteFacts,
        options: SyncOptions
    ) {
        let selections = parts.map { part in
            RemoteSelection(part.plan, listing: part.listing, facts: facts, options: part.part.options)
        }
        self.selections = selections
        self.ground = ground
        madeDirectories = ground.directories.filter { listings.ground[$0]?.status.kind != .directory }
        madeFiles = ground.ignoreFiles.filter { path in
            guard let status = listings.ground[path]?.status else { return true }
            return status.kind != .file || status.size != Int64(PartGround.ignoreContent.count)
        }
        for (part, selection) in zip(parts, selections) { request.add(selection.request, at: part.destination) }
        for path in madeDirectories + madeFiles {
            switch listings.ground[path]?.status.kind {
            case nil: break
            case .directory: request.removeBefore.directories.append(path)
            // A file keeps its name and gets other content.
            case .file where madeFiles.contains(path): break
            default: request.removeBefore.files.append(path)
            }
            let owner = options.owner.map { RemoteOwner(user: $0.user, group: $0.group) } ?? facts.directory?.owner
            if facts.isSuperuser, let owner, owner != .superuser { request.owners.append((path, owner)) }
        }
        let workspace = parts.first { $0.part.role == .workspace }
        let written = selections.reduce(0) { $0 + $1.written.count }
        let all = parts.reduce(0) { $0 + $1.plan.source.entryCount }
        let isMostOfIt = workspace.map { $0.plan.destination.entryCount == 0 || written * 2 > all } ?? false
        listsWhole = facts.isRootEmpty || isMostOfIt
        if listsWhole {
            request.listing = .whole
        } else {
            var paths = madeDirectories + madeFiles
            for (part, selection) in zip(parts, selections) {
                paths += selection.written.map { RelativePath.join(part.destination, part.plan.source.path(of: $0)) }
            }
            request.listing = .written(paths)
        }
    }

    /// Whether there is anything to make of the ground.
    var changesGround: Bool { !madeDirectories.isEmpty || !madeFiles.isEmpty }
    /// The number of entries that are sent, as far as that is known before.
    var entryCount: Int { selections.reduce(madeDirectories.count + madeFiles.count) { $0 + $1.sent.count } }
    /// The bytes of their content.
    var byteCount: Int64 { selections.reduce(0) { $0 + $1.byteCount } }

    /// Writes what is made of the ground.
    ///
    /// - Parameter sink: Where the stream goes.
    /// - Returns: The number of entries.
    /// - Throws: ``PackFailure``.
    func writeGround<Sink: PackSink & ~Copyable>(to sink: inout Sink) throws(PackFailure) -> Int {
        let buffer: ByteBuffer
        do throws(ArchiveError) {
            buffer = try ground.members(directories: madeDirectories, files: madeFiles)
        } catch {
            throw .archive(error)
        }
        try buffer.withSpan { bytes throws(PackFailure) in try sink.write(bytes) }
        return madeDirectories.count + madeFiles.count
    }

    /// What of the ground is not as it was to be made, and what could not be removed.
    func missing(_ receipt: RemoteReceipt) -> [Problem] {
        let found = receipt.listings?.ground ?? [:]
        let why = receipt.incomplete.map { ": \($0)" } ?? ""
        var problems: [Problem] = []
        for (paths, kind) in [(madeDirectories, EntryKind.directory), (madeFiles, .file)] {
            for path in paths where found[path]?.status.kind != kind {
                problems.append(
                    Problem(
                        .unwritable, path: path, message: "the \(kind.noun) could not be made in the sandbox\(why)"))
            }
        }
        for path in receipt.remaining.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            problems.append(
                Problem(
                    .unwritable, path: path,
                    message: "could not be removed from the sandbox: it is in use or holds something that is not known")
            )
        }
        return problems
    }
}

extension PartGround {
    /// The members of a stream that make some of it.
    ///
    /// - Parameters:
    ///   - directories: The directories to make, parents first.
    ///   - files: The files that tell git to leave them alone.
    ///   - owner: Whom they are given to; nil: nobody looks at it.
    /// - Returns: Headers and content.
    /// - Throws: ``ArchiveError``, never for paths of parts.
    func members(
        directories: [[UInt8]], files: [[UInt8]], owner: RemoteOwner? = nil
    ) throws(ArchiveError) -> ByteBuffer {
        var buffer = ByteBuffer()
        var encoder = TarHeaderEncoder()
        let now = ScanStamp.now.start
        for path in directories {
            var member = TarMember(kind: .directory, mode: Self.directoryMode, mtime: now)
            if let owner { member.owner = owner }
            try encoder.appendHeader(
                of: member, path: RelativePath(unchecked: EntryEncoder.anchored(path)), to: &buffer)
        }
        let content = Self.ignoreContent
        for path in files {
            var member = TarMember(
                kind: .file, mode: Self.ignoreMode, size: Int64(content.count), mtime: now)
            if let owner { member.owner = owner }
            try encoder.appendHeader(
                of: member, path: RelativePath(unchecked: EntryEncoder.anchored(path)), to: &buffer)
            buffer.append(content.span)
            buffer.appendPadding(after: Int64(content.count))
        }
        return buffer
    }
}
