import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// Decodes a tar stream into a staging tree.
///
/// Whatever it says, nothing outside that tree is touched.
struct UnpackStream: ~Copyable {
    private var reader: ArchiveReader
    private var writer: StagedTreeWriter
    private let writers: UnpackWriters
    private let staging: OpenDirectory
    private let owner: FileOwner?
    private let threads: Int
    private var batch: UnpackBatch?
    private var tree = TreeBuilder()
    private var exclusion: StreamExclusion
    private var linked: Set<EntryID> = []
    private var links: [(path: [UInt8], target: [UInt8])] = []
    private var stagedCount = 0
    private let takesDigests: Bool
    private let cancellation: CancellationFlag
    private let progress: TransferProgress
    private let onDigest: ([UInt8], [UInt8]) -> Void
    /// What was left out, and why.
    private(set) var problems: [Problem] = []

    /// Larger files are written by the decoder itself, as they come.
    private static let largestSmallFile: Int64 = 256 << 10

    init(
        _ reader: consuming ArchiveReader, into staging: OpenDirectory, owner: FileOwner?, exclusion: StreamExclusion,
        options: SyncOptions, cancellation: CancellationFlag, progress: TransferProgress,
        onDigest: @escaping ([UInt8], [UInt8]) -> Void
    ) throws(ThreadError) {
        self.reader = reader
        self.exclusion = exclusion
        self.cancellation = cancellation
        self.progress = progress
        self.onDigest = onDigest
        self.staging = staging
        self.owner = owner
        threads = options.threads
        takesDigests = options.takesDigests
        writers = try UnpackWriters(staging, owner: owner, threads: options.threads, progress: progress)
        writer = StagedTreeWriter(root: staging, owner: owner)
    }

    /// Decodes everything.
    ///
    /// - Returns: The staged tree, complete or not at all.
    /// - Throws: ``UnpackFailure``.
    mutating func run() throws(UnpackFailure) -> (snapshot: Snapshot, evidence: TransferEvidence) {
        defer { writers.close() }
        let snapshot: Snapshot
        do throws(UnpackFailure) {
            while let member = try nextMember() {
                if cancellation.isRaised { throw .cancelled }
                try take(member)
            }
            try submitLast()
            // The last batches are written meanwhile.
            snapshot = tree.finish()
            try drain()
        } catch {
            if let batch { try? writers.submit(batch) }
            batch = nil
            throw error
        }
        for (path, target) in links {
            try onDisk { writer throws(FileSystemError) in try writer.makeLink(path, to: target) }
        }
        let evidence = TransferEvidence(reachedEnd: reader.evidence != nil, entries: stagedCount)
        do throws(FileSystemError) {
            try StagedDirectories.finish(snapshot, in: staging, owner: owner, threads: threads)
        } catch {
            throw .disk(error)
        }
        return (snapshot, evidence)
    }

    private mutating func nextMember() throws(UnpackFailure) -> ArchiveMember? {
        do throws(ArchiveError) { return try reader.next() } catch { throw .archive(error) }
    }

    // MARK: Members

    private mutating func take(_ member: ArchiveMember) throws(UnpackFailure) {
        if exclusion.excludes(member.path, isDirectory: member.kind == .directory) { return }
        switch member.kind {
        case .directory:
            guard let insertion = try insert(member, .directory) else { return }
            if case .added = insertion {
                try onDisk { writer throws(FileSystemError) in try writer.makeDirectory(member.path.bytes) }
            }
        case .symlink(let target):
            guard let insertion = try insert(member, .symlink, target: target[...]) else { return }
            try clear(insertion, member.path)
            try onDisk { writer throws(FileSystemError) in
                try writer.makeSymlink(member.path.bytes, target: target, mtime: member.mtime)
            }
        case .file:
            guard let insertion = try insert(member, .file) else { return }
            try clear(insertion, member.path)
            if member.size <= Self.largestSmallFile, !member.isSparse {
                try stageSmall(member)
            } else {
                try stageLarge(member)
            }
        case .hardLink(let target):
            try link(member, to: target)
        case .skipped(let kind):
            problems.append(
                Problem(.skipped, path: member.path.bytes, message: "skipped: a \(kind.noun) is not carried"))
        }
    }

    /// Enters a member into the tree, and makes the directories that the archive did not name.
    ///
    /// Nil: it cannot be kept.
    private mutating func insert(
        _ member: ArchiveMember, _ kind: EntryKind, target: ArraySlice<UInt8> = []
    ) throws(UnpackFailure) -> TreeBuilder.Insertion? {
        let status = EntryStatus(
            kind: kind, mode: member.mode, size: member.size, mtime: member.mtime, ctime: .unknown)
        var madeUp: [[UInt8]] = []
        let insertion: TreeBuilder.Insertion
        do throws(TreeBuilder.Misfit) {
            insertion = try tree.insert(member.path, status: status, target: target) { madeUp.append(Array($0)) }
        } catch .nameTooLong {
            let error = FileSystemError("create", path: member.path.bytes, cause: .fileNameTooLong)
            problems.append(Problem(.unwritable, path: member.path.bytes, message: error.description))
            return nil
        } catch {
            throw .misfit(error, member.path)
        }
        for path in madeUp {
            stagedCount += 1
            try onDisk { writer throws(FileSystemError) in try writer.makeDirectory(path) }
        }
        if case .added = insertion { stagedCount += 1 }
        return insertion
    }

