/// The counts on record that later runs are held to.
struct Thresholds: Codable {
    /// What one row's Ferry needed.
    struct Counts: Codable {
        var systemCallsPerEntry: Double
        var peakResidentKiB: Int
        /// Nil in rows whose sandbox is not behind a shell.
        var bytesOnWire: Int?
        var commands: Int?
        var roundTrips: Int?
    }

    /// One count of a run, next to its threshold.
    struct Verdict {
        var text: String
        var isFailure: Bool
    }

    var scale: Double
    var seed: UInt64
    var rows: [String: Counts] = [:]

    /// The growth that still passes: threads that meet differently cost a few calls more or less.
    static let callTolerance = 1.03
    static let memoryTolerance = 1.05

    init(scale: Double, seed: UInt64) {
        self.scale = scale
        self.seed = seed
    }

    /// Takes over the counts of a run.
    mutating func record(_ report: Report) {
        scale = report.scale
        seed = report.seed
        for row in report.rows {
            guard let counts = Self.counts(of: row) else { continue }
            rows[row.id] = counts
        }
    }

    /// Holds a run to the counts on record; a row without a record fails, so that none is forgotten.
    func judge(_ report: Report) -> [Verdict] {
        report.rows.flatMap { row -> [Verdict] in
            guard let found = Self.counts(of: row) else {
                return [Verdict(text: "FAIL \(row.id): nothing was counted; is strace installed?", isFailure: true)]
            }
            guard let bound = rows[row.id] else {
                return [Verdict(text: "FAIL \(row.id): no count on record; add it with --record", isFailure: true)]
            }
            return Self.wireVerdicts(row.id, found, bound) + [
                Self.verdict(
                    "\(row.id): system calls an entry", found.systemCallsPerEntry, bound.systemCallsPerEntry,
                    Self.callTolerance),
                Self.verdict(
                    "\(row.id): peak resident MiB", Double(found.peakResidentKiB) / 1024,
                    Double(bound.peakResidentKiB) / 1024, Self.memoryTolerance),
            ]
        }
    }

    private static func wireVerdicts(_ id: String, _ found: Counts, _ bound: Counts) -> [Verdict] {
        [
            ("bytes on the wire", found.bytesOnWire, bound.bytesOnWire),
            ("commands run", found.commands, bound.commands),
            ("round trips", found.roundTrips, bound.roundTrips),
        ].compactMap { name, found, bound in
            guard let bound else {
                return found.map { _ in
                    Verdict(text: "FAIL \(id): \(name): not on record; add it with --record", isFailure: true)
                }
            }
            guard let found else { return Verdict(text: "FAIL \(id): \(name): not counted", isFailure: true) }
            return verdict("\(id): \(name)", Double(found), Double(bound), callTolerance)
        }
    }

    private static func verdict(_ name: String, _ found: Double, _ bound: Double, _ tolerance: Double) -> Verdict {
        let isFailure = found > bound * tolerance
        let change = ((found / bound - 1) * 100).fixed(1)
        return Verdict(
            text:
                "\(isFailure ? "FAIL" : "pass") \(name): \(found.fixed(3)), on record \(bound.fixed(3)) (\(change) %)",
            isFailure: isFailure)
    }

    private static func counts(of row: RowResult) -> Counts? {
        guard let ferry = row.subjects.first(where: { $0.name == Subject.ferryName }),
            let calls = ferry.systemCallsPerEntry, let memory = ferry.peakResidentKiB
        else { return nil }
        return Counts(
            systemCallsPerEntry: calls, peakResidentKiB: memory, bytesOnWire: ferry.wire?.bytes,
            commands: ferry.wire?.commands, roundTrips: ferry.wire?.roundTrips)
    }
}
