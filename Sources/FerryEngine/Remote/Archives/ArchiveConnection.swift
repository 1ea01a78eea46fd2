import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport
import Synchronization

/// The sandbox of one sync, in which no command can be run: archives are the only way in and out.
///
/// What is there is known from an archive of all of it. Entries can be made and replaced, but not removed.
final class ArchiveConnection {
    private let sandbox: any Sandbox
    private let archives: any SandboxArchives
    private let vendorIdentity: SandboxIdentity?
    private let root: [UInt8]
    private let idleTimeout: Duration?
    private let cancellation: CancellationFlag
    private let current: CurrentDownload
    /// Nil for what is only a view of another one.
    private let watch: Ticker?
    /// Why no command can be run.
    let obstacle: TransportError

    /// The download that is to be broken off when somebody asks to stop.
    private final class CurrentDownload: Sendable {
        let download = Mutex<(any SandboxDownload)?>(nil)
    }

    init(
        _ sandbox: any Sandbox, _ archives: any SandboxArchives, root: [UInt8], identity: SandboxIdentity?,
        obstacle: TransportError, _ sync: borrowing SyncSession
    ) {
        self.sandbox = sandbox
        self.archives = archives
        self.root = root
        idleTimeout = sync.options.idleTimeout
        vendorIdentity = identity
        self.obstacle = obstacle
        let (cancellation, current) = (sync.cancellation, CurrentDownload())
        self.cancellation = cancellation
        self.current = current
        watch = Ticker(every: .milliseconds(100)) {
            if cancellation.isRaised { current.download.withLock { $0?.terminate() } }
        }
    }

    /// The same sandbox with a directory below the root as its root.
    private init(_ other: ArchiveConnection, below path: [UInt8]) {
        sandbox = other.sandbox
        archives = other.archives
        root = other.absolute(path)
        idleTimeout = other.idleTimeout
        vendorIdentity = other.vendorIdentity
        obstacle = other.obstacle
        cancellation = other.cancellation
        current = other.current
        watch = nil
    }

    /// A directory below the root; whoever uses it keeps this connection open.
    func below(_ path: [UInt8]) -> ArchiveConnection { ArchiveConnection(self, below: path) }

    /// The root, for messages.
    var rootName: String { displayName(of: root) }

    /// Why nothing can be removed, as a clause.
    var whyNothingIsRemoved: String {
        let advice = obstacle.advice.isEmpty ? "" : "; \(obstacle.advice), then run the same command again"
        return "\(obstacle.reason), so entries can only be made and replaced there\(advice)"
    }

    func close() {
        watch?.stop()
        sandbox.close()
    }

    /// Which sandbox it is.
    func identity(isEmpty: Bool) -> SyncBaseline.Identity {
        SyncBaseline.Identity(id: vendorIdentity?.id ?? [], boot: vendorIdentity?.boot ?? [], isEmpty: isEmpty)
    }

    /// Whether there is anything at a path below the root; the root itself without one.
    func holds(_ path: [UInt8] = []) throws(SyncError) -> Bool {
        try transport { () throws(TransportError) in
            try archives.holds(path.isEmpty ? root : absolute(path))
        }
    }

    /// An archive of what is in the root.
    func source() throws(SyncError) -> DownloadSource { try source(of: absolute([UInt8(ascii: ".")])) }

    private func source(of path: [UInt8]) throws(SyncError) -> DownloadSource {
        let download = try transport { () throws(TransportError) in
            try archives.download(path, idleTimeout: idleTimeout)
        }
        current.download.withLock { $0 = download }
        return DownloadSource(download)
    }

    /// Reads all that is in the root.
    func list(_ rules: IgnoreRules, _ options: SyncOptions) throws(SyncError) -> ArchiveListing {
        // Its content is not kept, so that how much there is of it does not matter.
        let reader = ArchiveReader(source: try source(), limits: options.limits)
        do throws(ArchiveListingFailure) {
            return try ArchiveListingReader(reader, rules: rules, options, cancellation).run()
        } catch {
            switch error {
            case .cancelled: throw SyncError(.cancelled, "stopped on request: listing '\(rootName)'")
            case .refused(let error): throw RemoteFailure.refused(error).syncError
            case .archive(let error): throw syncError(error)
            }
        }
    }

    private func syncError(_ error: ArchiveError) -> SyncError {
        if let cause = error.cause as? TransportError { return RemoteFailure.transport(cause).syncError }
        return SyncError(.unsafeArchive, "\(error); nothing was changed")
    }

    // MARK: Owners

    /// Whether the listing's owners are true.
    func tellsOwners() throws(SyncError) -> Bool {
        try transport { () throws(TransportError) in try archives.tellsOwners() }
    }

    /// Whom new entries belong to: who the root belongs to, where that can be learnt, else the container's configured user.
    func ownerOfNewEntries(_ listing: ArchiveListing, rootExists: Bool, _ options: SyncOptions) throws(SyncError)
        -> RemoteOwner
    {
        if let owner = options.owner { return RemoteOwner(user: owner.user, group: owner.group) }
        if rootExists, try tellsOwners() {
            if let owner = listing.rootOwner { return owner }
            return try firstOwner(root)
        }
        guard let user = try transport({ () throws(TransportError) in try archives.configuredUser() }) else {
            return .superuser
        }
        return try ConfiguredUser(user).owner { (file) throws(SyncError) in try content(of: file) }
    }

