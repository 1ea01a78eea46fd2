import ArgumentParser
import FerryEngine

/// Where the state is, and how long to wait for another sync: what commands that change a workspace without a sandbox have in common.
struct LockArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where Ferry keeps its state. Default: FERRY_STATE_DIR, else ferry in XDG_STATE_HOME or ~/.local/state.",
            valueName: "dir"))
    var stateDir: String?

    @Option(
        help: ArgumentHelp(
            "Wait so many seconds for another sync of the same workspace, then exit with 7. Default: 30.",
            valueName: "seconds"))
    var wait: Double?

    func validate() throws {
        if let wait, !(wait >= 0 && wait < 1e9) { throw ValidationError("--wait takes a number of seconds") }
    }

    /// Puts them into the engine's options.
    ///
    /// - Parameter options: The options.
    /// - Throws: What is wrong with a variable that stands for an argument.
    func apply(to options: inout SyncOptions) throws(CommandFailure) {
        options.stateDirectory = StateDirectory.path(given: stateDir.map(ArgumentText.bytes))
        if let wait = try EnvironmentDefault.seconds("FERRY_WAIT", for: wait) { options.lockWait = .seconds(wait) }
    }
}
