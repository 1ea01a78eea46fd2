import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport

/// The sandbox of one sync, with a session open in it.
final class RemoteConnection {
    private let sandbox: any Sandbox
    private let session: RemoteSession
    private let vendorIdentity: SandboxIdentity?
    private let watch: Ticker
    /// The digests that were asked for already: asking again may take one more command.
    private var knownDigests: [[UInt8]: [UInt8]?] = [:]

    /// What the probe found.
    var facts: RemoteFacts { session.facts }

    init(
        _ sandbox: any Sandbox, _ session: RemoteSession, identity: SandboxIdentity?, _ sync: borrowing SyncSession
    ) {
        self.sandbox = sandbox
        self.session = session
        vendorIdentity = identity
        // A transport blocks where it waits: somebody else has to notice that the user wants to stop.
        let (cancellation, stop) = (sync.cancellation, session.stopper)
        watch = Ticker(every: .milliseconds(100)) { if cancellation.isRaised { stop() } }
    }

    /// The root, for messages.
    var rootName: String { session.root.display }

    func close() {
        watch.stop()
        session.close()
        sandbox.close()
    }

    func list(_ options: RemoteListingOptions) throws(SyncError) -> RemoteListing {
        try list(RemoteListingRequest(whole: options)).first
    }

    /// Lists trees.
    func list(_ request: RemoteListingRequest) throws(SyncError) -> RemoteListings {
        do throws(RemoteFailure) { return try session.list(request) } catch { throw error.syncError }
    }

    /// Removes what a push that was killed left over there.
    func sweep() throws(SyncError) {
        do throws(TransportError) { try session.sweep() } catch { throw RemoteFailure.transport(error).syncError }
    }

    func receive(
        _ request: RemoteReceiveRequest, produce: (inout RemoteSink) throws(PackFailure) -> Void
    ) throws(SyncError) -> RemoteReceipt {
        do throws(RemoteFailure) {
            return try session.receive(request, produce: produce)
        } catch {
            throw error.syncError
        }
    }

    /// Takes in the beginning of the listing that was asked for first, as long as wanted.
    func readAheadListing(while goesOn: () -> Bool) throws(SyncError) {
        do throws(RemoteFailure) { try session.readAheadListing(while: goesOn) } catch { throw error.syncError }
    }

    func send(_ paths: [[UInt8]], compression: Compression) throws(SyncError) -> RemoteArchiveSource {
        do throws(TransportError) {
            return try session.send(paths, compression: compression)
        } catch {
            throw RemoteFailure.transport(error).syncError
        }
    }

    /// Which sandbox it is, as far as that is known before or after a listing.
    func identity(of listing: RemoteListing? = nil) -> SyncBaseline.Identity {
        // A root that was missing is known only from the listing that follows its making.
        let inode = (facts.directory?.inode ?? listing?.root?.status.inode).map { "inode \($0)" } ?? ""
        let device = (facts.directory?.device ?? listing?.root?.status.device).map { "device \($0) " } ?? ""
        return SyncBaseline.Identity(
            id: vendorIdentity?.id ?? Array(inode.utf8),
            boot: Array(device.utf8) + (vendorIdentity.map(\.boot) ?? facts.boot),
            isEmpty: facts.root == .missing || (facts.directory?.isEmpty ?? false)
                || listing.map { $0.snapshot.entryCount == 0 && $0.isComplete } ?? false)
    }

    /// Asks for the digests of files of which only their content can say whether they are as agreed.
    ///
    /// - Parameters:
    ///   - listing: What the sandbox holds.
    ///   - baseline: What was agreed on.
    /// - Returns: The digests by path; nothing where the sandbox cannot take any.
    /// - Throws: ``SyncError``.
    func undecidedDigests(
        _ listing: RemoteListing, _ baseline: borrowing SyncBaseline
    ) throws(SyncError) -> [[UInt8]: [UInt8]] {
        guard let old = baseline.old, facts.digest != .none else { return [:] }
        let paths = old.undecidedFiles(in: listing.snapshot, trust: baseline.trust)
        guard !paths.isEmpty else { return [:] }
        var result: [[UInt8]: [UInt8]] = [:]
        for (path, digest) in zip(paths, try digests(of: paths)) { result[path] = digest }
        return result
    }

