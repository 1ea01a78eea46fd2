import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport
import SystemPackage

/// Where a packed stream goes: straight out, or through a compressor first.
protocol PackSink: ~Copyable {
    mutating func write(_ bytes: Span<UInt8>) throws(PackFailure)
    /// Moves bytes of a file in the kernel; nil where that is not possible.
    mutating func splice(from file: borrowing FileHandle, count: Int) throws(PackFailure) -> Int?
    /// Told the number of entries when all were written, before the end of the archive is.
    mutating func endEntries(_ count: Int) throws(PackFailure)
    /// Whether a sandbox's own tar reads it.
    ///
    /// Then directories travel writable for their owner, because their modes are set afterwards by other means, and names that
    /// bsdtar would strip of a Windows drive (`C:`) begin with `./`.
    static var feedsSandbox: Bool { get }
}

extension PackSink where Self: ~Copyable {
    mutating func endEntries(_ count: Int) throws(PackFailure) {}
    static var feedsSandbox: Bool { false }
}

/// Why a stream could not be written.
enum PackFailure: Error {
    case output(Errno)
    case archive(ArchiveError)
    case transport(TransportError)
    case cancelled
    /// What was to be done before anything is sent came to another end.
    case halted(SyncError)
}

/// What of a tree is packed, and how.
struct PackScope: Sendable {
    /// The only entries that are sent; nil for all.
    var selection: EntrySet?
    /// Whether files with holes are written with a map; not every tar can read that.
    var keepsHoles = false
    /// What is put before the name of every member.
    var place: [UInt8] = []
    /// Whom entries are given to by who unpacks the stream as it says; nil: nobody looks at it.
    var owners: PackOwners?
}

/// Whom the entries of a stream are given to.
struct PackOwners: Sendable {
    /// Everything that has no owner of its own.
    var standard: RemoteOwner
    /// What is replaced keeps the owner that it has.
    var kept: [EntryID: RemoteOwner] = [:]

    func owner(of id: EntryID) -> RemoteOwner { kept[id] ?? standard }
}

/// Writes a snapshot as a tar stream: threads read and encode ahead, one writes in order.
///
/// The end marker comes last and only when everything before it was written, so a stream that was given up can never look
/// finished.
struct PackStream: ~Copyable {
    private let snapshot: Snapshot
    private let root: OpenDirectory
    private let options: SyncOptions
    private let cancellation: CancellationFlag
    private let progress: TransferProgress
    private let scope: PackScope
    private var encoder: EntryEncoder
    private var failed: Set<EntryID> = []
    private let chunk = PackChunk()
    /// What could not be read.
    private(set) var problems: [Problem] = []
    private(set) var contentBytes: Int64 = 0
    private(set) var entryCount = 0

    /// Chunks that wait for the writer: enough to keep both cores busy over a large one, and while the plan is made.
    private static let ahead = 8
    /// The same for a sandbox, which takes a stream slower than it is packed: more would only take memory.
    private static let aheadOfSandbox = 4
    private static let largeStep = 1 << 20

    init(
        _ snapshot: Snapshot, root: OpenDirectory, options: SyncOptions, scope: PackScope,
        cancellation: CancellationFlag, progress: TransferProgress
    ) {
        self.snapshot = snapshot
        self.root = root
        self.options = options
        self.scope = scope
        self.cancellation = cancellation
        self.progress = progress
        encoder = EntryEncoder(snapshot, root: root, takesDigests: options.takesDigests, scope: scope)
    }

    /// Writes everything.
    ///
    /// - Parameters:
    ///   - sink: Where the stream goes.
    ///   - onDigest: Told the digest of each file, where digests are taken.
    ///   - beforehand: What is done before anything is sent, while the first files are already read.
    /// - Throws: ``PackFailure``; the stream then has no end marker.
    mutating func run<Sink: PackSink & ~Copyable>(
        to sink: inout Sink, onDigest: (EntryID, [UInt8]) -> Void, beforehand: () throws(PackFailure) -> Void = {}
    ) throws(PackFailure) {
        try runMembers(to: &sink, onDigest: onDigest, beforehand: beforehand)
        try Self.end(entryCount, &sink)
    }

    /// Ends a stream.
    ///
    /// - Parameters:
    ///   - count: The number of its entries.
    ///   - sink: Where it goes.
    /// - Throws: ``PackFailure``; the stream then has no end marker.
    static func end<Sink: PackSink & ~Copyable>(_ count: Int, _ sink: inout Sink) throws(PackFailure) {
        try sink.endEntries(count)
        var marker = ByteBuffer()
        TarEndMarker.append(to: &marker)
        try marker.withSpan { bytes throws(PackFailure) in try sink.write(bytes) }
    }

