import ArgumentParser
import FerryCore
import FerryEngine

/// What a sync may delete.
struct DeletionArguments: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Make the destination the exact image of the source: overwrite what differs, delete what is extra.",
            discussion: "What is excluded or preserved stays."))
    var mirror = false

    @Flag(
        help: ArgumentHelp(
            "Accepted and not needed.",
            discussion:
                "Where a sync deletes, it does so unless --no-delete is given. Unlike rsync's, it never deletes what"
                + " was at the destination before; --mirror does."))
    var delete = false

    @Flag(help: "Delete nothing.")
    var noDelete = false

    @Option(
        help: ArgumentHelp(
            "Halt before the first change when more would be deleted: N entries, or N% of the destination's.",
            discussion: "Unlike rsync's, it deletes nothing at all then. Default: half of the entries, or 10.",
            valueName: "n"))
    var maxDelete: DeletionLimitArgument?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Never delete what matches PATTERN for being absent at the source.",
            discussion: "Nor what lies below it. Can be given several times.", valueName: "pattern"))
    var preserveAbsent: [String] = []

    func validate() throws {
        if delete && noDelete { throw ValidationError("--delete and --no-delete exclude each other") }
    }

    /// Puts the arguments into the engine's options.
    func apply(to options: inout SyncOptions) {
        options.mirrors = mirror
        options.deletes = !noDelete
        if let maxDelete { options.overrides.deletionLimit = maxDelete.limit }
    }

    /// What `--preserve-absent` says.
    var preserves: IgnorePatternList { RuleArguments.patterns(preserveAbsent, "--preserve-absent") }
}
