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

    /// What the probe found.
    var facts: RemoteFacts { session.facts }

    init(_ endpoint: SandboxEndpoint, _ sync: borrowing SyncSession) throws(SyncError) {
        do throws(TransportError) {
            sandbox = try endpoint.open()
            do throws(TransportError) {
                vendorIdentity = try sandbox.identity()
                session = try RemoteSession.open(
                    sandbox, root: RemoteRoot(endpoint.root), idleTimeout: sync.options.idleTimeout)
            } catch {
                sandbox.close()
                throw error
            }
        } catch {
            throw RemoteFailure.transport(error).syncError
        }
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
        do throws(RemoteFailure) { return try session.list(options) } catch { throw error.syncError }
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

    func send(_ paths: [[UInt8]], compression: Compression) throws(SyncError) -> RemoteArchiveSource {
        do throws(TransportError) {
            return try session.send(paths, compression: compression)
        } catch {
            throw RemoteFailure.transport(error).syncError
        }
    }

    /// Which sandbox it is.
    func identity(of listing: RemoteListing) -> SyncBaseline.Identity {
        // A root that was missing is known only from the listing that follows its making.
        let inode = (facts.directory?.inode ?? listing.root?.status.inode).map { "inode \($0)" } ?? ""
        let device = (facts.directory?.device ?? listing.root?.status.device).map { "device \($0) " } ?? ""
        return SyncBaseline.Identity(
            id: vendorIdentity?.id ?? Array(inode.utf8),
            boot: Array(device.utf8) + (vendorIdentity.map(\.boot) ?? facts.boot),
            isEmpty: facts.root == .missing || (facts.directory?.isEmpty ?? false)
                || listing.snapshot.entryCount == 0 && listing.isComplete)
    }

    /// Compares files that metadata alone does not decide, by digests from both sides.
    func compareContent(
        _ plan: inout Plan, from workspace: OpenDirectory, _ sync: inout SyncSession
    ) throws(SyncError) {
        guard !plan.comparisons.isEmpty else { return }
        try sync.begin(.comparing)
        let ids = plan.comparisons.map { plan.steps[$0].source }
        let paths = ids.map { $0.map(plan.source.path(of:)) ?? [] }
        let theirs: [[UInt8]?]
        if facts.digest == .none {
            theirs = paths.map { _ in nil }
        } else {
            do throws(RemoteFailure) { theirs = try session.digests(of: paths) } catch { throw error.syncError }
        }
        let ours = ContentHasher.digests(of: ids.compactMap(\.self), in: plan.source, root: workspace)
        sync.note(ours.problems)
        try sync.checkCancellation()
        var answers: [Bool?] = []
        for (index, digest) in ours.digests.enumerated() {
            // Without a digest of theirs nothing says that they are equal.
            answers.append(digest.map { $0 == theirs[index] })
        }
        plan.settle(equal: answers)
    }

    /// Halts when a plan needs more than is left in the sandbox.
    func checkSpace(_ summary: PlanSummary, _ options: SyncOptions) throws(SyncError) {
        guard !options.overrides.allowed.contains(.lowSpace), let free = facts.directory?.freeBytes,
            summary.bytesToWrite > free
        else { return }
        throw SyncError(
            Halt(
                .lowSpace,
                message:
                    "\(summary.bytesToWrite) bytes are to be written and the sandbox says that \(free) are free there;"
                    + " free some, or try all the same with --allow low-space"))
    }

    /// How a stream of so many bytes is compressed on its way.
    func compression(_ wish: TransferCompression, bytes: Int64) throws(SyncError) -> Compression {
        switch wish {
        case .none: return .none
        case .gzip: return .gzip
        case .zstd: return .zstd
        case .automatic:
            guard sandbox.capabilities.crossesNetwork, bytes > Self.leastBytesToMeasure else { return .none }
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
