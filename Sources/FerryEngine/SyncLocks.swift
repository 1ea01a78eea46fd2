import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// The locks of one sync: the workspace's and the endpoint's, held until it ends.
///
/// A push shares the workspace with other pushes and has its endpoint alone; a pull has both alone.
struct SyncLocks: ~Copyable {
    private let first: SyncLock
    private let second: SyncLock?

    /// What is locked, and how.
    struct Request {
        var key: [UInt8]
        var mode: SyncLock.Mode
        /// What it is called in messages.
        var noun: String
    }

    /// The key of a directory, whatever links its path goes through; of one that is still to be made, by the directory above it.
    static func key(of directory: OpenDirectory?, at path: [UInt8]) throws(SyncError) -> [UInt8] {
        do throws(Errno) {
            if let directory { return try RootDirectory.realPath(of: directory) }
            let name = path.split(separator: RelativePath.separator).last ?? []
            let parent = try DirectoryEndpoints.realPathOfParent(path)
            return parent + [RelativePath.separator] + name
        } catch {
            throw SyncError(
                .failed, FileSystemError("find the real path of", path: path, cause: error).description)
        }
    }

    /// Takes the lock of a sync that concerns one side only; see ``take(workspace:endpoint:_:)``.
    static func take(_ request: Request, _ session: borrowing SyncSession) throws(SyncError) -> SyncLocks? {
        try take(workspace: request, endpoint: nil, session)
    }

    /// Takes the locks of a sync.
    ///
    /// Nil: nothing is locked, because it changes nothing or has no place for locks.
    static func take(
        workspace: Request, endpoint: Request?, _ session: borrowing SyncSession
    ) throws(SyncError) -> SyncLocks? {
        let options = session.options
        guard !options.isDryRun, let state = options.stateDirectory else { return nil }
        // Always in the same order, so that two syncs never wait for each other.
        let requests = [workspace, endpoint].compactMap(\.self).sorted { $0.key.lexicographicallyPrecedes($1.key) }
        let first = try take(requests[0], state, session)
        let second = requests.count > 1 ? try take(requests[1], state, session) : nil
        return SyncLocks(first: first, second: second)
    }

    private static func take(
        _ request: Request, _ state: [UInt8], _ session: borrowing SyncSession
    ) throws(SyncError) -> SyncLock {
        let options = session.options
        do throws(SyncLock.Failure) {
            return try SyncLock.take(
                request.key, request.mode, in: state, wait: options.lockWait,
                holder: Array("process \(SyncLock.processID)".utf8), cancellation: session.cancellation)
        } catch {
            switch error {
            case .cancelled: throw SyncError(.cancelled, "stopped on request; nothing was changed")
            case .file(let failure):
                throw SyncError(.failed, "\(failure); nothing was changed: name a state directory that can be written")
            case .held(let holder):
                let who = holder.isEmpty ? "another sync" : "another sync (\(displayName(of: holder)))"
                let time = options.lockWait / .seconds(1)
                throw SyncError(
                    .locked,
                    "\(who) holds \(request.noun) '\(displayName(of: request.key))', and did not let go within"
                        + " \(Int(time)) s; nothing was changed: wait for it, or give --wait more seconds")
            }
        }
    }
}
