import Synchronization

/// Says to every thread of a sync that it should stop at the next entry.
public final class CancellationFlag: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Makes a flag that is not raised.
    public init() {}

    /// Whether somebody asked to stop.
    public var isRaised: Bool { flag.load(ordering: .relaxed) }

    /// Asks to stop.
    ///
    /// Safe to call from any thread, again and again.
    public func raise() { flag.store(true, ordering: .relaxed) }
}
