import ArgumentParser
import FerryCore
import FerryEngine
import Glibc

/// `ferry sync pull`.
struct PullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Bring a sandbox's results back into the workspace.",
        discussion: """
            Everything is fetched and checked first; a pull that fails before it is complete changes nothing. Entries that \
            differ on both sides are conflicts, and links that leave the workspace or files that git would run are held for \
            review: both are listed, and the exit code is 3. Without any rule of its own, a pull goes by those that the last \
            push was given.

            \(Targets.help)

            Example: ferry sync pull ssh://build@host/srv/sandbox ~/project --dry-run -i
            """)

    @Argument(
        help: ArgumentHelp("The sandbox, a directory, tar:FILE, or '-' for standard input.", valueName: "src"),
        completion: .directory)
    var source: String

    @Argument(help: ArgumentHelp("The workspace.", valueName: "dst"), completion: .directory)
    var destination: String

    @Option(
        help: ArgumentHelp(
            "What to do with an entry that differs on both sides.",
            discussion:
                "'both' writes the sandbox's version beside the workspace's as NAME.ferry-remote; 'fail' writes nothing"
                + " at all.", valueName: "policy"))
    var onConflict = ConflictArgument(.keepLocal)

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Let in what matches PATTERN although it would be held for review. Can be given several times.",
            valueName: "pattern"))
    var allowHeld: [String] = []

    @OptionGroup(title: "What is done")
    var sync: SyncArguments
    @OptionGroup(title: "What takes part")
    var rules: RuleArguments
    @OptionGroup(title: "Paths")
    var selection: SelectionArguments
    @OptionGroup(title: "Deletion")
    var deletion: DeletionArguments
    @OptionGroup(title: "Output")
    var output: OutputArguments

    func run() async throws {
        let endpoint = try Targets.endpoint(source)
        let workspace = try Targets.workspace(destination)
        try Targets.checkStream(endpoint, descriptor: STDIN_FILENO)
        let prepared = SyncPreparation(
            sync: sync, rules: rules, selection: selection, deletion: deletion, output: output)
        let options = try await prepared.options(
            pulling: endpoint, into: workspace, conflicts: onConflict.policy, allowedHeld: allowHeld)
        let console = Console(color: output.color)
        prepared.explain(on: console)
        let run = SyncRun(
            console: console, output: output, options: options, deadline: sync.deadline,
            conflictAdvice: onConflict.policy == .keepLocal
                ? "'ferry sync conflicts' lists and resolves them, and --on-conflict take-remote or both decides otherwise at once"
                : nil,
            showsDestination: false)
        let pull: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
            try await SyncEngine.pull(
                from: endpoint, to: workspace, options: options, cancellation: cancellation, observer: observer)
        }
        let status = await run.runAll([(ArgumentText.bytes(of: destination), pull)])
        try console.close(with: status)
    }
}
