package import FerryCore
package import FerryThreads
import SystemPackage

/// Compares the content of files of the same size, on all cores.
package enum ContentComparer {
    /// What comparing found out.
    package struct Comparison: Sendable {
        /// For each of the plan's comparisons: equal, not equal, or nil when a file could not be read.
        package var equal: [Bool?]
        /// What could not be read.
        package var problems: [Problem] = []
    }

    /// Compares the files that a plan could not decide on.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - source: The root that its source was scanned from.
    ///   - destination: The root that its destination was scanned from.
    ///   - threads: The number of threads.
    ///   - cancellation: Stops at the next file; what was not compared counts as unreadable.
    ///   - progress: Counts files.
    /// - Returns: What was found out.
    /// - Throws: ``FileSystemError`` when no thread could be started.
    package static func compare(
        _ plan: Plan, from source: OpenDirectory, to destination: OpenDirectory, threads: Int,
        cancellation: CancellationFlag, progress: TransferProgress
    ) throws(FileSystemError) -> Comparison {
        var comparison = Comparison(equal: Array(repeating: nil, count: plan.comparisons.count))
        guard !plan.comparisons.isEmpty else { return comparison }
        // Neighbours in a plan are mostly neighbours on disk.
        let batch = 64
        let jobs = stride(from: 0, to: plan.comparisons.count, by: batch).map {
            $0..<min($0 + batch, plan.comparisons.count)
        }
        let outputs: [[ComparisonWorker.Output]]
        do throws(ThreadError) {
            outputs = try WorkCrew.run(
                jobs.reversed(), threads: threads, named: "compare",
                state: { _ in ComparisonWorker(plan: plan, source: source, destination: destination) },
                work: { range, worker, _ in
                    if cancellation.isRaised { return }
                    worker.compare(range)
                    progress.add(entries: range.count, bytes: 0)
                },
                finish: { $0.finish() })
        } catch {
            throw FileSystemError("start a thread to compare", path: [], cause: Errno(rawValue: error.errno))
        }
        for output in outputs.joined() {
            comparison.equal[output.index] = output.equal
            if let problem = output.problem { comparison.problems.append(problem) }
        }
        return comparison
    }
}

private struct ComparisonWorker: ~Copyable {
    struct Output: Sendable {
        var index: Int
        var equal: Bool?
        var problem: Problem?
    }

    private let plan: Plan
    private var sourceCursor: DirectoryCursor
    private var destinationCursor: DirectoryCursor
    private var left = [UInt8](repeating: 0, count: 128 << 10)
    private var right = [UInt8](repeating: 0, count: 128 << 10)
    private var outputs: [Output] = []

    init(plan: Plan, source: OpenDirectory, destination: OpenDirectory) {
        self.plan = plan
        sourceCursor = DirectoryCursor(root: source)
        destinationCursor = DirectoryCursor(root: destination)
    }

    consuming func finish() -> [Output] { outputs }

    mutating func compare(_ range: Range<Int>) {
        for index in range {
            let step = plan.steps[plan.comparisons[index]]
            guard let source = step.source, let destination = step.destination else { continue }
            do throws(SideFailure) {
                outputs.append(Output(index: index, equal: try isEqual(source, destination)))
            } catch {
                outputs.append(Output(index: index, equal: nil, problem: problem(error, source)))
            }
        }
    }

    private mutating func isEqual(_ sourceID: EntryID, _ destinationID: EntryID) throws(SideFailure) -> Bool {
        let parent = plan.source.parent(of: sourceID).map { plan.source.path(of: $0) } ?? []
        let name = plan.source.terminatedName(of: sourceID)
        let source = try onSource { () throws(Errno) in
            try sourceCursor.open(parent).handle.openFile(name)
        }
        let destination = try onDestination { () throws(Errno) in
            try destinationCursor.open(parent).handle.openFile(name)
        }
        while true {
            let count = try onSource { () throws(Errno) in try Self.fill(&left, from: source) }
            let other = try onDestination { () throws(Errno) in try Self.fill(&right, from: destination) }
            if count != other { return false }
            if count == 0 { return true }
            if left[..<count] != right[..<count] { return false }
            if count < left.count { return true }
        }
    }

    /// Reads until the buffer is full or the file ends.
    private static func fill(_ buffer: inout [UInt8], from file: borrowing FileHandle) throws(Errno) -> Int {
        var filled = 0
        while filled < buffer.count {
            var span = buffer.mutableSpan
            var window = span._mutatingExtracting(filled...)
            let count = try file.read(into: &window)
            if count == 0 { break }
            filled += count
        }
        return filled
    }

    private func problem(_ failure: SideFailure, _ id: EntryID) -> Problem {
        let path = plan.source.path(of: id)
        let cause: Errno
        let side: String
        switch failure {
        case .source(let errno): (cause, side) = (errno, "the source's version of")
        case .destination(let errno): (cause, side) = (errno, "the destination's version of")
        }
        return Problem(
            .unreadable, path: path, message: FileSystemError("read \(side)", path: path, cause: cause).description)
    }
}
