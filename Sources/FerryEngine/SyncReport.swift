public import FerryCore

/// What a sync did.
public struct SyncReport: Sendable {
    /// What the plan held.
    public var summary = PlanSummary()
    /// What could not be done, or is to be known.
    public var problems: [Problem] = []
    /// The number of entries on the source's side.
    public var sourceEntries = 0
    /// The number of entries that the rules left out.
    public var excludedEntries = 0
    /// Bytes of content in the source.
    public var sourceBytes: Int64 = 0
    /// Bytes of content moved.
    public var transferredBytes: Int64 = 0
    /// How long each stage took.
    public var stageTimes: [SyncProgress.Stage: Duration] = [:]
    /// How long it took in all.
    public var duration: Duration = .zero
    /// Whether nothing was changed because only the plan was asked for.
    public var isDryRun = false
    /// The name under which the change of the workspace can be undone; nil when nothing was changed or nothing is kept.
    public var run: String?
    /// The plan that was kept to be applied later; nil when none was.
    public var plan: String?
    /// That plan's file.
    var planRecord: [UInt8] = []
    /// The run that was undone.
    public var undoes: String?
    /// Where the sandbox's versions of conflicting and held entries were kept; nil when there were none or no state directory.
    public var conflictStore: [UInt8]?

    /// Makes an empty report.
    public init() {}
}
