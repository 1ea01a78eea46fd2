import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync diff`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what is not the same in a workspace and a sandbox.",
        discussion: """
            The output is a unified diff from the workspace, a/, to the sandbox, b/, as 'git diff' writes it: 'patch -p1' in the \
            workspace makes its text files what the sandbox has. Files with NUL bytes and files of more than 8 MiB are only named. \
            Nothing is changed, on neither side, and the exit code is 0 also where there are differences.

            \(Targets.help)

            Example: ferry sync diff ~/project docker://agent/work --name-only
            """)

    @Argument(help: ArgumentHelp("The workspace.", valueName: "workspace"), completion: .directory)
    var workspace: String

    @Argument(
        help: ArgumentHelp("The sandbox, a directory, or tar:FILE.", valueName: "sandbox"), completion: .directory)
    var sandbox: String

    @Flag(help: "Print only the names of what is not the same.")
    var nameOnly = false

    @OptionGroup(title: "What takes part")
    var rules: RuleArguments
    @OptionGroup(title: "Paths")
    var selection: SelectionArguments
    @OptionGroup(title: "Looking")
    var view: ViewArguments

    func run() async throws {
        let path = try Targets.workspace(workspace)
        let endpoint = try Targets.endpoint(sandbox)
        let options = try await view.options(workspace: path, sandbox: endpoint, rules, selection)
        let console = Console(color: view.color)
        let run = ViewRun(console: console, view: view, sandbox: ArgumentText.bytes(of: sandbox))
        let (showsContent, asJSON) = (!nameOnly, view.json)
        let (found, failure) = await run.run { (cancellation, observer) throws(SyncError) in
            try await SyncEngine.diff(
                path, endpoint, showsContent: showsContent, options: options, cancellation: cancellation,
                observer: observer
            ) { difference in
                if asJSON {
                    console.print(EventPayload.difference(difference).text)
                } else if showsContent {
                    console.print(bytes: difference.patch)
                } else {
                    console.print(quotedName(of: difference.path))
                }
            }
        }
        var status = failure
        if let found {
            status.formUnion(ExitStatus(found.problems))
            if view.json { console.print(EventPayload.comparison(found, sandbox: run.sandbox, status).text) }
        }
        try console.close(with: status)
    }
}
