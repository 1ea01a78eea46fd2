import Crypto
import FerryArchive
import FerryCore
import FerryThreads
import FerryTransport

/// What a sandbox's directory holds, read from an archive of all of it, with the digest of each file.
struct ArchiveListing: Sendable {
    /// The tree, without what the rules leave out.
    var snapshot = Snapshot.empty
    /// What is of a kind that is not carried.
    var problems: [Problem] = []
    /// The number of entries that the rules left out.
    var excludedCount = 0
    /// The SHA-256 of files, by path.
    var digests: [[UInt8]: [UInt8]] = [:]
    /// Whom entries belong to, by path.
    var owners: [[UInt8]: RemoteOwner] = [:]
    /// Whom the directory itself belongs to, where the archive says so.
    var rootOwner: RemoteOwner?
}

/// Why an archive could not be listed.
enum ArchiveListingFailure: Error {
    case archive(ArchiveError)
    case refused(RefusedListing)
    case cancelled

    /// The error to tell.
    ///
    /// - Parameter name: What was listed.
    /// - Returns: The error; nothing was changed.
    func syncError(listing name: String) -> SyncError {
        switch self {
        case .cancelled: SyncError(.cancelled, "stopped on request: listing '\(name)'")
        case .refused(let error): RemoteFailure.refused(error).syncError
        case .archive(let error):
            if let cause = error.cause as? TransportError {
                RemoteFailure.transport(cause).syncError
            } else if error.code == .stream || error.code == .codec {
                SyncError(.failed, "\(error); nothing was changed")
            } else {
                SyncError(.unsafeArchive, "\(error); nothing was changed")
            }
        }
    }
}

/// Reads an archive only to see what is in it; nothing is written anywhere.
struct ArchiveListingReader: ~Copyable {
    private var reader: ArchiveReader
    private var exclusion: StreamExclusion
    private let preserve: PreservePatterns
    private let cancellation: CancellationFlag
    private var tree = TreeBuilder()
    private var listing = ArchiveListing()
    private var holders: Set<[UInt8]> = []

    init(
        _ reader: consuming ArchiveReader, rules: IgnoreRules, _ options: SyncOptions, _ cancellation: CancellationFlag
    ) {
        self.reader = reader
        exclusion = StreamExclusion(rules: rules, selection: options.selection)
        preserve = options.preserve
        self.cancellation = cancellation
    }

    /// Reads the archive to its proven end.
    ///
    /// - Returns: What is in it.
    /// - Throws: ``ArchiveListingFailure``.
    consuming func run() throws(ArchiveListingFailure) -> ArchiveListing {
        while let member = try next() {
            if cancellation.isRaised { throw .cancelled }
            try take(member)
        }
        for path in holders { mark(path, .holdsUnlisted) }
        listing.rootOwner = reader.rootOwner
        listing.snapshot = tree.finish()
        return listing
    }

    private mutating func next() throws(ArchiveListingFailure) -> ArchiveMember? {
        do throws(ArchiveError) { return try reader.next() } catch { throw .archive(error) }
    }

    private mutating func take(_ member: ArchiveMember) throws(ArchiveListingFailure) {
        let path = member.path.bytes
        if exclusion.excludes(member.path, isDirectory: member.kind == .directory) {
            listing.excludedCount += 1
            holders.insert(member.path.parent?.bytes ?? [])
            return
        }
        var status = EntryStatus(
            kind: .file, mode: member.mode, size: member.size, mtime: member.mtime, ctime: .unknown)
        switch member.kind {
        case .file:
            let digest = try digest()
            try insert(member, status)
            if !member.isSparse { listing.digests[path] = digest }
        case .directory:
            status.kind = .directory
            try insert(member, status)
        case .symlink(let target):
            status.kind = .symlink
            try insert(member, status, target: target)
        case .hardLink(let target): try insertLink(member, status, to: target)
        case .skipped(let kind):
            status.kind = kind
            try insert(member, status)
            listing.problems.append(Problem(.skipped, path: path, message: "skipped: a \(kind.noun) is not carried"))
        }
    }

    /// Another name of a file; of one that is left out nothing is known but that it is there.
    private mutating func insertLink(
        _ member: ArchiveMember, _ status: EntryStatus, to target: RelativePath
    ) throws(ArchiveListingFailure) {
        var status = status
        guard let original = tree.find(target), tree[original].kind == .file else {
            let id = try insert(member, status)
            tree.mark(id, .unreadable)
            return
        }
        status.size = tree[original].size
        let id = try insert(member, status)
        tree.link(id, to: original)
        listing.digests[member.path.bytes] = listing.digests[target.bytes]
    }

    @discardableResult
    private mutating func insert(
        _ member: ArchiveMember, _ status: EntryStatus, target: [UInt8] = []
    ) throws(ArchiveListingFailure) -> EntryID {
        let insertion: TreeBuilder.Insertion
        do throws(TreeBuilder.Misfit) {
            insertion = try tree.insert(member.path, status: status, target: target[...]) { _ in }
        } catch {
            throw .refused(RefusedListing("it does not fit to what came before it (\(error))", path: member.path.bytes))
        }
        if preserve.protects(member.path, isDirectory: status.kind == .directory) {
            tree.mark(insertion.id, .isPreserved)
        }
        listing.owners[member.path.bytes] = member.owner
        return insertion.id
    }

    private mutating func digest() throws(ArchiveListingFailure) -> [UInt8] {
        var digest = StreamDigest()
        do throws(ArchiveError) {
            while try reader.withNextContent({ _, bytes in digest.update(bytes) }) != nil {
                if cancellation.isRaised { break }
            }
        } catch {
            throw .archive(error)
        }
        return digest.finish()
    }

    private mutating func mark(_ path: [UInt8], _ flags: EntryFlags) {
        guard !path.isEmpty else { return tree.mark(tree.root, flags) }
        if let id = tree.find(RelativePath(unchecked: path)), tree[id].kind == .directory { tree.mark(id, flags) }
    }
}
