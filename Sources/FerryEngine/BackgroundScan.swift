import FerryThreads

/// A scan on a thread of its own, while the way to the other side is opened or it lists.
struct BackgroundScan<Found: Sendable>: ~Copyable {
    private let work: BackgroundWork<Result<Found, SyncError>>

    /// Starts it.
    ///
    /// - Parameter scan: The scan.
    /// - Throws: ``SyncError`` when no thread can be started.
    init(_ scan: @escaping @Sendable () throws(SyncError) -> Found) throws(SyncError) {
        do throws(ThreadError) {
            work = try BackgroundWork(named: "scans") { Result { () throws(SyncError) in try scan() } }
        } catch {
            throw SyncError(.failed, "cannot start a thread: error \(error.errno)")
        }
    }

    /// Tells whether it goes on, whenever it is asked.
    var goesOn: () -> Bool { work.goesOn }

    /// Waits for it.
    consuming func finish() throws(SyncError) -> Found {
        guard let result = work.value() else { throw SyncError(.failed, "the scan ended without a result") }
        return try result.get()
    }
}
