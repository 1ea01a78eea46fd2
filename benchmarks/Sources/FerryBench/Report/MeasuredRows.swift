/// Rows of one or more reports, each with the report that it is from; of a row measured twice, the later report's.
struct MeasuredRows {
    /// One row.
    struct Entry {
        var result: RowResult
        var report: Report
    }

    private(set) var all: [Entry] = []

    /// Puts reports together; the last one wins.
    init(_ reports: [Report]) {
        for report in reports {
            for result in report.rows {
                all.removeAll { $0.result.id == result.id }
                all.append(Entry(result: result, report: report))
            }
        }
        let order = Row.all.map(\.id)
        let place = { (entry: Entry) in order.firstIndex(of: entry.result.id) ?? order.count }
        all.sort { (place($0), $0.result.id) < (place($1), $1.result.id) }
    }

    /// The ids of rows that there are and that nobody measured.
    var missing: [String] {
        Row.all.map(\.id).filter { id in !all.contains { $0.result.id == id } }
    }

    /// A fact of each row, each different one once, in the order of the rows.
    func distinct(_ fact: (Entry) -> String) -> [String] {
        var found: [String] = []
        for entry in all where !found.contains(fact(entry)) { found.append(fact(entry)) }
        return found
    }
}

extension RowResult {
    var ferry: SubjectResult? { subjects.first { $0.name == Subject.ferryName } }
    var floor: SubjectResult? { subjects.first { $0.name == Subject.floorName } }
    /// Those that Ferry is compared with.
    var peers: [SubjectResult] { subjects.filter { $0.name != Subject.ferryName && $0.name != Subject.floorName } }

    /// How many times the floor's time a peer takes in the same round: what Ferry would reach at the floor.
    func floorRatio(to peer: SubjectResult) -> Double? {
        guard let floor, floor.seconds.count == peer.seconds.count else { return nil }
        return Spread(zip(peer.seconds, floor.seconds).map { $0 / $1 })?.median
    }

    /// Whether a measured time lies below what it must reach.
    var isBelowMust: Bool {
        peers.contains { peer in
            guard let goal = peer.goal, let ratio = peer.ratio else { return false }
            return ratio.median < goal.must
        }
    }
}