    /// Writes all entries, and not the end of the stream: others may follow.
    ///
    /// - Parameters:
    ///   - sink: Where the stream goes.
    ///   - onDigest: Told the digest of each file, where digests are taken.
    ///   - beforehand: What is done before anything is sent, while the first files are already read.
    /// - Throws: ``PackFailure``.
    mutating func runMembers<Sink: PackSink & ~Copyable>(
        to sink: inout Sink, onDigest: (EntryID, [UInt8]) -> Void, beforehand: () throws(PackFailure) -> Void = {}
    ) throws(PackFailure) {
        let (snapshot, root, takesDigests, scope) = (snapshot, root, options.takesDigests, scope)
        let feedsSandbox = Sink.feedsSandbox
        let order = PackOrder(snapshot, selecting: scope.selection)
        let looksForSecrets = options.secrets == .warn
        if feedsSandbox {
            encoder = EntryEncoder(snapshot, root: root, takesDigests: takesDigests, scope: scope, feedsSandbox: true)
        }
        var pace = Pace(bytesPerSecond: options.bandwidthLimit)
        try OrderedPipeline.run(
            count: order.batches.count, threads: options.threads,
            ahead: feedsSandbox ? Self.aheadOfSandbox : Self.ahead, named: "pack",
            descriptors: root.onlyDescriptor,
            result: PackChunk.init,
            state: {
                EntryEncoder(
                    snapshot, root: root, takesDigests: takesDigests, scope: scope, feedsSandbox: feedsSandbox,
                    looksForSecrets: looksForSecrets)
            },
            work: { index, chunk, encoder in
                chunk.clear()
                guard case .encoded(let range) = order.batches[index] else { return }
                for position in range {
                    let id = order.entries[position]
                    do throws(ArchiveError) {
                        try encoder.encode(id, into: chunk)
                    } catch {
                        chunk.problems.append(
                            Problem(.unreadable, path: snapshot.path(of: id), message: error.description))
                        chunk.failed.append(id)
                    }
                }
            },
            meanwhile: beforehand,
            take: { index, chunk throws(PackFailure) in
                if cancellation.isRaised { throw .cancelled }
                let before = contentBytes
                switch order.batches[index] {
                case .encoded: try write(chunk, to: &sink, onDigest)
                case .large(let id): try writeLarge(id, to: &sink, onDigest)
                case .hardLink(let id): try writeLink(id, to: &sink, onDigest)
                }
                pace.wait(for: contentBytes - before)
            })
    }

    private mutating func write<Sink: PackSink & ~Copyable>(
        _ chunk: PackChunk, to sink: inout Sink, _ onDigest: (EntryID, [UInt8]) -> Void
    ) throws(PackFailure) {
        try chunk.buffer.withSpan { bytes throws(PackFailure) in try sink.write(bytes) }
        for (file, digest) in chunk.digests { onDigest(file, digest) }
        failed.formUnion(chunk.failed)
        problems += chunk.problems
        contentBytes += chunk.contentBytes
        entryCount += chunk.entryCount
        progress.add(entries: chunk.entryCount, bytes: chunk.contentBytes)
    }

    /// Another name of a file that was sent, or, where that could not be read, a file of its own.
    private mutating func writeLink<Sink: PackSink & ~Copyable>(
        _ id: EntryID, to sink: inout Sink, _ onDigest: (EntryID, [UInt8]) -> Void
    ) throws(PackFailure) {
        let first = snapshot.firstName(of: id)
        if failed.contains(first) {
            return try writeLarge(id, to: &sink, onDigest)
        }
        chunk.clear()
        let record = snapshot[id]
        do throws(ArchiveError) {
            let member = TarMember(kind: .hardLink, mode: record.mode, mtime: record.mtime)
            let target = encoder.memberName(snapshot.path(of: first))
            try encoder.appendHeader(member, id, target: target[...], to: &chunk.buffer)
            chunk.entryCount = 1
        } catch {
            throw .archive(error)
        }
        try write(chunk, to: &sink, onDigest)
    }

    // MARK: Large files

    /// A file too large for a chunk: its header, then its content in steps, always exactly as long as the header
    /// says.
    ///
    /// One that changes meanwhile is sent again under the same name, twice at most: the last member of a name counts.
    private mutating func writeLarge<Sink: PackSink & ~Copyable>(
        _ id: EntryID, to sink: inout Sink, _ onDigest: (EntryID, [UInt8]) -> Void
    ) throws(PackFailure) {
        guard let file = openLarge(id) else { return }
        var status: EntryStatus
        do throws(Errno) {
            status = try file.status()
            guard status.kind == .file else { throw .invalidArgument }
        } catch {
            return fail(id, error)
        }
        for _ in 0..<3 {
            try sendOnce(id, file, status, to: &sink, onDigest)
            let after: EntryStatus
            do throws(Errno) { after = try file.status() } catch { return fail(id, error) }
            if after.isSameContent(as: status) {
                entryCount += 1
                progress.add(entries: 1, bytes: 0)
                return
            }
            status = after
        }
        problems.append(
            Problem(
                .unstable, path: snapshot.path(of: id),
                message: "the file kept changing while it was read; run the same command again when it is at rest"))
        entryCount += 1
    }

