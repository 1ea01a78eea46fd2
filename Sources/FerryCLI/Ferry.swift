import ArgumentParser

/// The command `ferry`.
struct Ferry: AsyncParsableCommand {
    static var _errorLabel: String { "error" }

    /// The version that `--version` prints.
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "ferry",
        abstract: "Sync a workspace with sandboxes, safely in both directions.",
        discussion: """
            Push your directory to where an untrusted program works on it, and pull the results back without losing anything.

            Example: ferry sync push ~/project /srv/sandbox
            """,
        version: version,
        subcommands: [
            SyncCommand.self, RuntimeCommand.self, CheckIgnoreCommand.self, DoctorCommand.self, CompletionCommand.self,
            BenchCommand.self,
        ])
}
