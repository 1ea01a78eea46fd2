import ArgumentParser
import FerryEngine

/// `ferry sync plan push`.
struct PlanPushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Plan what a push would do, and keep the plan.",
        discussion: """
            Nothing is changed on either side. The name of the plan, a digest of it, is printed; 'ferry sync apply' carries out what \
            the plan showed and nothing else, and refuses it where the workspace or the sandbox is not any more what it was made \
            from. Where a push would halt, so will that. The 10 latest plans are kept.

            \(Targets.help)

            Example: ferry sync plan push ~/project docker://agent/work -i
            """)

    @Argument(help: ArgumentHelp("The workspace.", valueName: "src"), completion: .directory)
    var source: String

    @Argument(help: ArgumentHelp("The sandbox, or a directory.", valueName: "dst"), completion: .directory)
    var destination: String

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp("Also write the plan to FILE.", valueName: "file"), completion: .file())
    var output: String?

    @Option(
        help: ArgumentHelp(
            "What to do about files that look like secrets: warn, block or off. Default: warn.", valueName: "policy"))
    var secrets: SecretsArgument?

    @OptionGroup
    var plan: PlanArguments

    func run() async throws {
        let workspace = try Targets.workspace(source)
        let endpoint = try Targets.endpoint(destination)
        var options = try await plan.preparation.options(workspace: workspace)
        let secrets = try EnvironmentDefault.value("FERRY_SECRETS", for: secrets, SecretsArgument.init)
        if let secrets { options.secrets = secrets.policy }
        let file = output.map(ArgumentText.bytes)
        let operation: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
            try await SyncEngine.planPush(
                workspace, to: endpoint, file: file, options: options, cancellation: cancellation, observer: observer)
        }
        try await plan.run(operation, named: destination, options)
    }
}
