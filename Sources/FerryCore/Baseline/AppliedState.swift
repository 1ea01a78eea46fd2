/// What a sync left behind, as far as the next baseline needs to know it.
public struct AppliedState: Sendable {
    /// The source after the sync; the plan's own snapshot where nobody looked again.
    public var source: Snapshot
    /// The destination after the sync, or only what the sync wrote there; see ``destinationIsPartial``.
    public var destination: Snapshot
    /// The files in the destination of which whoever wrote them told what they are; they are not in ``destination``.
    public var written = WrittenFiles()
    /// From when on the source's content is known.
    public var sourceStamp: ScanStamp
    /// From when on the destination's content is known.
    public var destinationStamp: ScanStamp
    /// Whether ``destination`` and ``written`` tell only of what was written; everything else is then as the plan saw it.
    public var destinationIsPartial: Bool
    /// From when on the content of what is as the plan saw it is known; the source's stamp, unless somebody says otherwise.
    public var plannedStamp: ScanStamp
    /// The paths of steps that failed, and of files that kept changing while they were sent.
    public var failed: Set<[UInt8]>
    /// The SHA-256 of files of the plan's source whose content passed through; nil for any other.
    public var digest: @Sendable (_ file: EntryID) -> [UInt8]?
    /// The digest of what an index of git says that both sides agree on now, or that the sandbox has; nil where nobody looked.
    public var indexDigest: @Sendable (_ path: [UInt8]) -> [UInt8]? = { _ in nil }

    /// Makes a state.
    public init(
        source: Snapshot, destination: Snapshot, sourceStamp: ScanStamp, destinationStamp: ScanStamp,
        destinationIsPartial: Bool = false, failed: Set<[UInt8]> = [],
        digest: @escaping @Sendable (_ file: EntryID) -> [UInt8]? = { _ in nil }
    ) {
        self.source = source
        self.destination = destination
        self.sourceStamp = sourceStamp
        self.destinationStamp = destinationStamp
        self.destinationIsPartial = destinationIsPartial
        plannedStamp = sourceStamp
        self.failed = failed
        self.digest = digest
    }
}
