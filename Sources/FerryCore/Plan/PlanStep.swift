/// What one step of a plan does at the destination.
public enum PlanAction: UInt8, Sendable, CaseIterable {
    /// Nothing here: the directory is the same on both sides, but something below it is not.
    case descend
    /// The entry is made; only the source has it.
    case create
    /// The file's content or the link's target is replaced.
    case update
    /// Only the permission bits change.
    case changeMode
    /// The entry is replaced by one of another kind.
    case changeKind
    /// The entry is removed; only the destination has it.
    case delete
    /// Both have it and differ; the destination's version stays.
    case conflict
    /// The entry is not let in without a review.
    case held
    /// It would be replaced, but holds something that must not be touched.
    case blocked
    /// Not decided yet: the files' content has to be compared.
    case compare
    /// Content was compared and is the same, or the step was withdrawn.
    case unchanged
}

/// What differs between source and destination.
public struct EntryChanges: OptionSet, Sendable, Hashable {
    /// The bits.
    public let rawValue: UInt8
    /// Wraps bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The content, or a link's target.
    public static let content = EntryChanges(rawValue: 1 << 0)
    /// The size.
    public static let size = EntryChanges(rawValue: 1 << 1)
    /// The time of the last change of content.
    public static let time = EntryChanges(rawValue: 1 << 2)
    /// The permission bits.
    public static let mode = EntryChanges(rawValue: 1 << 3)
    /// Which other names the file has.
    public static let links = EntryChanges(rawValue: 1 << 4)
}

/// One step of a plan, about one entry.
public struct PlanStep: Sendable {
    /// What is done.
    public internal(set) var action: PlanAction
    /// What differs.
    public internal(set) var changes: EntryChanges
    /// Why the entry is held; nil unless the action is `held`.
    public internal(set) var heldReason: HeldReason?
    private var sourceID: UInt32
    private var destinationID: UInt32
    /// The group of steps inside this directory, as an index; 0 when there is none (0 itself is the root's).
    public internal(set) var childGroup: UInt32 = 0

    private static let none = UInt32.max

    init(_ action: PlanAction, source: EntryID?, destination: EntryID?, changes: EntryChanges = []) {
        self.action = action
        self.changes = changes
        sourceID = source?.rawValue ?? PlanStep.none
        destinationID = destination?.rawValue ?? PlanStep.none
    }

    /// The entry in the source's snapshot.
    public var source: EntryID? { sourceID == PlanStep.none ? nil : EntryID(rawValue: sourceID) }
    /// The entry in the destination's snapshot.
    public var destination: EntryID? { destinationID == PlanStep.none ? nil : EntryID(rawValue: destinationID) }
}

/// The steps about the children of one directory.
public struct PlanGroup: Sendable {
    /// The directory in the source's snapshot; nil when only the destination has it.
    public let source: EntryID?
    /// The directory in the destination's snapshot; nil when the plan makes it.
    public let destination: EntryID?
    /// Its steps, as indices into the plan's, sorted by name.
    public internal(set) var steps: Range<Int>
}
