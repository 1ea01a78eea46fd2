import ArgumentParser
import FerryCore
import FerryEngine
import Glibc

/// The group of commands that plan without changing anything.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Keep what a pull brings, or what a push would do, as a plan to be applied later.",
        subcommands: [PlanPullCommand.self, PlanPushCommand.self])
}

/// `ferry sync plan pull`.
struct PlanPullCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull",
        abstract: "Fetch results and plan what a pull would do with them.",
        discussion: """
            Everything is fetched and checked as by a pull, and kept in the state directory with the plan: from then on the sandbox \
            is not needed any more. The name of the plan, a digest of it, is printed; 'ferry sync apply' carries it out. Where a pull \
            would halt, so will that. The 10 latest plans are kept.

            \(Targets.help)

            Example: ferry sync plan pull docker://agent/work ~/project -i
            """)

    @Argument(
        help: ArgumentHelp("The sandbox, a directory, tar:FILE, or '-' for standard input.", valueName: "src"),
        completion: .directory)
    var source: String

    @Argument(help: ArgumentHelp("The workspace.", valueName: "dst"), completion: .directory)
    var destination: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Also write the plan to FILE.",
            discussion: "It says what will be done; the results stay in the state directory.", valueName: "file"),
        completion: .file())
    var output: String?

    @Option(
        help: ArgumentHelp("What to do with an entry that differs on both sides.", valueName: "policy"))
    var onConflict = ConflictArgument(.keepLocal)

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Let in what matches PATTERN although it would be held for review. Can be given several times.",
            valueName: "pattern"))
    var allowHeld: [String] = []

    @OptionGroup
    var plan: PlanArguments

    func run() async throws {
        let endpoint = try Targets.endpoint(source)
        let workspace = try Targets.workspace(destination)
        try Targets.checkStream(endpoint, descriptor: STDIN_FILENO)
        let options = try await plan.preparation.options(
            pulling: endpoint, into: workspace, conflicts: onConflict.policy, allowedHeld: allowHeld)
        let file = output.map(ArgumentText.bytes)
        let operation: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
            try await SyncEngine.planPull(
                from: endpoint, to: workspace, file: file, options: options, cancellation: cancellation,
                observer: observer)
        }
        try await plan.run(operation, named: destination, options)
    }
}
