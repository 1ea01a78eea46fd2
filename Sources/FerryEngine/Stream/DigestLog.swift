import FerryCore
import Synchronization

/// The SHA-256 of files whose content passed through a sync: for the next baseline, and for the observer where it wants them.
///
/// With them the next sync can tell who changed a file although no fingerprint is worth anything: after a restart of the sandbox,
/// or when the file was written a moment before it was listed.
final class DigestLog: Sendable {
    private let digests = Mutex<[[UInt8]: [UInt8]]>([:])
    private let observer: SyncObserver?

    /// Makes an empty log.
    ///
    /// - Parameter session: The sync.
    init(_ session: borrowing SyncSession) { observer = session.options.takesDigests ? session.observer : nil }

    /// Takes a digest; a later one of the same path counts.
    func add(_ path: [UInt8], _ digest: [UInt8]) {
        note(path, digest)
        observer?(.digest(path: path, sha256: digest))
    }

    /// Takes the digest of content that did not pass through, but was found to be the same on both sides.
    func note(_ path: [UInt8], _ digest: [UInt8]) { digests.withLock { $0[path] = digest } }

    /// The digest of the content that passed through under a path; nil when none did.
    func digest(of path: [UInt8]) -> [UInt8]? { digests.withLock { $0[path] } }

    /// Finds the digests of a tree's files, of those with several names by any of them.
    func lookup(in tree: Snapshot) -> @Sendable (_ path: [UInt8]) -> [UInt8]? {
        { path in
            if let digest = self.digest(of: path) { return digest }
            guard let id = tree.entry(at: RelativePath(unchecked: path)), tree.firstName(of: id) != id else {
                return nil
            }
            return self.digest(of: tree.path(of: tree.firstName(of: id)))
        }
    }
}
