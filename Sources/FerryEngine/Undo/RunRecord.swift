public import FerryCore
import FerryFileSystem

/// One line of the log: a push, a pull, an undo or a resolved conflict that was tried.
public struct RunRecord: Sendable {
    /// What was done.
    public enum Kind: String, Sendable, CaseIterable {
        case push, pull, undo
        /// A version of the conflict store was taken.
        case resolve
    }

    /// Seconds since 1970.
    public var time: Int64
    /// What was done.
    public var kind: Kind
    /// How it ended: `done`, `partial`, or the ``SyncError/Code`` of its failure.
    public var outcome: String
    /// The name under which it can be undone; nil when it cannot.
    ///
    /// Only the last ones are kept, see ``SyncOptions/undoKeep``.
    public var run: String?
    /// The workspace's real path.
    public var workspace: [UInt8]
    /// The other side, as the user wrote it; empty for an undo.
    public var endpoint: [UInt8]
    /// The run that was undone; nil when none was.
    public var undoes: String?
    /// What the plan held.
    public var summary: PlanSummary

    /// The time as ISO 8601 has it, in UTC.
    public var timeText: String { CalendarTime(time).text }

    init?(_ entry: RunLogEntry) {
        guard let kind = Kind(rawValue: entry.kind) else { return nil }
        time = entry.time
        self.kind = kind
        outcome = entry.outcome
        run = entry.run.isEmpty ? nil : entry.run
        workspace = entry.workspace
        endpoint = entry.endpoint
        undoes = entry.undoes.isEmpty ? nil : entry.undoes
        let counts = Dictionary(entry.counts.map { ($0.name, Int($0.value)) }, uniquingKeysWith: { $1 })
        summary = PlanSummary()
        summary.created = counts["created"] ?? 0
        summary.updated = counts["updated"] ?? 0
        summary.modeChanged = counts["mode_changed"] ?? 0
        summary.deleted = counts["deleted"] ?? 0
        summary.conflicts = counts["conflicts"] ?? 0
        summary.held = counts["held"] ?? 0
    }
}

extension RunLogEntry {
    /// The entry for a sync that has ended.
    init(
        _ kind: RunRecord.Kind, _ outcome: String, _ report: SyncReport, workspace: [UInt8], endpoint: [UInt8]
    ) {
        let summary = report.summary
        self.init(
            time: RunLog.now, kind: kind.rawValue, outcome: outcome, run: report.run ?? "",
            counts: [
                ("created", Int64(summary.created)), ("updated", Int64(summary.updated)),
                ("mode_changed", Int64(summary.modeChanged)), ("deleted", Int64(summary.deleted)),
                ("conflicts", Int64(summary.conflicts)), ("held", Int64(summary.held)),
                ("problems", Int64(report.problems.count)),
            ], workspace: workspace, endpoint: endpoint, undoes: report.undoes ?? "")
    }
}
