/// The report as a table: for a terminal, or in Markdown for a page.
struct Table {
    private let headings = [
        "row", "subject", "median s", "ratio to ferry (min–max)", "goal", "met", "anon MiB", "RSS MiB", "calls/entry",
    ]
    private var rows: [[String]] = []

    init(_ report: Report) {
        for row in report.rows {
            for (index, subject) in row.subjects.enumerated() {
                rows.append([index == 0 ? row.id : "", subject.name] + Self.figures(of: subject, in: row))
            }
        }
    }

    private static func figures(of subject: SubjectResult, in row: RowResult) -> [String] {
        if subject.absent != nil { return ["absent", "", "", "", "", "", ""] }
        if subject.failure != nil { return ["FAILED", "", "", "", "", "", ""] }
        var goal = subject.goal?.text ?? ""
        var met = ""
        if let bound = subject.goal, let ratio = subject.ratio {
            met = mark(ratio.median >= bound.must, ratio.median >= bound.aim)
        }
        if let bound = subject.memoryGoal, let ratio = subject.memoryRatio {
            goal += (goal.isEmpty ? "" : ", ") + "anon ≥ \(bound)×"
            met += (met.isEmpty ? "" : ", anon ") + mark(ratio >= bound, ratio >= bound)
        }
        if subject.name == Subject.ferryName, let memory = subject.peakAnonymousKiB {
            let must = MemoryGoal.mustKiB(entries: row.tree.entries)
            let aim = MemoryGoal.aimKiB(entries: row.tree.entries)
            goal = "anon ≤ \(mebibytes(must)) MiB (aim \(mebibytes(aim)))"
            met = mark(memory <= must, memory <= aim)
        }
        let ratio = subject.ratio.map { "\($0.median.fixed(2))× (\($0.low.fixed(2))–\($0.high.fixed(2)))" }
        return [
            subject.time?.median.fixed(3) ?? "", ratio ?? "", goal, met,
            (subject.peakAnonymousKiB.map(mebibytes) ?? "") + (subject.memoryRatio.map { " (\($0.fixed(1))×)" } ?? ""),
            subject.peakResidentKiB.map(mebibytes) ?? "",
            subject.systemCallsPerEntry?.fixed(2) ?? "",
        ]
    }

    private static func mark(_ must: Bool, _ aim: Bool) -> String {
        aim ? "yes, aim too" : must ? "yes" : "NO"
    }

    private static func mebibytes(_ kibibytes: Int) -> String {
        (Double(kibibytes) / 1024).fixed(1)
    }

    /// Columns padded with spaces.
    var plain: String {
        let widths = headings.indices.map { column in
            ([headings] + rows).map { $0[column].count }.max() ?? 0
        }
        return ([headings] + rows).map { cells in
            var line = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                .joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    var markdown: String {
        let rule = "|" + headings.map { _ in "---|" }.joined() + "\n"
        let lines = ([headings] + rows).map { "| " + $0.map(Self.escaped).joined(separator: " | ") + " |\n" }
        return lines[0] + rule + lines.dropFirst().joined()
    }

    private static func escaped(_ cell: String) -> String {
        cell.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}