    /// Whom the first member of an archive belongs to, which is what was asked for.
    private func firstOwner(_ path: [UInt8]) throws(SyncError) -> RemoteOwner {
        var reader = ArchiveReader(source: try source(of: path))
        do throws(ArchiveError) { return try reader.next()?.owner ?? reader.rootOwner ?? .superuser } catch {
            throw syncError(error)
        }
    }

    /// A small file of the sandbox; empty when there is none.
    private func content(of path: [UInt8]) throws(SyncError) -> [UInt8] {
        guard try transport({ () throws(TransportError) in try archives.holds(path) }) else { return [] }
        var reader = ArchiveReader(source: try source(of: path))
        var content: [UInt8] = []
        do throws(ArchiveError) {
            guard try reader.next() != nil else { return [] }
            while content.count < 1 << 20 {
                let piece: Void? = try reader.withNextContent { _, bytes in
                    for index in bytes.indices { content.append(bytes[index]) }
                }
                if piece == nil { break }
            }
        } catch {
            throw syncError(error)
        }
        return content
    }

    // MARK: Writing

    /// Makes the root, and what is missing above it.
    func makeRoot(_ owner: RemoteOwner) throws(SyncError) {
        var parts = root.split(separator: RelativePath.separator).map { Array($0) }
        var missing: [[UInt8]] = []
        while !parts.isEmpty {
            let path = Self.path(parts)
            if try transport({ () throws(TransportError) in try archives.holds(path) }) { break }
            missing.insert(parts.removeLast(), at: 0)
        }
        guard !missing.isEmpty else { return }
        var buffer = ByteBuffer()
        var encoder = TarHeaderEncoder()
        do {
            for count in 1...missing.count {
                var member = TarMember(kind: .directory, mode: 0o755, mtime: ScanStamp.now.start)
                member.owner = owner
                let path = try RelativePath(
                    validating: Array(missing[..<count].joined(separator: [RelativePath.separator])))
                try encoder.appendHeader(of: member, path: path, to: &buffer)
            }
        } catch {
            throw SyncError(.failed, "cannot make '\(rootName)' in the sandbox: \(error)")
        }
        TarEndMarker.append(to: &buffer)
        let place = Self.path(parts)
        try transport { () throws(TransportError) in
            try archives.upload(to: place, idleTimeout: idleTimeout) { (write) throws(TransportError) in
                try buffer.withSpan { (bytes) throws(TransportError) in try write(bytes) }
            }
        }
    }

    /// Makes what is missing of the ground that assets stand on, and the root.
    func makeGround(_ ground: PartGround, _ options: SyncOptions) throws(SyncError) {
        let rootExists = try holds()
        let owner = try ownerOfNewEntries(ArchiveListing(), rootExists: rootExists, options)
        if !rootExists { try makeRoot(owner) }
        var directories: [[UInt8]] = []
        for path in ground.directories where try !holds(path) { directories.append(path) }
        var files: [[UInt8]] = []
        for path in ground.ignoreFiles where try !holds(path) { files.append(path) }
        guard !directories.isEmpty || !files.isEmpty else { return }
        var members: ByteBuffer
        do throws(ArchiveError) {
            members = try ground.members(directories: directories, files: files, owner: owner)
        } catch {
            throw SyncError(.failed, "cannot make '\(rootName)' in the sandbox: \(error)")
        }
        TarEndMarker.append(to: &members)
        try transport { () throws(TransportError) in
            try archives.upload(to: root) { (write) throws(TransportError) in
                try members.withSpan { (bytes) throws(TransportError) in try write(bytes) }
            }
        }
    }

    /// Sends an archive that is unpacked into the root.
    ///
    /// - Parameter produce: Writes all of it.
    /// - Throws: ``SyncError``; a part of it may have arrived.
    func upload(_ produce: (inout UploadSink) throws(PackFailure) -> Void) throws(SyncError) {
        var failure: PackFailure?
        do throws(TransportError) {
            try archives.upload(to: root, idleTimeout: idleTimeout) { (write) throws(TransportError) in
                var sink = UploadSink(write)
                do throws(PackFailure) { try produce(&sink) } catch {
                    failure = error
                    if case .transport(let cause) = error { throw cause }
                    // Whatever it was: the upload is broken off before its end.
                    throw TransportError(.cancelled, sandbox: sandbox.name, purpose: "the upload", reason: "\(error)")
                }
            }
        } catch {
            throw RemoteFailure.packing(failure ?? .transport(error)).syncError
        }
    }

    private static func path(_ parts: [[UInt8]]) -> [UInt8] {
        [RelativePath.separator] + parts.joined(separator: [RelativePath.separator])
    }

    private func absolute(_ path: [UInt8]) -> [UInt8] {
        (root.last == RelativePath.separator ? root : root + [RelativePath.separator]) + path
    }

    private func transport<Value>(_ body: () throws(TransportError) -> Value) throws(SyncError) -> Value {
        do throws(TransportError) { return try body() } catch { throw RemoteFailure.transport(error).syncError }
    }
}
