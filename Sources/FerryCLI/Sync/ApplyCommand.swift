import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync apply`.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Carry out a plan of 'ferry sync plan pull', or a pull that halted.",
        discussion: """
            The results come from the state directory, so the sandbox may be gone. A path that is not any more what the plan was made \
            from stops it before any change, with exit code 4. With paths only those are applied, and all below them; the rest can be \
            applied later. Like a pull, it can be undone.

            Example: ferry sync apply 3f9c2a17d0e4b586 src/main.c
            """)

    @Argument(help: ArgumentHelp("The plan's name, or its file.", valueName: "plan"), completion: .file())
    var plan: String

    @Argument(help: ArgumentHelp("Paths below the workspace. Default: all.", valueName: "path"))
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "What to do with an entry that differs on both sides. Default: what the plan was told.",
            valueName: "policy"))
    var onConflict: ConflictArgument?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Let in what matches PATTERN although it would be held for review. Can be given several times.",
            valueName: "pattern"))
    var allowHeld: [String] = []

    @OptionGroup(title: "What is done")
    var sync: SyncArguments
    @OptionGroup(title: "Output")
    var output: OutputArguments

    func run() async throws {
        var options = SyncOptions()
        try sync.apply(to: &options)
        guard let state = options.stateDirectory else {
            throw CommandFailure(.usage, "without a state directory there is no plan; name one with --state-dir")
        }
        let found = try await SyncEngine.pullPlan(ArgumentText.bytes(of: plan), stateDirectory: state)
        let configuration = try ConfiguredDefaults(workspace: found.workspace)
        configuration.apply(to: &options, givenDeletionLimit: false)
        try await configuration.apply(found.rules, to: &options, workspace: found.workspace)
        found.apply(to: &options)
        if let onConflict { options.conflicts = onConflict.policy }
        var held = options.allowedHeld.list
        held.append(contentsOf: RuleArguments.patterns(allowHeld, "--allow-held"))
        options.allowedHeld = PreservePatterns(held)
        options.reportsItems = output.wantsItems
        var selected: [RelativePath] = []
        for path in paths {
            var bytes = ArgumentText.bytes(of: path)
            while bytes.count > 1, bytes.last == RelativePath.separator { bytes.removeLast() }
            do throws(RelativePathError) { selected.append(try RelativePath(validating: bytes)) } catch {
                throw CommandFailure(
                    .usage, "the path '\(displayName(of: bytes))' \(error.reason); give paths below the workspace")
            }
        }
        let console = Console(color: output.color)
        let run = SyncRun(
            console: console, output: output, options: options, deadline: sync.deadline, conflictAdvice: nil,
            showsDestination: false)
        let part = selected
        let apply: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
            try await SyncEngine.apply(
                found, paths: part, options: options, cancellation: cancellation, observer: observer)
        }
        let status = await run.runAll([(found.workspace, apply)])
        try console.close(with: status)
    }
}
