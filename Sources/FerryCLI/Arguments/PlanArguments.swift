import ArgumentParser
import FerryEngine

/// What the commands that keep a plan have in common.
struct PlanArguments: ParsableArguments {
    @OptionGroup(title: "What is done")
    var sync: SyncArguments
    @OptionGroup(title: "What takes part")
    var rules: RuleArguments
    @OptionGroup(title: "Paths")
    var selection: SelectionArguments
    @OptionGroup(title: "Deletion")
    var deletion: DeletionArguments
    @OptionGroup(title: "Output")
    var told: OutputArguments

    func validate() throws {
        if selection.filesFrom != nil {
            throw ValidationError(
                "a plan takes no --files-from; apply a part of it instead: ferry sync apply PLAN PATH")
        }
    }

    var preparation: SyncPreparation {
        SyncPreparation(sync: sync, rules: rules, selection: selection, deletion: deletion, output: told)
    }

    /// Plans, and ends the process with the plan's status.
    func run(_ operation: @escaping SyncRun.Operation, named destination: String, _ options: SyncOptions) async throws {
        let console = Console(color: told.color)
        let run = SyncRun(
            console: console, output: told, options: options, deadline: sync.deadline, conflictAdvice: nil,
            showsDestination: false)
        let status = await run.runAll([(ArgumentText.bytes(of: destination), operation)])
        try console.close(with: status)
    }
}
