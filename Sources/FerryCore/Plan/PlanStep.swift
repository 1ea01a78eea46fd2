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
    /// It would be replaced or removed, but holds something that must not be touched, or there is no way to do it.
    case blocked
    /// Not decided yet: the files' content has to be compared.
    case compare
    /// Content was compared and is the same, or the step was withdrawn.
    case unchanged
    /// The destination's version stays and the source's is kept, as a part of the conflict of the repository that it is in.
    case withheld
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

/// Why a step of a merge with a baseline is what it is.
public enum PlanReason: UInt8, Sendable, CaseIterable {
    /// No merge, or nothing to say.
    case none
    /// Only the sandbox changed it.
    case changedRemotely
    /// Only the workspace changed it; a pull leaves it, a push sends it.
    case changedLocally
    /// Both changed it, differently.
    case bothChanged
    /// Both have it, differently, and the baseline does not.
    case newOnBothSides
    /// The sandbox deleted it; a pull deletes it, and a push would bring it back.
    case deletedRemotely
    /// The workspace deleted it; a push deletes it.
    case deletedLocally
    /// The sandbox deleted what the workspace changed.
    case deletedRemotelyChangedLocally
    /// The workspace deleted what the sandbox changed.
    case changedRemotelyDeletedLocally
    /// The two have entries of different kinds; all below belongs to the same conflict.
    case kindsDiffer
    /// Both changed the permission bits, differently.
    case modesDiffer
    /// Only the sandbox has it and it was never pulled: a push leaves it.
    case notPulled
    /// The workspace deleted the directory, but the sandbox put something new into it.
    case neededByContent

    /// The reason as a clause; nil when there is nothing to say.
    public var sentence: String? {
        switch self {
        case .none: nil
        case .changedRemotely: "changed in the sandbox"
        case .changedLocally: "changed in the workspace"
        case .bothChanged: "changed in the workspace and, differently, in the sandbox"
        case .newOnBothSides: "new in the workspace and, differently, in the sandbox"
        case .deletedRemotely: "deleted in the sandbox"
        case .deletedLocally: "deleted in the workspace"
        case .deletedRemotelyChangedLocally: "deleted in the sandbox, but changed in the workspace"
        case .changedRemotelyDeletedLocally: "changed in the sandbox, but deleted in the workspace"
        case .kindsDiffer: "of another kind in the workspace than in the sandbox"
        case .modesDiffer: "has other permissions in the workspace than in the sandbox, and both changed them"
        case .notPulled: "new in the sandbox and not pulled yet"
        case .neededByContent: "deleted in the workspace, but the sandbox put something new into it"
        }
    }
}

/// What a baseline says of a path once the step about it has succeeded.
public enum BaselineOutcome: UInt8, Sendable, CaseIterable {
    /// Both sides are equal now: what the source has.
    case agreed
    /// What the sandbox has; the workspace differs from it. So a conflict that was stored counts as resolved.
    case remote
    /// The same, and it is held: pushes leave it alone.
    case held
    /// What it said before.
    case kept
    /// Nothing.
    case dropped
}

/// One step of a plan, about one entry.
public struct PlanStep: Sendable {
    // The numbers first, so that a step takes 20 bytes.
    private var sourceID: UInt32
    private var destinationID: UInt32
    /// The group of steps inside this directory, as an index; 0 when there is none (0 itself is the root's).
    public internal(set) var childGroup: UInt32 = 0
    /// What is done.
    public internal(set) var action: PlanAction
    /// What differs.
    public internal(set) var changes: EntryChanges
    /// Why the entry is held; nil unless the action is `held`.
    public internal(set) var heldReason: HeldReason?
    /// Why the step is what it is, in a merge with a baseline.
    ///
    /// A step that waits for a comparison has the reason that it will have if the contents differ.
    public internal(set) var reason: PlanReason = .none
    /// Whether a push takes away something that was never pulled.
    public internal(set) var overwritesUnpulled = false
    /// What the baseline will say, where that does not follow from the action.
    var fixedOutcome: BaselineOutcome?

    private static let none = UInt32.max

    init(_ action: PlanAction, source: EntryID?, destination: EntryID?, changes: EntryChanges = []) {
        self.action = action
        self.changes = changes
        sourceID = source?.rawValue ?? PlanStep.none
        destinationID = destination?.rawValue ?? PlanStep.none
    }

    /// What the baseline says of the path when the step has succeeded.
    public var outcome: BaselineOutcome {
        if let fixedOutcome, action != .held { return fixedOutcome }
        switch action {
        case .create, .update, .changeMode, .changeKind, .descend, .unchanged: return .agreed
        case .delete: return .dropped
        case .conflict, .withheld: return .remote
        case .held: return destination == nil ? .held : .remote
        case .blocked, .compare: return .kept
        }
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
