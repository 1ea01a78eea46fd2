/// What the process as a whole knows and commands need.
enum Session {
    /// The signals that ask for a clean stop.
    static let signals = SignalWatch()
}
