import ArgumentParser
import FerryEngine

/// The arguments of a command that looks at a workspace and a sandbox and changes neither.
struct ComparedPair: ParsableArguments {
    @Argument(help: ArgumentHelp("The workspace.", valueName: "workspace"), completion: .directory)
    var workspace: String

    @Argument(
        help: ArgumentHelp("The sandbox, a directory, or tar:FILE.", valueName: "sandbox"), completion: .directory)
    var sandbox: String

    @OptionGroup(title: "What takes part")
    var rules: RuleArguments
    @OptionGroup(title: "Paths")
    var selection: SelectionArguments
    @OptionGroup(title: "Looking")
    var view: ViewArguments

    /// What such a command works with.
    struct Prepared {
        let workspace: [UInt8]
        let sandbox: Endpoint
        let options: SyncOptions
        let console: Console
        let run: ViewRun
    }

    /// Reads targets and rules.
    ///
    /// - Returns: What to look at, how, and where to tell.
    /// - Throws: What is wrong with the arguments, or what could not be read.
    func prepare() async throws -> Prepared {
        let path = try Targets.workspace(workspace)
        let endpoint = try Targets.endpoint(sandbox)
        let console = Console(color: view.color)
        return Prepared(
            workspace: path, sandbox: endpoint,
            options: try await view.options(workspace: path, sandbox: endpoint, rules, selection), console: console,
            run: ViewRun(console: console, view: view, sandbox: ArgumentText.bytes(of: sandbox)))
    }
}
