import FerryCore
import FerryFileSystem
import Synchronization

/// The scan of a workspace that several pushes at a time go by: the first one makes it, and the others take it.
///
/// It counts only while it is certain that no sync of this machine has changed the workspace since: each push asks for it under the
/// workspace's lock, and when the last one is done it is forgotten.
final class SharedScan: Sendable {
    private struct State {
        var users = 0
        var made: Made?
    }

    /// A scan, and when it began.
    struct Made: Sendable {
        var result: ScanResult
        var stamp: ScanStamp
    }

    private let state = Mutex(State())
    private let gate = Mutex(())

    /// A push begins to go by it: it holds the workspace's lock from now on until ``end()``.
    func begin() { state.withLock { $0.users += 1 } }

    /// A push is done with it.
    func end() {
        state.withLock {
            $0.users -= 1
            if $0.users == 0 { $0.made = nil }
        }
    }

    /// The scan, made now unless it is there.
    ///
    /// One that failed is not kept: each push finds out for itself what is wrong.
    ///
    /// - Parameter make: Scans; the others wait meanwhile.
    /// - Returns: The scan.
    /// - Throws: What the closure throws.
    func scan(_ make: () throws(SyncError) -> Made) throws(SyncError) -> Made {
        try state.withLock { state throws(SyncError) in
            if let made = state.made { return made }
            let made = try make()
            state.made = made
            return made
        }
    }

    /// Does what has to be done to the workspace before any of the pushes goes on, which share its lock afterwards.
    ///
    /// - Parameter body: What one of them at a time does.
    /// - Throws: What the closure throws.
    func alone(_ body: () throws(SyncError) -> Void) throws(SyncError) {
        try gate.withLock { _ throws(SyncError) in try body() }
    }
}
