import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync undo`.
struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Return a workspace to before a pull.",
        discussion: """
            Content, modes, times, links and deletions come back as they were. An undo can itself be undone, so a second 'ferry \
            sync undo' brings the pull's results back. Entries that are not any more as the run left them stop it before any change, \
            with exit code 4. 'ferry sync log' lists the runs; the last 10 of each workspace can be undone.

            Example: ferry sync undo -C ~/project --dry-run -i
            """)

    @Argument(help: ArgumentHelp("The run, or the beginning of its name. Default: the last.", valueName: "run"))
    var run: String?

    @Option(
        name: [.customShort("C"), .long],
        help: ArgumentHelp("The workspace. Default: the working directory.", valueName: "dir"),
        completion: .directory)
    var workspace = "."

    @Flag(name: [.customShort("n"), .long], help: "Print what would be done, and do nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "'newer-edits' lets the undo go on where something was changed after the run.",
            discussion: "The newer edits leave the workspace with it, and come back when the undo is undone.",
            valueName: "name"))
    var allow: [UndoOverride] = []

    @OptionGroup
    var lock: LockArguments

    @OptionGroup(title: "Output")
    var output: OutputArguments

    func run() async throws {
        let path = try Targets.workspace(workspace)
        var options = SyncOptions()
        try lock.apply(to: &options)
        options.isDryRun = dryRun
        options.undoesNewerEdits = allow.contains(.newerEdits)
        options.reportsItems = output.wantsItems
        let console = Console(color: output.color)
        let runner = SyncRun(
            console: console, output: output, options: options, deadline: nil, conflictAdvice: nil,
            showsDestination: false)
        let run = run
        let undo: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
            try await SyncEngine.undo(
                workspace: path, run: run, options: options, cancellation: cancellation, observer: observer)
        }
        let status = await runner.runAll([(ArgumentText.bytes(of: workspace), undo)])
        try console.close(with: status)
    }
}

/// What an undo can be told to go on in spite of.
enum UndoOverride: String, ExpressibleByArgument, CaseIterable {
    case newerEdits = "newer-edits"
}