    private mutating func openLarge(_ id: EntryID) -> FileHandle? {
        do throws(Errno) {
            return try encoder.open(id)
        } catch {
            fail(id, error)
            return nil
        }
    }

    private mutating func sendOnce<Sink: PackSink & ~Copyable>(
        _ id: EntryID, _ file: borrowing FileHandle, _ status: EntryStatus, to sink: inout Sink,
        _ onDigest: (EntryID, [UInt8]) -> Void
    ) throws(PackFailure) {
        chunk.clear()
        let member = TarMember(kind: .file, mode: status.mode, size: status.size, mtime: status.mtime)
        var extents = [SparseExtent(offset: 0, length: status.size)]
        var takesDigest = options.takesDigests
        do throws(ArchiveError) {
            let holes =
                scope.keepsHoles && status.allocatedSize < status.size ? Self.extents(of: file, size: status.size) : nil
            if let holes, try encoder.appendSparseHeader(member, id, extents: holes, to: &chunk.buffer) {
                extents = holes
                // What streams by is not the whole content.
                takesDigest = false
            } else {
                try encoder.appendHeader(member, id, target: [], to: &chunk.buffer)
            }
        } catch {
            throw .archive(error)
        }
        try chunk.buffer.withSpan { bytes throws(PackFailure) in try sink.write(bytes) }
        var digest = StreamDigest()
        for extent in extents {
            try send(file, extent, to: &sink, digest: &digest, takesDigest: takesDigest, id)
        }
        let stored = extents.reduce(0) { $0 + $1.length }
        contentBytes += stored
        chunk.clear()
        chunk.buffer.appendPadding(after: stored)
        try chunk.buffer.withSpan { bytes throws(PackFailure) in try sink.write(bytes) }
        if takesDigest { onDigest(id, digest.finish()) }
    }

    private mutating func send<Sink: PackSink & ~Copyable>(
        _ file: borrowing FileHandle, _ extent: SparseExtent, to sink: inout Sink, digest: inout StreamDigest,
        takesDigest: Bool, _ id: EntryID
    ) throws(PackFailure) {
        var done: Int64 = 0
        var canSplice = !takesDigest
        if canSplice {
            do throws(Errno) { try file.seek(to: extent.offset) } catch { canSplice = false }
        }
        while done < extent.length {
            if cancellation.isRaised { throw .cancelled }
            let step = Int(min(Int64(Self.largeStep), extent.length - done))
            if canSplice {
                if let count = try sink.splice(from: file, count: step), count > 0 {
                    done += Int64(count)
                    progress.add(entries: 0, bytes: Int64(count))
                    continue
                }
                canSplice = false
            }
            chunk.clear()
            let offset = extent.offset + done
            if !failed.contains(id) {
                do throws(Errno) {
                    try chunk.buffer.append(upTo: step) { span throws(Errno) in
                        try file.read(into: &span, at: offset)
                    }
                } catch {
                    fail(id, error)
                }
            }
            // It ended or failed before the size that was promised: the stream stays valid, and the file is sent again or
            // reported.
            if chunk.buffer.isEmpty { chunk.buffer.appendZeros(step) }
            done += Int64(chunk.buffer.count)
            progress.add(entries: 0, bytes: Int64(chunk.buffer.count))
            try chunk.buffer.withSpan { bytes throws(PackFailure) in
                if takesDigest { digest.update(bytes) }
                try sink.write(bytes)
            }
        }
    }

    /// The parts of a file that hold data; nil where the file system does not say.
    private static func extents(of file: borrowing FileHandle, size: Int64) -> [SparseExtent]? {
        var extents: [SparseExtent] = []
        var offset: Int64 = 0
        do throws(Errno) {
            while let range = try file.nextData(from: offset, size: size) {
                extents.append(SparseExtent(offset: range.lowerBound, length: range.upperBound - range.lowerBound))
                offset = range.upperBound
            }
        } catch {
            return nil
        }
        return extents
    }

    private mutating func fail(_ id: EntryID, _ cause: Errno) {
        failed.insert(id)
        let path = snapshot.path(of: id)
        if cause == .noSuchFileOrDirectory {
            problems.append(Problem(.unstable, path: path, message: "the file vanished while the source was read"))
        } else {
            let error = FileSystemError("read", path: path, cause: cause)
            problems.append(Problem(.unreadable, path: path, message: error.description))
        }
    }
}
