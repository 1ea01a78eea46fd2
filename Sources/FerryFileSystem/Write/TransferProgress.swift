import Synchronization

/// How far a transfer has come; threads count, somebody else looks now and then.
public final class TransferProgress: Sendable {
    private let entries = Atomic<Int>(0)
    private let bytes = Atomic<Int64>(0)

    /// Starts at nothing.
    public init() {}

    /// The number of entries finished.
    public var finishedEntries: Int { entries.load(ordering: .relaxed) }
    /// The number of bytes of content read or written.
    public var finishedBytes: Int64 { bytes.load(ordering: .relaxed) }

    /// Counts.
    ///
    /// Call it for batches, not for each entry: the counters are shared between the cores.
    package func add(entries count: Int, bytes size: Int64) {
        entries.add(count, ordering: .relaxed)
        bytes.add(size, ordering: .relaxed)
    }
}
