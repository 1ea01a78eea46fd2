/// Whether time and memory grow with the tree and with nothing else: one row at several sizes.
struct Growth {
    /// The part by which a figure an entry may grow from one size to the next.
    static let tolerance = 0.15

    private let rows: MeasuredRows

    init(_ rows: MeasuredRows) {
        self.rows = rows
    }

    /// A table with a line for each kind of work and size, or nil when none was measured.
    var markdown: String? {
        let kinds = rows.distinct { $0.result.growthKind ?? "" }.filter { !$0.isEmpty }
        let lines = kinds.flatMap(lines(of:))
        guard !lines.isEmpty else { return nil }
        let text =
            "Growth: time and anonymous memory for each entry, from one size of the tree to the next; linear is at most "
            + "\((Self.tolerance * 100).fixed(0)) % more."
        return ReadmeSection.wrapped(text) + "\n"
            + ReadmeSection.table(
                [
                    "work", "entries", "Ferry", "µs an entry", "time linear", "the floor's µs", "anonymous MiB",
                    "bytes an entry more", "memory met",
                ], lines)
    }

    private func lines(of kind: String) -> [[String]] {
        var lines: [[String]] = []
        var before: RowResult?
        let sizes = rows.all.map(\.result).filter { $0.growthKind == kind }.sorted { $0.tree.entries < $1.tree.entries }
        for row in sizes {
            let entries = Double(row.tree.entries)
            let memory = row.ferry?.peakAnonymousKiB
            let more = before.flatMap { smaller -> Double? in
                guard let memory, let less = smaller.ferry?.peakAnonymousKiB else { return nil }
                return Double(memory - less) * 1024 / (entries - Double(smaller.tree.entries))
            }
            lines.append([
                "`\(row.id)`", row.tree.entries.grouped,
                row.ferry.map { $0.state ?? $0.time?.median.seconds ?? "" } ?? "",
                Self.microseconds(row.ferry, row)?.short ?? "", Self.verdict(row, after: before),
                Self.microseconds(row.floor, row)?.short ?? "",
                memory.map { (Double($0) / 1024).fixed(1) } ?? "", more?.fixed(0) ?? "",
                memory.map { $0 <= MemoryGoal.mustKiB(entries: row.tree.entries) ? "yes" : "no" } ?? "",
            ])
            before = row
        }
        return lines
    }

    private static func microseconds(_ subject: SubjectResult?, _ row: RowResult) -> Double? {
        subject?.time.map { $0.median * 1e6 / Double(max(1, row.tree.entries)) }
    }

    private static func verdict(_ row: RowResult, after smaller: RowResult?) -> String {
        guard let smaller, let now = microseconds(row.ferry, row), let before = microseconds(smaller.ferry, smaller)
        else { return "" }
        let change = now / before - 1
        let sign = change < 0 ? "−" : "+"
        return "\(change <= tolerance ? "yes" : "no"), \(sign)\((abs(change) * 100).fixed(0)) %"
    }
}

extension RowResult {
    /// What a row that is one of several sizes has in common with the others: its id without the size.
    var growthKind: String? {
        guard id.hasPrefix("growth-"), let dash = id.lastIndex(of: "-") else { return nil }
        return String(id[..<dash])
    }
}
