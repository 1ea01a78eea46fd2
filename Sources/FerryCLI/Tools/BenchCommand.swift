import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry bench`, for those who measure Ferry itself.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure parts of ferry.", shouldDisplay: false,
        subcommands: [BenchScanCommand.self])
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
