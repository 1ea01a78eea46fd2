import FerryCore
import FerryEngine

/// What a sync did, in one line, and in more for `--stats`.
enum SummaryLine {
    /// The line.
    static func text(_ report: SyncReport) -> String {
        let summary = report.summary
        var parts: [String] = []
        func add(_ count: Int, _ words: String) {
            if count > 0 { parts.append("\(words) \(Quantity.count(count))") }
        }
        add(summary.created, "created")
        add(summary.updated, "updated")
        add(summary.modeChanged, "modes changed")
        add(summary.deleted, "deleted")
        if summary.changesNothing { parts.append("nothing to change") }
        add(summary.conflicts, "conflicts")
        add(summary.held, "held")
        add(summary.blocked, "blocked")
        let counts = parts.joined(separator: ", ")
        let bytes = report.isDryRun ? summary.bytesToWrite : report.transferredBytes
        let size = summary.changesNothing ? "\(Quantity.count(report.sourceEntries)) entries" : Quantity.bytes(bytes)
        return "\(counts); \(size) in \(Quantity.duration(report.duration))" + (report.isDryRun ? " (dry run)" : "")
            + (report.plan.map { " (plan \($0), nothing is changed yet)" } ?? "")
    }

    /// The lines of `--stats`.
    static func statistics(_ report: SyncReport) -> [String] {
        let summary = report.summary
        var rows: [(String, String)] = [
            ("Entries at the source", Quantity.count(report.sourceEntries)),
            ("Entries left out by rules", Quantity.count(report.excludedEntries)),
            ("Created", Quantity.count(summary.created)),
            ("Updated", Quantity.count(summary.updated)),
            ("Modes changed", Quantity.count(summary.modeChanged)),
            ("Deleted", Quantity.count(summary.deleted)),
            ("Conflicts", Quantity.count(summary.conflicts)),
            ("Held for review", Quantity.count(summary.held)),
            ("Content at the source", "\(Quantity.count(report.sourceBytes)) bytes"),
            ("Content to move", "\(Quantity.count(summary.bytesToWrite)) bytes"),
            ("Content moved", "\(Quantity.count(report.transferredBytes)) bytes"),
        ]
        for stage in SyncProgress.Stage.allCases {
            if let time = report.stageTimes[stage] { rows.append(("Time \(stage.rawValue)", Quantity.duration(time))) }
        }
        rows.append(("Time in all", Quantity.duration(report.duration)))
        let width = rows.map(\.0.count).max() ?? 0
        return rows.map { $0.0 + ":" + String(repeating: " ", count: width - $0.0.count + 1) + $0.1 }
    }
}
