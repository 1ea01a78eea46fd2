import ArgumentParser

/// Compares two trees as the benchmark does.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare two trees entry by entry and byte by byte; exit 1 when they differ.")

    @Argument(help: "The tree as it should be.")
    var expected: String

    @Argument(help: "The tree to check.")
    var actual: String

    @Option(help: "How exact times have to be: nanoseconds or seconds.")
    var times = "nanoseconds"

    func validate() throws {
        guard TreeComparison.Times(rawValue: times) != nil else {
            throw ValidationError("--times takes nanoseconds or seconds")
        }
    }

    func run() throws {
        var comparison = TreeComparison(times: TreeComparison.Times(rawValue: times) ?? .nanoseconds)
        if let difference = try comparison.firstDifference(expected, actual) {
            print(difference)
            throw ExitCode(1)
        }
        print("equal: \(comparison.entries) entries")
    }
}
