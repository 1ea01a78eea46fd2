import FerryArchive
import FerryCore
import FerryTransport
import SystemPackage

/// Why something with a sandbox did not work.
enum RemoteFailure: Error {
    /// The sandbox or the way to it failed.
    case transport(TransportError)
    /// The sandbox says something that no honest one says.
    case refused(RefusedListing)
    /// What was to be sent could not be read or encoded, or somebody asked to stop.
    case packing(PackFailure)

    /// The failure as the whole sync's.
    var syncError: SyncError {
        switch self {
        case .transport(let error):
            switch error.code {
            case .timedOut: SyncError(.timedOut, error.description)
            case .cancelled: SyncError(.cancelled, "stopped on request: \(error.purpose)")
            default: SyncError(.transport, error.description)
            }
        case .refused(let error): SyncError(.unsafeArchive, error.description, examples: error.path.map { [$0] } ?? [])
        case .packing(.cancelled): SyncError(.cancelled, "stopped on request; run the same command again to finish")
        case .packing(.archive(let error)): SyncError(.failed, error.description)
        case .packing(.output(let error)): SyncError(.failed, "cannot write to the sandbox: \(error.description)")
        case .packing(.transport(let error)): RemoteFailure.transport(error).syncError
        case .packing(.halted(let error)): error
        }
    }
}

/// A listing that cannot be true, or is larger than anything that is taken from a sandbox.
struct RefusedListing: Error, Equatable {
    /// The path at which it was noticed; nil when it is not about one.
    var path: [UInt8]?
    /// What is wrong, as a clause.
    var reason: String

    init(_ reason: String, path: [UInt8]? = nil) {
        self.path = path
        self.reason = reason
    }
}

extension RefusedListing: CustomStringConvertible {
    var description: String {
        let place = path.map { " at '\(displayName(of: $0.prefix(1_000)))'" } ?? ""
        return "the sandbox's listing is refused\(place): \(reason); nothing was changed: see what runs in the sandbox"
    }
}

/// How much is taken from a sandbox's listing before it counts as an attack; each has a name that its error gives.
struct RemoteLimits: Hashable, Sendable {
    /// The number of entries.
    var entries = 10_000_000
    /// The bytes of the listing as it comes, each path as if it came in full.
    var listingBytes: Int64 = 16 << 30
    /// The bytes of all names and link targets together, which are kept in memory.
    var nameBytes: Int64 = 2 << 30
    /// The number of components of a path.
    var depth = 4_096
    /// The bytes of one string: a path, a link's target, or the lines of one run of a tool.
    var stringBytes = 1 << 20

    /// The number of entries that a snapshot can have at all.
    static let mostEntries = 100_000_000
}
