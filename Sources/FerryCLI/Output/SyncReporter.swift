import FerryEngine

/// Tells somebody about one sync.
protocol SyncReporter: Sendable {
    /// Something happened. May come from several threads, though not at the same time for one kind of event.
    func report(_ event: SyncEvent)
    /// The sync came to its end.
    func finish(_ report: SyncReport, status: ExitStatus)
    /// The sync did not come to its end.
    func fail(_ error: SyncError, status: ExitStatus)
}
