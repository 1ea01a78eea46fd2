import ArgumentParser

/// What the commands of `ferry runtime` take beside their request.
struct RuntimeArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Read the request from FILE instead of standard input.",
            discussion: "A file that holds an apiKey must be readable for its owner only.", valueName: "file"),
        completion: .file())
    var request: String?

    @Option(
        help: ArgumentHelp(
            "Keep what has to be known later in DIR, unless the request names it.",
            discussion: "Default: FERRY_STATE_DIR, else ferry in XDG_STATE_HOME or ~/.local/state.", valueName: "dir"),
        completion: .directory)
    var stateDir: String?

    @Flag(name: [.customShort("i"), .long], help: "Print an event for each entry that is changed.")
    var itemizeChanges = false

    @Flag(name: [.customShort("q"), .long], help: "Print the result only.")
    var quiet = false
}
