import ArgumentParser

/// The group of commands that move trees.
struct SyncCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Push a workspace into a sandbox, pull the results back, or undo that.",
        discussion: """
            A workspace is your own directory; a sandbox is where an untrusted program works on a copy of it. Both sides are \
            written as targets: a plain PATH, dir:PATH, tar:FILE, or '-' for a tar stream. A trailing slash changes nothing.

            Exit codes:
              0  done                        7  locked by another sync
              1  error                       8  verification failed
              2  wrong usage                 9  sandbox or transport failed
              3  conflicts or held entries  10  unsafe archive refused
              4  halted before any change   11  secrets found, --secrets block
              5  some entries unreadable   124  timed out
                 or unwritable             130  stopped by a signal,
              6  the source changed        143  cleanly
                 while it was read

            Example: ferry sync push ~/project tar:project.tar.gz
            """,
        subcommands: [
            PushCommand.self, PullCommand.self, StatusCommand.self, DiffCommand.self, VerifyCommand.self,
            PlanCommand.self,
            ApplyCommand.self, UndoCommand.self, ConflictsCommand.self, LogCommand.self,
        ])
}
