public import FerryCore

/// One entry that a sync changes, holds, or leaves because of a conflict.
public struct SyncItem: Sendable {
    /// What is done.
    public let action: PlanAction
    /// What the entry is, or, for a deletion, was.
    public let kind: EntryKind
    /// What differs.
    public let changes: EntryChanges
    /// The path below the root.
    public let path: [UInt8]
    /// The size of a file in bytes.
    public let size: Int64
    /// A symbolic link's target.
    public let linkTarget: [UInt8]?
    /// The path of the file that this one is another name of.
    public let hardLinkTarget: [UInt8]?
    /// Why the entry is held.
    public let heldReason: HeldReason?
    /// Why there is a conflict; nil where there is none, or where nobody knows which side changed.
    public var conflictReason: PlanReason?
}

/// How far a sync is.
public struct SyncProgress: Sendable, Equatable {
    /// What the sync is doing.
    public enum Stage: String, Sendable, CaseIterable {
        /// Reading metadata.
        case scanning
        /// Comparing content.
        case comparing
        /// Moving content.
        case transferring
        /// Putting what was staged in its place.
        case applying
    }

    /// What the sync is doing.
    public var stage: Stage
    /// Entries finished in this stage.
    public var finishedEntries: Int
    /// Entries in all; nil where that is not known.
    public var totalEntries: Int?
    /// Bytes finished in this stage.
    public var finishedBytes: Int64
    /// Bytes in all; nil where that is not known.
    public var totalBytes: Int64?
}

/// What a sync tells while it runs.
///
/// The plan comes once, of a push of several trees once for each, before the first change to what it is about, and the items directly
/// after it; progress, digests and problems come at any time.
public enum SyncEvent: Sendable {
    /// What will be done; sent before the first change.
    case plan(PlanSummary)
    /// One entry of the plan, in the order of paths. A dry run sends the same ones.
    case item(SyncItem)
    /// How far it is; sent a few times a second at most.
    case progress(SyncProgress)
    /// SHA-256 of a file's content as it streamed by, where digests were asked for. Only streams have them.
    case digest(path: [UInt8], sha256: [UInt8])
    /// Something that could not be done; the sync goes on.
    case problem(Problem)
}

/// Takes the events of a sync.
///
/// Called from the sync's own thread and, for progress, from another one, perhaps at the same time.
public typealias SyncObserver = @Sendable (SyncEvent) -> Void
