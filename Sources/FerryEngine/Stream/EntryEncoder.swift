import Crypto
import FerryArchive
import FerryCore
import FerryFileSystem
import SystemPackage

/// Encodes entries of one tree as tar members, reading their content through descriptors.
///
/// One belongs to one thread.
struct EntryEncoder: ~Copyable {
    let snapshot: Snapshot
    private var cursor: DirectoryCursor
    private var encoder = TarHeaderEncoder()
    private let takesDigests: Bool
    private let feedsSandbox: Bool
    private let owners: PackOwners?
    private let place: [UInt8]
    private let looksForSecrets: Bool
    /// The directory at hand, with its name in the stream: neighbours there mostly share it.
    private var directory: (id: EntryID, path: [UInt8], member: [UInt8])
    /// The same, open, once a file in it was.
    private var opened: OpenDirectory?

    init(
        _ snapshot: Snapshot, root: OpenDirectory, takesDigests: Bool, scope: PackScope, feedsSandbox: Bool = false,
        looksForSecrets: Bool = false
    ) {
        owners = scope.owners
        place = scope.place
        self.looksForSecrets = looksForSecrets
        self.snapshot = snapshot
        self.takesDigests = takesDigests
        self.feedsSandbox = feedsSandbox
        cursor = DirectoryCursor(root: root)
        directory = (snapshot.root, [], Self.memberName([], in: scope.place, feedsSandbox: feedsSandbox))
    }

    /// Encodes an entry that is not large into a chunk.
    ///
    /// What cannot be read is noted there and leaves no trace in the stream.
    mutating func encode(_ id: EntryID, into chunk: PackChunk) throws(ArchiveError) {
        let record = snapshot[id]
        enterDirectory(of: id)
        chunk.entryCount += 1
        switch record.kind {
        case .directory:
            let mode = feedsSandbox ? record.mode | 0o700 : record.mode
            let member = TarMember(kind: .directory, mode: mode, mtime: record.mtime)
            try appendHeader(member, id, target: [], to: &chunk.buffer)
        case .symlink:
            let member = TarMember(kind: .symlink, mode: 0o777, mtime: record.mtime)
            try appendHeader(member, id, target: snapshot.target(of: id), to: &chunk.buffer)
        default:
            try encodeFile(id, record, into: chunk)
        }
    }

    /// Appends the header of an entry.
    mutating func appendHeader(
        _ member: TarMember, _ id: EntryID, target: ArraySlice<UInt8>, to buffer: inout ByteBuffer
    ) throws(ArchiveError) {
        enterDirectory(of: id)
        try appendHeader(member, id, named: snapshot.name(of: id), target: target, to: &buffer)
    }

    /// Appends the header of an entry of the directory at hand.
    private mutating func appendHeader(
        _ member: TarMember, _ id: EntryID, named name: ArraySlice<UInt8>, target: ArraySlice<UInt8>,
        to buffer: inout ByteBuffer
    ) throws(ArchiveError) {
        var member = member
        if let owners { member.owner = owners.owner(of: id) }
        var path = directory.member
        if feedsSandbox, path.isEmpty, Self.hasDrive(name) { path = [UInt8(ascii: ".")] }
        try encoder.appendHeader(
            of: member, directory: path.span, name: name.span, target: target.span, to: &buffer)
    }

    /// The name in the stream of what is at a path.
    func memberName(_ path: [UInt8]) -> [UInt8] { Self.memberName(path, in: place, feedsSandbox: feedsSandbox) }

    private static func memberName(_ path: [UInt8], in place: [UInt8], feedsSandbox: Bool) -> [UInt8] {
        let path = RelativePath.join(place, path)
        return feedsSandbox ? anchored(path) : path
    }

    /// A path as a tar takes it that strips what it takes for a drive.
    static func anchored(_ path: [UInt8]) -> [UInt8] {
        hasDrive(path[...]) ? [UInt8(ascii: "."), RelativePath.separator] + path : path
    }

    private static func hasDrive(_ path: ArraySlice<UInt8>) -> Bool {
        guard path.count > 1, path[path.startIndex + 1] == UInt8(ascii: ":") else { return false }
        let letter = path[path.startIndex] | 0x20
        return letter >= UInt8(ascii: "a") && letter <= UInt8(ascii: "z")
    }

    /// Appends the header of a file with holes.
    ///
    /// Returns whether the format can hold it.
    mutating func appendSparseHeader(
        _ member: TarMember, _ id: EntryID, extents: [SparseExtent], to buffer: inout ByteBuffer
    ) throws(ArchiveError) -> Bool {
        enterDirectory(of: id)
        let (path, name) = (directory.member, snapshot.name(of: id))
        return try encoder.appendSparseHeader(
            of: member, directory: path.span, name: name.span, extents: extents.span, to: &buffer)
    }

    /// Opens an entry's file.
    mutating func open(_ id: EntryID) throws(Errno) -> FileHandle {
        enterDirectory(of: id)
        return try open(snapshot.terminatedName(of: id))
    }

    /// Opens a file of the directory at hand.
    private mutating func open(_ name: TerminatedName) throws(Errno) -> FileHandle {
        if let opened { return try opened.handle.openFile(name) }
        let opened = try cursor.open(directory.path)
        self.opened = opened
        return try opened.handle.openFile(name)
    }

