import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync log`.
struct LogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "List what was pushed, pulled and undone.",
        discussion: """
            One line for each push, pull and undo that was tried, the last one last: when, what, how it ended, the run that 'ferry \
            sync undo' takes, what was changed, and the other side.

            Example: ferry sync log -C ~/project -n 5
            """)

    @Option(
        name: [.customShort("C"), .long],
        help: ArgumentHelp("Only what was done with this workspace. Default: all.", valueName: "dir"),
        completion: .directory)
    var workspace: String?

    @Option(name: [.customShort("n"), .long], help: ArgumentHelp("Only the last N.", valueName: "n"))
    var last: Int?

    @Option(
        help: ArgumentHelp(
            "Where Ferry keeps its state. Default: FERRY_STATE_DIR, else ferry in XDG_STATE_HOME or ~/.local/state.",
            valueName: "dir"))
    var stateDir: String?

    @Flag(help: "Print one JSON object a line.")
    var json = false

    func validate() throws {
        if let last, last < 1 { throw ValidationError("-n takes a number above 0") }
    }

    func run() async throws {
        let path = try workspace.map(Targets.workspace)
        var options = SyncOptions()
        options.stateDirectory = StateDirectory.path(given: stateDir.map(ArgumentText.bytes))
        let records = try await SyncEngine.log(workspace: path, options: options)
        let console = Console()
        for record in records.suffix(last ?? records.count) {
            console.print(json ? EventPayload.run(record).text : LogLine.text(record, namesWorkspace: path == nil))
        }
        try console.close(with: .done)
    }
}

/// A line of the log for people.
enum LogLine {
    static func text(_ record: RunRecord, namesWorkspace: Bool) -> String {
        let summary = record.summary
        let counts = [
            (summary.created, "created"), (summary.updated, "updated"), (summary.modeChanged, "modes changed"),
            (summary.deleted, "deleted"), (summary.conflicts, "conflicts"), (summary.held, "held"),
        ].filter { $0.0 > 0 }.map { "\($0.1) \(Quantity.count($0.0))" }
        let sides =
            [namesWorkspace ? record.workspace : [], record.endpoint].filter { !$0.isEmpty }
            .map { displayName(of: $0) } + (record.undoes.map { ["of \($0)"] } ?? [])
        let fields = [
            record.timeText, record.kind.rawValue.padding(to: 4), record.outcome.padding(to: 7),
            (record.run ?? "-").padding(to: 26), counts.isEmpty ? "nothing" : counts.joined(separator: ", "),
        ]
        return (fields + sides).joined(separator: "  ")
    }
}
