/// The directories of a baseline that both sides have exactly as it says, with all that is below them.
///
/// A plan has nothing to do there, and the next baseline says the same of them.
struct SettledDirectories: Sendable {
    /// The uppermost ones, by where their blocks begin.
    private var uppermost: Set<Int> = []
    /// Of which baseline: its length.
    private var length = 0

    init() {}

    /// Takes what a planner found, each directory after the one it is in.
    init(_ visits: borrowing [Visit], in baseline: Baseline) {
        length = baseline.blocks.length
        var isSettled = visits.map(\.isRecorded)
        for index in visits.indices.reversed() where !isSettled[index] {
            if let parent = visits[index].parent { isSettled[parent] = false }
        }
        for (index, visit) in visits.enumerated() where isSettled[index] {
            if let parent = visit.parent, isSettled[parent] { continue }
            if let directory = visit.directory { uppermost.insert(directory.offset) }
        }
    }

    /// Whether a directory is one of the uppermost; nobody who goes down from the root asks for others.
    func contains(_ directory: BaselineDirectory, in baseline: Baseline?) -> Bool {
        baseline?.blocks.length == length && uppermost.contains(directory.offset)
    }

    /// A directory that a planner was in.
    struct Visit {
        /// The place of the directory that it is in.
        var parent: Int?
        /// The directory in the baseline; nil where that has nothing in it.
        var directory: BaselineDirectory?
        /// Whether both sides have what is in it, deeper content apart, as the baseline says.
        var isRecorded: Bool
    }
}
