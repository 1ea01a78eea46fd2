/// All that one run of the benchmark found, as the JSON file holds it.
struct Report: Codable, Sendable {
    /// Grows when a field changes its meaning.
    var schema = 1
    var date: String
    var machine: Machine
    /// The first line of what each program says about its version; nil for one that is not installed.
    var versions: [String: String?]
    var scale: Double
    var rounds: Int
    var seed: UInt64
    /// The harness's own peak of resident memory: no subject's `maximumResidentKiB` can be lower.
    var harnessPeakKiB = 0
    var rows: [RowResult] = []

    /// Everything that makes the report worthless as a proof: wrong trees, failed commands.
    var failures: [String] {
        rows.flatMap { row in
            row.subjects.compactMap { $0.failure.map { "\(row.id): \($0)" } }
        }
    }

    /// The programs that rows would have needed and that are not installed.
    var absences: [String] {
        Set(rows.flatMap { $0.subjects.compactMap(\.absent) }).sorted()
    }

    /// The goals that were measured and missed.
    var missed: [String] {
        rows.flatMap { row in
            row.subjects.compactMap { subject in
                guard let goal = subject.goal, let ratio = subject.ratio, ratio.median < goal.must else { return nil }
                return "\(row.id): \(ratio.median.fixed(2))× against \(subject.name), goal \(goal.text)"
            }
                + row.subjects.compactMap { subject in
                    guard let goal = subject.memoryGoal, let ratio = subject.memoryRatio, ratio < goal else {
                        return nil
                    }
                    return "\(row.id): \(ratio.fixed(1))× less memory than \(subject.name), goal ≥ \(goal)×"
                }
                + row.subjects.compactMap { subject in
                    guard subject.name == Subject.ferryName, let memory = subject.peakAnonymousKiB,
                        memory > MemoryGoal.mustKiB(entries: row.tree.entries)
                    else { return nil }
                    return "\(row.id): \(memory) KiB of anonymous memory"
                }
        }
    }
}

/// What one row found.
struct RowResult: Codable, Sendable {
    var id: String
    var title: String
    var tree: TreeSummary
    /// How the destinations were made; nil when the row has none.
    var destination: String?
    var subjects: [SubjectResult] = []
}

extension RowResult {
    /// A row that cannot be measured on this machine.
    init(_ row: Row, absent reason: String) {
        self.init(
            id: row.id, title: row.title, tree: TreeSummary(profile: row.profile, scale: 1, seed: 0),
            subjects: row.subjects.map { SubjectResult(name: $0.name, command: "", absent: reason) })
    }
}

/// What one subject of a row did.
struct SubjectResult: Codable, Sendable {
    var name: String
    /// The command with placeholders for the paths.
    var command: String
    /// Why there are no figures: a program that is not installed.
    var absent: String?
    /// What went wrong: a failed command, or the first difference between the trees.
    var failure: String?
    /// The wall-clock time of each counted round.
    var seconds: [Double] = []
    /// User and system time of each counted round, all stages together.
    var cpuSeconds: [Double] = []
    var time: Spread?
    /// This subject's time divided by Ferry's in the same round; nil for Ferry.
    var ratio: Spread?
    var goal: Goal?
    /// This subject's anonymous memory divided by Ferry's, in the rows that ask for it; nil for Ferry.
    var memoryRatio: Double?
    /// What it has to be at least.
    var memoryGoal: Double?
    /// The highest sum of RssAnon over one stage and its children; from the uncounted first run.
    var peakAnonymousKiB: Int?
    /// The highest resident memory of one process; from the uncounted first run.
    ///
    /// It is `maximumResidentKiB` where that lies above the harness's own peak, else the highest VmHWM that was polled.
    var peakResidentKiB: Int?
    /// The highest `ru_maxrss` of a stage, as the kernel gives it: never below the harness's own peak.
    var maximumResidentKiB: Int?
    var systemCalls: SystemCalls?
    var systemCallsPerEntry: Double?
    /// What passed to a sandbox behind a shell and back.
    var wire: Wire?
}