    /// The SHA-256 of files, taken over there; nil for one that could not be read.
    func digests(of paths: [[UInt8]]) throws(SyncError) -> [[UInt8]?] {
        if facts.digest == .none { return paths.map { _ in nil } }
        let missing = paths.filter { knownDigests[$0] == nil }
        if !missing.isEmpty {
            let digests: [[UInt8]?]
            do throws(RemoteFailure) { digests = try session.digests(of: missing) } catch { throw error.syncError }
            for (path, digest) in zip(missing, digests) { knownDigests.updateValue(digest, forKey: path) }
        }
        return paths.map { knownDigests[$0] ?? nil }
    }

    /// Halts when a plan needs more space or inodes than are left in the sandbox.
    func checkSpace(_ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {
        // Where the stream is stored before it is unpacked, its content is there twice for a while. It may be stored on another disk, but
        // nobody knows.
        let storesInput = sandbox.capabilities.storesInput
        let bytes = storesInput ? summary.bytesToWrite.addingReportingOverflow(summary.bytesToWrite).partialValue : 0
        guard !options.overrides.allowed.contains(.lowSpace), let directory = facts.directory else { return }
        let advice = "free some, or try all the same with --allow low-space"
        if let free = directory.freeBytes, max(summary.bytesToWrite, bytes) > free {
            let reason =
                storesInput ? ", and as many for the stream that carries them, which is stored there first," : ""
            throw SyncError(
                Halt(
                    .lowSpace,
                    message:
                        "\(summary.bytesToWrite) bytes are to be written\(reason) and the sandbox says that \(free) are"
                        + " free there; \(advice)"))
        }
        if let free = directory.freeInodes, Int64(summary.inodesToMake) > free {
            throw SyncError(
                Halt(
                    .lowSpace,
                    message:
                        "\(summary.inodesToMake) entries are to be made and the sandbox says that \(free) inodes are free"
                        + " there; \(advice)"))
        }
    }

    /// How a stream of so many bytes is compressed on its way.
    func compression(_ wish: TransferCompression, bytes: Int64) throws(SyncError) -> Compression {
        switch wish {
        case .none: return .none
        case .gzip: return .gzip
        case .zstd: return .zstd
        case .automatic:
            guard sandbox.capabilities.crossesNetwork, bytes > Self.leastBytesToMeasure else { return .none }
            // A measurement would be two more requests, and requests with whole files are slow.
            if session.takesTurns { return facts.hasZstd ? .zstd : facts.hasGzip ? .gzip : .none }
            if facts.hasZstd, session.distance > Self.farDistance { return .zstd }
            let rate: Double
            do throws(TransportError) { rate = try session.measureRate() } catch {
                throw RemoteFailure.transport(error).syncError
            }
            if facts.hasZstd, rate < Self.zstdRate { return .zstd }
            return facts.hasGzip && rate < Self.gzipRate ? .gzip : .none
        }
    }

    /// Less is sent before the link has been measured.
    private static let leastBytesToMeasure: Int64 = 4 << 20
    /// Two round trips at most: a sandbox that is farther away has no way that is faster than zstd.
    ///
    /// The window of ssh, 2 MiB a round trip, alone sees to that; to measure the link would cost another round trip.
    private static let farDistance = Duration.milliseconds(100)
    /// Below so many bytes a second a core of zstd at its fastest level, some 260 MB/s, gains more than it costs.
    private static let zstdRate = 130e6
    /// The same for gzip.
    private static let gzipRate = 30e6
}

extension RemoteRoot {
    init(_ path: SandboxPath) {
        switch path.base {
        case .root: self = .absolute(path.bytes)
        case .home: self = .belowHome(path.bytes)
        }
    }
}

extension RemoteListingOptions {
    /// How a sandbox is listed in a sync: by the workspace's rules.
    init(rules: IgnoreRules, _ options: SyncOptions) {
        self.init()
        exclusion = StreamExclusion(rules: rules, selection: options.selection)
        preserve = options.preserve
        staysOnOneFileSystem = options.staysOnOneFileSystem
    }
}
