import FerryCore
import FerryThreads
import FerryTransport

/// The way of a sync into its sandbox: one command that does it all, or, where none can be run, archives.
enum RemoteWay {
    case commands(RemoteConnection)
    case archives(ArchiveConnection)

    /// Takes in the beginning of the listing that was asked for first, as long as wanted.
    func readAheadListing(while goesOn: () -> Bool) throws(SyncError) {
        if case .commands(let connection) = self { try connection.readAheadListing(while: goesOn) }
    }

    /// Ends it.
    func close() {
        switch self {
        case .commands(let connection): connection.close()
        case .archives(let connection): connection.close()
        }
    }

    /// Opens the sandbox.
    ///
    /// - Parameters:
    ///   - endpoint: Where.
    ///   - request: What will be listed first of all, so that it is asked for at once; nil: perhaps nothing.
    ///   - sync: The sync.
    /// - Returns: The way in; whoever opened it closes it.
    /// - Throws: ``SyncError``.
    static func open(
        _ endpoint: SandboxEndpoint, listing request: RemoteListingRequest? = nil, _ sync: borrowing SyncSession
    ) throws(SyncError) -> RemoteWay {
        do throws(TransportError) {
            let sandbox = try endpoint.open()
            do throws(TransportError) {
                return try open(sandbox, endpoint, request, sync)
            } catch {
                sandbox.close()
                throw error
            }
        } catch {
            throw RemoteFailure.transport(error).syncError
        }
    }

    private static func open(
        _ sandbox: any Sandbox, _ endpoint: SandboxEndpoint, _ request: RemoteListingRequest?,
        _ sync: borrowing SyncSession
    ) throws(TransportError) -> RemoteWay {
        // A host that does not answer must not keep who wants to stop.
        let cancellation = sync.cancellation
        let watch = Ticker(every: .milliseconds(100)) { if cancellation.isRaised { sandbox.interrupt() } }
        defer { watch.stop() }
        let identity = try sandbox.identity()
        let obstacle: TransportError
        do throws(TransportError) {
            let session = try RemoteSession.open(
                sandbox, root: RemoteRoot(endpoint.root), listing: request, idleTimeout: sync.options.idleTimeout,
                cancellation: sync.cancellation)
            guard session.facts.tar == .none || !session.facts.hasXargs, sandbox.archives != nil else {
                return .commands(RemoteConnection(sandbox, session, identity: identity, sync))
            }
            session.close()
            obstacle = TransportError(
                .missingTool, sandbox: sandbox.name, purpose: "looking for tools",
                reason: "the sandbox has no tar, or no xargs that knows -0",
                advice: "use an image that has them, or busybox")
        } catch {
            obstacle = error
        }
        guard obstacle.code == .unsupported || obstacle.code == .missingTool, let archives = sandbox.archives,
            endpoint.root.base == .root
        else { throw obstacle }
        return .archives(
            ArchiveConnection(
                sandbox, archives, root: endpoint.root.bytes, identity: identity, obstacle: obstacle, sync))
    }
}
