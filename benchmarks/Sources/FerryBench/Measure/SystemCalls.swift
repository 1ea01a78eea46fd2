/// System calls as `strace -c -f` counts them.
struct SystemCalls: Codable, Sendable {
    var byName: [String: Int] = [:]

    /// All calls but `futex`, whose number depends on how threads happen to meet.
    var total: Int { byName.reduce(0) { $0 + ($1.key == "futex" ? 0 : $1.value) } }

    /// Adds the calls of one more process.
    mutating func add(_ other: SystemCalls) {
        byName.merge(other.byName) { $0 + $1 }
    }

    /// Reads the table that `strace -c` writes.
    ///
    /// Its columns are time in percent, seconds, microseconds a call, calls, errors (often empty) and the name.
    init(table: String) throws {
        for line in table.split(separator: "\n") {
            let columns = line.split(separator: " ")
            guard columns.count >= 5, let calls = Int(columns[3]), let name = columns.last, name != "total" else {
                continue
            }
            byName[String(name), default: 0] += calls
        }
        guard !byName.isEmpty else { throw BenchError("strace counted nothing") }
    }

    init() {}

    /// Wraps the stages that count into `strace`, each with a file of its own.
    ///
    /// - Returns: the wrapped pipeline and the files that its counts will be in.
    static func wrap(_ pipeline: Pipeline, strace: String, directory: String) -> (Pipeline, files: [String]) {
        var wrapped = pipeline
        var files: [String] = []
        for index in wrapped.stages.indices where wrapped.stages[index].counts {
            let file = "\(directory)/strace-\(index)"
            files.append(file)
            wrapped.stages[index].arguments = [strace, "-c", "-f", "-o", file, "--"] + wrapped.stages[index].arguments
        }
        return (wrapped, files)
    }
}
