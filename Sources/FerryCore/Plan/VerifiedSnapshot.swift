/// What was fetched from a sandbox and lies in staging, not yet checked.
///
/// Nothing can be planned with it.
public struct StagedSnapshot: ~Copyable {
    private let snapshot: Snapshot

    /// Wraps what was staged.
    public init(_ snapshot: Snapshot) { self.snapshot = snapshot }

    /// Checks that all of it arrived.
    ///
    /// The only way to a ``VerifiedSnapshot``, and so to a plan that may delete.
    ///
    /// - Parameter evidence: What the transfer saw of its end.
    /// - Returns: The same snapshot, now good for a plan.
    /// - Throws: ``VerificationFailure`` when the end was not reached or something is missing.
    public consuming func verify(_ evidence: TransferEvidence) throws(VerificationFailure) -> VerifiedSnapshot {
        guard evidence.reachedEnd else { throw .endNotReached }
        guard evidence.entries == snapshot.entryCount else {
            throw .entryCount(expected: evidence.entries, found: snapshot.entryCount)
        }
        return VerifiedSnapshot(snapshot: snapshot)
    }
}

/// What was fetched from a sandbox and is known to be complete.
public struct VerifiedSnapshot: ~Copyable {
    /// The tree.
    public let snapshot: Snapshot

    fileprivate init(snapshot: Snapshot) { self.snapshot = snapshot }
}

/// What a transfer saw of its end.
public struct TransferEvidence: Sendable {
    /// Whether the sender's end mark was seen, and nothing after it.
    public var reachedEnd: Bool
    /// The number of entries that arrived.
    public var entries: Int

    /// Makes evidence.
    public init(reachedEnd: Bool, entries: Int) {
        self.reachedEnd = reachedEnd
        self.entries = entries
    }
}

/// Why a staged snapshot is not complete.
public enum VerificationFailure: Error, Sendable, Hashable {
    /// The transfer stopped before its end.
    case endNotReached
    /// Not as many entries arrived as were sent.
    case entryCount(expected: Int, found: Int)
}
