import ArgumentParser

/// The group of commands for adapters.
struct RuntimeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runtime",
        abstract: "Prepare a sandbox for an agent and restore its results, for programs in any language.",
        discussion: """
            Each command reads one request, a JSON object, from standard input or from --request FILE. It prints events, one \
            JSON object a line, and as the last line one with "event": "result". A key belongs into the request or into the \
            variable FERRY_API_KEY, never into an argument. The forms of requests, events and results are published as JSON \
            Schema with the documentation.

            Exit codes:
              0  done                        7  another run holds the lock
              1  error                       8  verification failed
              2  the request is refused      9  sandbox or transport failed
              3  conflicts or held entries  10  unsafe archive refused
              4  halted before any change   11  secrets found, "secrets": "block"
              5  something could not be     124  "deadlineMs" was over
                 read, written or removed  130  stopped by a signal,
              6  the source changed        143  cleanly
                 while it was read

            Example: ferry runtime prepare <request.json
            """,
        subcommands: [RuntimePrepareCommand.self, RuntimeRestoreCommand.self, RuntimeReleaseCommand.self])
}
