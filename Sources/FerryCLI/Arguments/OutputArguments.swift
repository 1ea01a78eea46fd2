import ArgumentParser

/// What is printed.
struct OutputArguments: ParsableArguments {
    @Flag(
        name: [.customShort("i"), .long],
        help: ArgumentHelp(
            "Print one line an entry, in rsync's form YXcstpoguax.",
            discussion: """
                Y is > for moved content, c for something made, h for another name of a file, . for attributes only; X is f, d \
                or L; c, s, t and p stand for content, size, time and permissions, and + for all that is new. Lines with \
                *deleting, *conflict, *held and *blocked say what happens instead. Names are shown with \\ooo for bytes that \
                are not printable.
                """))
    var itemizeChanges = false

    @Flag(name: [.customShort("v"), .long], help: "Print the name of each entry that is changed.")
    var verbose: Int

    @Flag(name: [.customShort("q"), .long], help: "Print errors, conflicts and held entries only.")
    var quiet = false

    @Flag(help: "Print counts and times at the end.")
    var stats = false

    @Flag(help: "Print events for programs, one JSON object a line.")
    var json = false

    @Flag(
        inversion: .prefixedNo,
        help: "Show how far the sync is, on standard error. Default: as soon as it takes a while, unless --quiet.")
    var progress: Bool?

    @Option(help: "Colour messages: auto, always or never.")
    var color = ColorChoice.auto

    func validate() throws {
        if quiet && verbose > 0 { throw ValidationError("--quiet and --verbose exclude each other") }
    }

    /// Whether the names of changed entries are wanted.
    var wantsItems: Bool { (json && !quiet) || itemizeChanges || verbose > 0 }
}
