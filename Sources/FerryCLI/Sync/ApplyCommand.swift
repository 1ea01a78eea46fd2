import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync apply`.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Carry out a plan of 'ferry sync plan', or a pull that halted.",
        discussion: """
            The results of a pull come from the state directory, so the sandbox may be gone; like a pull, it can be undone. A push does \
            what its plan showed and nothing else. A path that is not any more what the plan was made from stops it before any change, \
            with exit code 4. With paths only those are applied, and all below them; the rest can be applied later.

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
        let text = ArgumentText.bytes(of: plan)
        let found = try await SyncEngine.plan(text, stateDirectory: state)
        options.reportsItems = output.wantsItems
        let part = try selected
        let destination: [UInt8]
        let apply: SyncRun.Operation
        switch found {
        case .pull(let plan):
            try await prepare(&options, workspace: plan.workspace, rules: plan.rules)
            plan.apply(to: &options)
            if let onConflict { options.conflicts = onConflict.policy }
            var held = options.allowedHeld.list
            held.append(contentsOf: RuleArguments.patterns(allowHeld, "--allow-held"))
            options.allowedHeld = PreservePatterns(held)
            destination = plan.workspace
            apply = { options, cancellation, observer throws(SyncError) in
                try await SyncEngine.apply(
                    plan, paths: part, options: options, cancellation: cancellation, observer: observer)
            }
        case .push(let plan):
            guard onConflict == nil, allowHeld.isEmpty else {
                throw CommandFailure(
                    .usage, "--on-conflict and --allow-held are for pulls, and this is the plan of a push")
            }
            try await prepare(&options, workspace: plan.workspace, rules: plan.rules)
            plan.apply(to: &options)
            let endpoint = try Targets.endpoint(plan.endpoint)
            destination = plan.endpoint
            apply = { options, cancellation, observer throws(SyncError) in
                try await SyncEngine.apply(
                    plan, to: endpoint, paths: part, options: options, cancellation: cancellation, observer: observer)
            }
        }
        let console = Console(color: output.color)
        let run = SyncRun(
            console: console, output: output, options: options, deadline: sync.deadline, conflictAdvice: nil,
            showsDestination: false)
        let status = await run.runAll([(destination, apply)])
        try console.close(with: status)
    }

    /// Puts into the options what the configuration files say, and the rules of the plan.
    private func prepare(
        _ options: inout SyncOptions, workspace: [UInt8], rules: RecordedRules
    ) async throws(CommandFailure) {
        let configuration = try ConfiguredDefaults(workspace: workspace)
        configuration.apply(to: &options, givenDeletionLimit: false)
        try await configuration.apply(rules, to: &options, workspace: workspace)
    }

    /// The paths, as they lie below the workspace.
    private var selected: [RelativePath] {
        get throws(CommandFailure) {
            var selected: [RelativePath] = []
            for path in paths {
                var bytes = ArgumentText.bytes(of: path)
                while bytes.count > 1, bytes.last == RelativePath.separator { bytes.removeLast() }
                do throws(RelativePathError) { selected.append(try RelativePath(validating: bytes)) } catch {
                    throw CommandFailure(
                        .usage, "the path '\(displayName(of: bytes))' \(error.reason); give paths below the workspace")
                }
            }
            return selected
        }
    }
}
