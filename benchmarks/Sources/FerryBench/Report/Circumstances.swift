/// When, where and with what rows were measured, as a page states it above their figures.
struct Circumstances {
    private let rows: MeasuredRows

    init(_ rows: MeasuredRows) {
        self.rows = rows
    }

    /// The sentences, each a text of its own.
    var sentences: [String] {
        [machines, tools, trees, "warm cache unless the row says otherwise", places, rounds].compactMap { $0 }
    }

    private var machines: String {
        rows.distinct { row in
            let machine = row.report.machine
            let system = machine.system.map { ", \($0)" } ?? ""
            return "\(machine.processor), \(machine.cores) cores, \(machine.memoryMiB) MiB, Linux \(machine.kernel)"
                + system
        }.joined(separator: "; ")
    }

    /// The programs that took part.
    private var tools: String {
        let wanted = Set(
            rows.all.flatMap { row in
                Row.all.first { $0.id == row.result.id }?.subjects.flatMap(\.tools) ?? []
            })
        let names = Set(rows.all.flatMap(\.report.versions.keys)).filter {
            wanted.contains($0) || $0 == Subject.ferryName
        }
        return names.sorted().map { name in
            let versions = rows.distinct { row in
                row.report.versions[name].map { $0.map(Self.number) ?? "absent" } ?? ""
            }
            return name + " " + versions.filter { !$0.isEmpty }.joined(separator: " and ")
        }.joined(separator: ", ")
    }

    private var trees: String {
        rows.distinct { row in
            let tree = row.result.tree
            return "\(tree.label): \(tree.entries.grouped) entries, \((Int(tree.bytes) / 1_000_000).grouped) MB"
        }.joined(separator: "; ")
    }

    private var places: String? {
        let places = rows.distinct { row in
            // The size of the image is another one for each row.
            row.result.destination.map { $0.replacing(between: "(", and: ")", with: "") } ?? ""
        }.filter { !$0.isEmpty }
        return places.isEmpty ? nil : "destinations: " + places.joined(separator: "; ")
    }

    /// The counts of rounds, with the rows that they hold for where there are several.
    private var rounds: String {
        let kinds = rows.distinct(Self.kind)
        return kinds.map { kind in
            let ids = rows.all.filter { Self.kind($0) == kind }.map(\.result.id)
            return kinds.count == 1 ? kind : "\(kind): \(ids.joined(separator: ", "))"
        }.joined(separator: "; ")
    }

    private static func kind(_ row: MeasuredRows.Entry) -> String {
        let scale = row.report.scale == 1 ? "full size" : "scale \(row.report.scale.short)"
        let rounds = row.report.rounds
        let count = rounds == 1 ? "one round" : "medians of \(rounds) alternating rounds"
        return "\(count) at \(scale), \(row.report.date.prefix(10))"
    }

    /// The version in what a program says of itself: from the first digit of the first word that looks like one.
    static func number(in line: String) -> String {
        let words = line.split(whereSeparator: { $0 == " " || $0 == "," })
        let word =
            words.first { $0.contains(".") && $0.contains(where: \.isNumber) }
            ?? words.first { $0.contains(where: \.isNumber) }
        return word.map { String($0.drop { !$0.isNumber }) } ?? line
    }
}
