import ArgumentParser
import FerryCore
import FerryEngine
import FerryFileSystem

/// What pushes and pulls have in common, beside rules, deletions and output.
struct SyncArguments: ParsableArguments {
    @Flag(name: [.customShort("n"), .long], help: "Print what would be done, and do nothing.")
    var dryRun = false

    @Flag(
        name: [.customShort("c"), .long],
        help: "Compare all content, also where size and time are equal.")
    var checksum = false

    @Flag(
        name: [.customShort("a"), .long],
        help: ArgumentHelp(
            "Accepted and not needed.",
            discussion:
                "Trees are always recursive and keep links, modes and times; owners never come from the source, and"
                + " devices are never carried."))
    var archive = false

    @Option(
        help: ArgumentHelp(
            "Let through what would make the sync halt: \(SyncArguments.overrideNames).",
            discussion:
                "A sync that would probably destroy something stops before its first change with exit code 4 and"
                + " says which NAME lets it through.",
            valueName: "name"),
        transform: SyncArguments.override)
    var allow: [Halt.Reason] = []

    @Option(
        help: ArgumentHelp(
            "Read at most RATE a second, in units of 1024 bytes, or with a suffix: 500k, 1.5m, 2MB.", valueName: "rate")
    )
    var bwlimit: ByteRate?

    @Option(
        help: ArgumentHelp(
            "How a stream to or from a sandbox is compressed: auto, none, gzip or zstd.",
            discussion: "'auto', the default, measures the link first and compresses where that is faster.",
            valueName: "method"))
    var compress: CompressionArgument?

    @Option(
        help: ArgumentHelp(
            "Stop when a stream has been silent for so many seconds, with exit code 124.",
            discussion: "Directories and files never keep anyone waiting, so it only matters for sandboxes and '-'.",
            valueName: "seconds"))
    var timeout: Double?

    @Option(help: ArgumentHelp("Stop after so many seconds in all, with exit code 124.", valueName: "seconds"))
    var deadline: Double?

    @Option(
        help: ArgumentHelp(
            "Who new entries belong to; needs root. Default: who the destination belongs to.", valueName: "user[:group]"
        ),
        transform: OwnerArgument.init)
    var owner: OwnerArgument?

    @Flag(
        help: ArgumentHelp(
            "Print the SHA-256 of each file that goes into or comes out of a tar, as sha256sum does.",
            discussion: "Between two directories content does not pass through ferry, and there are none."))
    var digest = false

    @Option(
        help: ArgumentHelp(
            "Where Ferry keeps its state. Default: FERRY_STATE_DIR, else ferry in XDG_STATE_HOME or ~/.local/state.",
            valueName: "dir"))
    var stateDir: String?

    @Option(
        help: ArgumentHelp(
            "Wait so many seconds for another sync of the same workspace or sandbox, then exit with 7. Default: 30.",
            valueName: "seconds"))
    var wait: Double?

    @Flag(
        inversion: .prefixedNo,
        help: ArgumentHelp(
            "Whether a pull waits for the disk, so that a power failure leaves the workspace old or new.",
            discussion: "A kill does so either way. Unlike rsync's, it is the default and flushes few large pieces."))
    var fsync = true

    @Option(help: ArgumentHelp("The number of threads.", visibility: .hidden))
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads takes a number from 1 to 256") }
        if let timeout, !(timeout > 0 && timeout < 1e9) {
            throw ValidationError("--timeout takes a number of seconds above 0")
        }
        if let wait, !(wait >= 0 && wait < 1e9) { throw ValidationError("--wait takes a number of seconds") }
        if let deadline, !(deadline > 0 && deadline < 1e9) {
            throw ValidationError("--deadline takes a number of seconds above 0")
        }
    }

    /// The halts that can be let through.
    static let overrides: [Halt.Reason] = Halt.Reason.allCases.filter { $0 != .conflicts }
    static let overrideNames = overrides.map(\.rawValue).joined(separator: ", ")

    private static func override(_ text: String) throws -> Halt.Reason {
        guard let reason = overrides.first(where: { $0.rawValue == text }) else {
            throw ValidationError("there is no halt of that name; the names are \(overrideNames)")
        }
        return reason
    }

    /// Puts the arguments into the engine's options.
    ///
    /// - Throws: What is wrong with a variable that stands for an argument.
    func apply(to options: inout SyncOptions) throws(CommandFailure) {
        options.isDryRun = dryRun
        options.comparesAllContent = checksum
        let compress = try EnvironmentDefault.value("FERRY_COMPRESS", for: compress, CompressionArgument.init)
        if let compress { options.compression = compress.compression }
        let timeout = try EnvironmentDefault.seconds("FERRY_TIMEOUT", for: timeout)
        options.idleTimeout = timeout.flatMap { $0 > 0 ? .seconds($0) : nil }
        options.overrides.allowed = Set(allow)
        options.bandwidthLimit = bwlimit?.bytesPerSecond
        options.owner = owner?.owner
        options.takesDigests = digest
        options.stateDirectory = StateDirectory.path(given: stateDir.map(ArgumentText.bytes))
        options.flushes = fsync
        if let wait = try EnvironmentDefault.seconds("FERRY_WAIT", for: wait) { options.lockWait = .seconds(wait) }
        if let threads { options.threads = threads }
    }
}
