import ArgumentParser
import FerryEngine

/// What commands that only look have in common, beside rules and paths.
struct ViewArguments: ParsableArguments {
    @Flag(
        name: [.customShort("c"), .long],
        help: "Compare all content, also where size and time are equal.")
    var checksum = false

    @Option(
        help: ArgumentHelp(
            "Stop when a stream has been silent for so many seconds, with exit code 124.", valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("Stop after so many seconds in all, with exit code 124.", valueName: "seconds"))
    var deadline: Double?

    @Option(
        help: ArgumentHelp(
            "Where Ferry keeps its state. Default: FERRY_STATE_DIR, else ferry in XDG_STATE_HOME or ~/.local/state.",
            valueName: "dir"))
    var stateDir: String?

    @Flag(name: [.customShort("q"), .long], help: "Print no more than the result.")
    var quiet = false

    @Flag(help: "Print events for programs, one JSON object a line.")
    var json = false

    @Flag(
        inversion: .prefixedNo,
        help: "Show how far it is, on standard error. Default: as soon as it takes a while, unless --quiet.")
    var progress: Bool?

    @Option(help: "Colour messages: auto, always or never.")
    var color = ColorChoice.auto

    @Option(help: ArgumentHelp("The number of threads.", visibility: .hidden))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads takes a number from 1 to 256") }
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout takes a number of seconds above 0")
        }
        if let deadline, !(deadline > 0 && deadline < 1e9) {
            throw ValidationError("--deadline takes a number of seconds above 0")
        }
    }

    /// The engine's options.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: What it is compared with: without rules of their own these commands go by those of the last push there.
    ///   - rules: Which entries take part.
    ///   - selection: Which paths are looked at.
    /// - Returns: The options.
    /// - Throws: What is wrong with the arguments, or what could not be read.
    func options(
        workspace: [UInt8], sandbox: Endpoint, _ rules: RuleArguments, _ selection: SelectionArguments
    ) async throws(CommandFailure) -> SyncOptions {
        guard rules.standardInputUses + selection.standardInputUses <= 1 else {
            throw CommandFailure(
                .usage, "standard input is asked for twice; write one of the lists to a file and name that")
        }
        var options = SyncOptions()
        options.comparesAllContent = checksum
        let timeout = try EnvironmentDefault.seconds("FERRY_TIMEOUT", for: timeout)
        options.idleTimeout = timeout.flatMap { $0 > 0 ? .seconds($0) : nil }
        options.stateDirectory = StateDirectory.path(given: stateDir.map(ArgumentText.bytes))
        if let threads { options.threads = threads }
        let configuration = try ConfiguredDefaults(workspace: workspace)
        configuration.apply(to: &options, givenDeletionLimit: false)
        var given = try rules.recorded()
        if rules.isEmpty, let state = options.stateDirectory,
            let known = await SyncEngine.rulesOfLastPush(from: workspace, to: sandbox, stateDirectory: state)
        {
            given = known
        }
        try await configuration.apply(given, to: &options, workspace: workspace)
        options.selection = try selection.selection()
        options.staysOnOneFileSystem = selection.oneFileSystem
        return options
    }
}