    private mutating func enterDirectory(of id: EntryID) {
        guard let parent = snapshot.parent(of: id), parent != directory.id else { return }
        let path = snapshot.path(of: parent)
        directory = (parent, path, memberName(path))
        opened = nil
    }

    /// Header and content of a file.
    ///
    /// When the file is not what the scan saw, the header tells what was read, never what was expected; a file that
    /// keeps changing is tried three times and then reported.
    private mutating func encodeFile(_ id: EntryID, _ record: EntryRecord, into chunk: PackChunk) throws(ArchiveError) {
        let start = chunk.buffer.count
        // PERF: looked up once; the directory at hand is the file's.
        let name = snapshot.terminatedName(of: id)
        do throws(Errno) {
            let file = try open(name)
            var expected = EntryStatus(
                kind: .file, mode: record.mode, size: record.size, mtime: record.mtime, ctime: record.ctime,
                inode: snapshot.inode(of: id))
            for attempt in 0..<3 {
                chunk.buffer.truncate(to: start)
                let content: Range<Int>
                do throws(ArchiveError) {
                    let member = TarMember(kind: .file, mode: expected.mode, size: expected.size, mtime: expected.mtime)
                    try appendHeader(member, id, named: name.bytes, target: [], to: &chunk.buffer)
                } catch {
                    return report(.unreadable, id, error.description, into: chunk)
                }
                content = try appendContent(of: file, size: expected.size, to: &chunk.buffer)
                let status = try file.status()
                guard status.kind == .file else { throw .invalidArgument }
                let isSame = status.isSameContent(as: expected) && Int64(content.count) == expected.size
                if isSame || attempt == 2 {
                    if !isSame {
                        // The stream has to stay valid: exactly as many bytes as the header says.
                        fit(content, to: expected.size, in: &chunk.buffer)
                        report(
                            .unstable, id,
                            "the file kept changing while it was read; run the same command again when it is at rest",
                            into: chunk, hasFailed: false)
                    }
                    finish(content.lowerBound, size: expected.size, id, named: name.bytes, into: chunk)
                    return
                }
                expected = status
            }
        } catch {
            chunk.buffer.truncate(to: start)
            let path = snapshot.path(of: id)
            if error == .noSuchFileOrDirectory {
                return report(.unstable, id, "the file vanished while the source was read", into: chunk)
            }
            report(.unreadable, id, FileSystemError("read", path: path, cause: error).description, into: chunk)
        }
    }

    private mutating func finish(
        _ start: Int, size: Int64, _ id: EntryID, named name: ArraySlice<UInt8>, into chunk: PackChunk
    ) {
        if takesDigests {
            chunk.buffer.withSpan(in: start..<(start + Int(size))) { bytes in
                chunk.digests.append((id, StreamDigest.of(bytes)))
            }
        }
        if looksForSecrets, size <= SecretContent.largestFile, let verdict = snapshot.undecidedSecret(id, named: name) {
            let rule = chunk.buffer.withSpan(in: start..<(start + Int(size))) { bytes in
                SecretContent.rule(in: bytes, named: verdict)
            }
            if let rule { chunk.problems.append(Problem(rule, at: snapshot.path(of: id))) }
        }
        chunk.buffer.appendPadding(after: size)
        chunk.contentBytes += size
    }

    private func fit(_ content: Range<Int>, to size: Int64, in buffer: inout ByteBuffer) {
        let wanted = content.lowerBound + Int(size)
        if buffer.count > wanted { buffer.truncate(to: wanted) } else { buffer.appendZeros(wanted - buffer.count) }
    }

    /// Reads a file to its end, asking for one byte more than it should have, so that growth shows.
    private func appendContent(
        of file: borrowing FileHandle, size: Int64, to buffer: inout ByteBuffer
    ) throws(Errno) -> Range<Int> {
        let start = buffer.count
        var offset: Int64 = 0
        while offset <= size {
            let room = Int(size - offset) + 1
            let at = offset
            let count = try buffer.append(upTo: room) { span throws(Errno) in try file.read(into: &span, at: at) }
            offset += Int64(count)
            // A regular file's read is short only at its end.
            if count < room { break }
        }
        return start..<buffer.count
    }

    private func report(
        _ code: Problem.Code, _ id: EntryID, _ message: String, into chunk: PackChunk, hasFailed: Bool = true
    ) {
        chunk.problems.append(Problem(code, path: snapshot.path(of: id), message: message))
        if hasFailed {
            chunk.failed.append(id)
            chunk.entryCount -= 1
        }
    }
}

extension EntryStatus {
    /// Whether nothing says that the content changed between two looks.
    func isSameContent(as other: EntryStatus) -> Bool {
        size == other.size && mtime == other.mtime && ctime == other.ctime && inode == other.inode
    }
}

/// SHA-256 of content that streams by, so that no file is read a second time to be hashed.
struct StreamDigest {
    private var hash = SHA256()

    mutating func update(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
    }

    func finish() -> [UInt8] { Array(hash.finalize()) }

    static func of(_ bytes: Span<UInt8>) -> [UInt8] {
        var digest = StreamDigest()
        digest.update(bytes)
        return digest.finish()
    }
}