    /// Removes what an earlier member of the same name left.
    private mutating func clear(_ insertion: TreeBuilder.Insertion, _ path: RelativePath) throws(UnpackFailure) {
        guard case .replaced(let id) = insertion else { return }
        if linked.contains(id) { throw .replacedLink(path) }
        try drain()
        try onDisk { writer throws(FileSystemError) in try writer.remove(path.bytes) }
    }

    private mutating func link(_ member: ArchiveMember, to target: RelativePath) throws(UnpackFailure) {
        guard let original = tree.find(target), tree[original].kind == .file, target != member.path else {
            if exclusion.excludes(target, isDirectory: false) {
                problems.append(
                    Problem(
                        .unreadable, path: member.path.bytes,
                        message: "not fetched: it is another name of '\(target)', which the rules exclude"))
                return
            }
            throw .danglingLink(member.path, target)
        }
        guard let insertion = try insert(member, .file) else { return }
        try clear(insertion, member.path)
        linked.formUnion([original, insertion.id])
        tree.link(insertion.id, to: original)
        links.append((member.path.bytes, target.bytes))
    }

    // MARK: Content

    private mutating func stageSmall(_ member: ArchiveMember) throws(UnpackFailure) {
        let batch = self.batch ?? writers.empty()
        self.batch = batch
        let start = batch.buffer.count
        do throws(ArchiveError) {
            while batch.buffer.count - start < Int(member.size) {
                let left = Int(member.size) - (batch.buffer.count - start)
                let count = try batch.buffer.append(upTo: left) { room throws(ArchiveError) in
                    try reader.readContent(into: &room)?.count ?? 0
                }
                if count == 0 { break }
            }
        } catch {
            throw .archive(error)
        }
        let content = start..<batch.buffer.count
        if takesDigests {
            batch.buffer.withSpan(in: content) { onDigest(member.path.bytes, StreamDigest.of($0)) }
        }
        batch.files.append(
            UnpackBatch.File(path: member.path.bytes, mode: member.mode, mtime: member.mtime, content: content))
        if batch.isFull {
            self.batch = nil
            do throws(FileSystemError) { try writers.submit(batch) } catch { throw .disk(error) }
        }
    }

    private mutating func stageLarge(_ member: ArchiveMember) throws(UnpackFailure) {
        let path = member.path.bytes
        let file = try makeFile(path)
        var digest = StreamDigest()
        let takesDigest = takesDigests && !member.isSparse
        while let (count, cause) = try nextPiece({ (offset, bytes) -> (Int, Errno?) in
            if takesDigest { digest.update(bytes) }
            do throws(Errno) {
                try file.write(bytes, at: offset)
                return (bytes.count, nil)
            } catch {
                return (bytes.count, error)
            }
        }) {
            if let cause { throw .disk(FileSystemError("write", path: path, cause: cause)) }
            if cancellation.isRaised { throw .cancelled }
            progress.add(entries: 0, bytes: Int64(count))
        }
        do throws(FileSystemError) {
            try writer.finish(file, path, size: member.size, mode: member.mode, mtime: member.mtime)
        } catch {
            throw .disk(error)
        }
        if takesDigest { onDigest(path, digest.finish()) }
        progress.add(entries: 1, bytes: 0)
    }

    private mutating func makeFile(_ path: [UInt8]) throws(UnpackFailure) -> FileHandle {
        do throws(FileSystemError) { return try writer.makeFile(path) } catch { throw .disk(error) }
    }

    private mutating func nextPiece<Value>(
        _ body: (Int64, Span<UInt8>) -> Value
    ) throws(UnpackFailure) -> Value? {
        do throws(ArchiveError) { return try reader.withNextContent(body) } catch { throw .archive(error) }
    }

    private mutating func drain() throws(UnpackFailure) {
        try submitLast()
        do throws(FileSystemError) { try writers.drain() } catch { throw .disk(error) }
    }

    private mutating func submitLast() throws(UnpackFailure) {
        guard let last = batch else { return }
        batch = nil
        do throws(FileSystemError) { try writers.submit(last) } catch { throw .disk(error) }
    }

    private mutating func onDisk(
        _ body: (inout StagedTreeWriter) throws(FileSystemError) -> Void
    ) throws(UnpackFailure) {
        do throws(FileSystemError) { try body(&writer) } catch { throw .disk(error) }
    }
}

/// Why a stream could not be staged.
enum UnpackFailure: Error {
    case archive(ArchiveError)
    case disk(FileSystemError)
    case misfit(TreeBuilder.Misfit, RelativePath)
    case danglingLink(RelativePath, RelativePath)
    case replacedLink(RelativePath)
    case cancelled
}
