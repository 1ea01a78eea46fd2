import ArgumentParser
import FerryEngine
import Glibc

/// `ferry sync push`.
struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Make a sandbox's directory equal to the workspace.",
        discussion: """
            Only what differs is written. What is excluded stays untouched on both sides. A first push deletes nothing and \
            stops before it would overwrite anything; --mirror makes an exact image instead.

            Several destinations are written at a time, from one scan of the workspace, and told one after the other. One that \
            fails stops no other; the exit code that counts most is the command's.

            \(Targets.help)

            Example: ferry sync push ~/project ssh://build@host/srv/sandbox --exclude node_modules/ -i
            """)

    @Argument(help: ArgumentHelp("The workspace.", valueName: "src"), completion: .directory)
    var source: String

    @Argument(
        help: ArgumentHelp(
            "Where it goes: a directory, a sandbox, tar:FILE, or '-' for standard output.", valueName: "dst"),
        completion: .directory)
    var destinations: [String]

    @Flag(
        help: ArgumentHelp(
            "Do not look at what the sandbox holds: nothing ran there since the last push or pull.",
            discussion:
                "Saves a listing. What was changed there after all is overwritten unseen where the workspace changed"
                + " the same path, and otherwise found by the next pull."))
    var trustBaseline = false

    @Option(
        help: ArgumentHelp(
            "What to do about files that look like secrets: warn, block or off. Default: warn.",
            discussion:
                "Names such as .env and id_rsa, files of credentials, and well-known tokens and private keys in files up to"
                + " 64 KiB that are to be sent. 'block' stops before any change in the sandbox, with exit code 11. The path and"
                + " the rule are printed, never the secret.",
            valueName: "policy"))
    var secrets: SecretsArgument?

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
        let workspace = try Targets.workspace(source)
        let endpoints = try destinations.map(Targets.endpoint)
        for endpoint in endpoints { try Targets.checkStream(endpoint, descriptor: STDOUT_FILENO) }
        guard endpoints.count(where: { $0 == .standardStream }) <= 1 else {
            throw CommandFailure(
                .usage, "'-' is given twice, and there is only one standard output; name tar:FILE for one")
        }
        let prepared = SyncPreparation(
            sync: sync, rules: rules, selection: selection, deletion: deletion, output: output)
        var options = try await prepared.options(workspace: workspace)
        options.trustsBaseline = trustBaseline
        let secrets = try EnvironmentDefault.value("FERRY_SECRETS", for: secrets, SecretsArgument.init)
        if let secrets { options.secrets = secrets.policy }
        let console = Console(color: output.color, dataToStandardError: endpoints.contains(.standardStream))
        prepared.explain(on: console)
        let run = SyncRun(
            console: console, output: output, options: options, deadline: sync.deadline, conflictAdvice: nil,
            showsDestination: endpoints.count > 1)
        let texts = destinations.map { ArgumentText.bytes(of: $0) }
        let status: ExitStatus
        if endpoints.count == 1, let endpoint = endpoints.first, let text = texts.first {
            let push: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
                try await SyncEngine.push(
                    workspace, to: endpoint, options: options, cancellation: cancellation, observer: observer)
            }
            status = await run.runAll([(text, push)])
        } else {
            status = try await run.pushTogether(workspace, to: texts, endpoints)
        }
        try console.close(with: status)
    }
}
