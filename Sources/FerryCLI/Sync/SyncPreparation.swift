import FerryCore
import FerryEngine

/// Puts the arguments that pushes and pulls share into the engine's options.
struct SyncPreparation {
    let sync: SyncArguments
    let rules: RuleArguments
    let selection: SelectionArguments
    let deletion: DeletionArguments
    let output: OutputArguments

    /// The options.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - source: Where a pull comes from: without rules of its own it goes by those of the last push there.
    ///   - otherInputs: How often standard input is used by something else.
    /// - Returns: The options.
    /// - Throws: What is wrong with the arguments, or what could not be read.
    func options(
        workspace: [UInt8], pulledFrom source: Endpoint? = nil, otherInputs: Int = 0
    ) async throws(CommandFailure) -> SyncOptions {
        guard rules.standardInputUses + selection.standardInputUses + otherInputs <= 1 else {
            throw CommandFailure(
                .usage, "standard input is asked for twice; write one of the lists to a file and name that")
        }
        var options = SyncOptions()
        try sync.apply(to: &options)
        deletion.apply(to: &options)
        let configuration = try ConfiguredDefaults(workspace: workspace)
        configuration.apply(to: &options, givenDeletionLimit: deletion.maxDelete != nil)
        var given = try rules.recorded()
        given.preserves = deletion.preserves
        if let source, rules.isEmpty, given.preserves.isEmpty,
            let state = options.stateDirectory,
            let known = await SyncEngine.rulesOfLastPush(from: workspace, to: source, stateDirectory: state)
        {
            given = known
        }
        try await configuration.apply(given, to: &options, workspace: workspace)
        options.selection = try selection.selection()
        options.staysOnOneFileSystem = selection.oneFileSystem
        options.reportsItems = output.wantsItems
        return options
    }

    /// The options of a pull.
    ///
    /// - Parameters:
    ///   - source: Where it comes from.
    ///   - workspace: The workspace's path.
    ///   - conflicts: What becomes of entries that differ on both sides.
    ///   - allowedHeld: Patterns of what is let in without a review, beside those of the configuration.
    /// - Returns: The options.
    /// - Throws: What is wrong with the arguments, or what could not be read.
    func options(
        pulling source: Endpoint, into workspace: [UInt8], conflicts: ConflictPolicy, allowedHeld: [String]
    ) async throws -> SyncOptions {
        var options = try await options(
            workspace: workspace, pulledFrom: source, otherInputs: source == .standardStream ? 1 : 0)
        options.conflicts = conflicts
        var held = options.allowedHeld.list
        held.append(contentsOf: RuleArguments.patterns(allowedHeld, "--allow-held"))
        options.allowedHeld = PreservePatterns(held)
        return options
    }

    /// Explains flags that are accepted for the sake of rsync's users.
    func explain(on console: Console) {
        guard output.verbose > 0, !output.json else { return }
        if sync.archive {
            console.note("-a is not needed: trees are recursive and keep links, modes and times; owners never travel")
        }
        if deletion.delete {
            console.note("--delete is not needed: where a sync deletes, it does so unless --no-delete is given")
        }
    }
}
