import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry bench`, for those who measure Ferry itself.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure parts of ferry.", shouldDisplay: false,
        subcommands: [BenchScanCommand.self, BenchPullCommand.self])
}

/// `ferry bench scan`.
struct BenchScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan", abstract: "Read the metadata of a tree and print counts and seconds as JSON.")

    @Argument(help: ArgumentHelp("The tree's root.", valueName: "dir"), completion: .directory)
    var directory: String

    @Option(help: "The number of threads.")
    var threads: Int?

    func run() async throws {
        var options = SyncOptions()
        options.rules = IgnoreRules(defaults: .none)
        if let threads { options.threads = threads }
        let statistics = try await SyncEngine.scan(try Targets.workspace(directory), options: options)
        let console = Console()
        console.print(
            JSONValue.object([
                "entries": JSONValue(statistics.entries), "files": JSONValue(statistics.files),
                "directories": JSONValue(statistics.directories), "symlinks": JSONValue(statistics.symlinks),
                "bytes": .integer(statistics.bytes), "unreadable": JSONValue(statistics.unreadable),
                "seconds": .number(statistics.seconds),
            ]).text)
        try console.close(with: .done)
    }
}

/// `ferry bench pull`.
struct BenchPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Pull without waiting for the disk, with or without a journal, and print the seconds as JSON.",
        discussion: """
            Without a journal, a kill leaves the workspace between old and new, edits that are made meanwhile are lost, and nothing \
            can be undone: for trees that nobody needs.
            """)

    @Argument(help: ArgumentHelp("The sandbox.", valueName: "src"), completion: .directory)
    var source: String

    @Argument(help: ArgumentHelp("The workspace.", valueName: "dst"), completion: .directory)
    var destination: String

    @Flag(inversion: .prefixedNo, help: "Whether a journal is kept, as every sync does.")
    var journal = true

    func run() async throws {
        var options = SyncOptions()
        options.stateDirectory = StateDirectory.path(given: nil)
        options.flushes = false
        options.reportsItems = false
        options.skipsJournal = !journal
        options.allowedHeld = PreservePatterns(RuleArguments.patterns(["*"], "bench"))
        let endpoint = try Targets.endpoint(source)
        let report = try await SyncEngine.pull(from: endpoint, to: try Targets.workspace(destination), options: options)
        let console = Console()
        let seconds = report.duration / .seconds(1)
        console.print(
            JSONValue.object([
                "created": JSONValue(report.summary.created), "updated": JSONValue(report.summary.updated),
                "deleted": JSONValue(report.summary.deleted), "problems": JSONValue(report.problems.count),
                "seconds": .number(seconds),
                "applying": .number((report.stageTimes[.applying] ?? .zero) / .seconds(1)),
            ]).text)
        try console.close(with: .done)
    }
}
