extension Report {
    /// The report as a person reads it: the circumstances, the table, what went wrong.
    func text(markdown: Bool) -> String {
        let bullet = markdown ? "- " : ""
        var text = ""
        func line(_ words: String) { text += bullet + words + "\n" }
        line("\(machine.processor), \(machine.cores) cores, \(machine.memoryMiB) MiB, Linux \(machine.kernel), \(date)")
        line("sources on \(machine.fileSystem); warm cache; medians of \(rounds) rounds at scale \(scale.fixed(2))")
        for row in rows {
            let tree = row.tree
            line(
                "\(row.id): \(row.title); \(tree.profile.rawValue), \(tree.entries) entries, \(tree.bytes / 1_000_000) MB"
                    + (row.destination.map { "; into \($0)" } ?? ""))
        }
        line(versions.keys.sorted().map { "\($0): \((versions[$0] ?? nil) ?? "absent")" }.joined(separator: "; "))
        line("the ratio is a subject's time divided by ferry's in the same round: above 1, ferry is faster")
        if scale < 1 { line("goals are set for scale 1; at a smaller one they are only a hint") }
        text += "\n" + (markdown ? Table(self).markdown : Table(self).plain)
        if !absences.isEmpty { text += "\n" + absences.map { "absent: \($0)\n" }.joined() }
        if !missed.isEmpty { text += "\n" + missed.map { "missed: \($0)\n" }.joined() }
        if !failures.isEmpty { text += "\n" + failures.map { "FAILED: \($0)\n" }.joined() }
        return text
    }
}
