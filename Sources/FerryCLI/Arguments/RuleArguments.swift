import ArgumentParser
import FerryCore
import FerryProviders

/// Which entries take part.
struct RuleArguments: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Leave out what matches PATTERN.",
            discussion:
                "Patterns are gitignore's, and of several that match the last one decides; with rsync it is the first.",
            valueName: "pattern"),
        transform: RuleOption.init)
    var exclude: [RuleOption] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Take in again what matches PATTERN.",
            discussion:
                "It comes after the --exclude that it makes an exception of. What lies below an excluded directory"
                + " stays out.",
            valueName: "pattern"),
        transform: RuleOption.init)
    var include: [RuleOption] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Read patterns from FILE, one a line, '-' for standard input.",
            discussion: "Lines are those of a .gitignore: '!' takes in again, '#' begins a comment.",
            valueName: "file"),
        transform: RuleOption.init)
    var excludeFrom: [RuleOption] = []

    @Flag(
        help: ArgumentHelp(
            "Also obey the workspace's .gitignore files.", discussion: "Files that git tracks take part all the same."))
    var gitignore = false

    @Flag(help: "Do not leave out '._*' and '.DS_Store' unasked.")
    var noDefaultExcludes = false

    /// The patterns of the command line in the order given.
    func patterns() throws(CommandFailure) -> IgnorePatternList {
        enum Meaning { case exclude, include, file }
        let all =
            exclude.map { (Meaning.exclude, $0) } + include.map { (.include, $0) } + excludeFrom.map { (.file, $0) }
        var list = IgnorePatternList()
        for (meaning, option) in all.sorted(by: { $0.1.rank < $1.1.rank }) {
            switch meaning {
            case .exclude: list.append(excluding: option.value, origin: RuleArguments.origin("--exclude"))
            case .include: list.append(including: option.value, origin: RuleArguments.origin("--include"))
            case .file:
                let content = try InputFile.read(option.value, for: "--exclude-from")
                list.append(parsing: content, kind: .commandLine, label: option.value)
            }
        }
        return list
    }

    /// What these arguments say.
    func recorded() throws(CommandFailure) -> RecordedRules {
        var rules = RecordedRules()
        rules.defaults = noDefaultExcludes ? .none : .builtIn
        rules.usesGitignore = gitignore
        rules.patterns = try patterns()
        return rules
    }

    /// Whether none of them was given.
    var isEmpty: Bool {
        exclude.isEmpty && include.isEmpty && excludeFrom.isEmpty && !gitignore && !noDefaultExcludes
    }

    /// What git tracks in the workspace.
    static func trackedPaths(in workspace: [UInt8]) async throws(CommandFailure) -> FileSelection? {
        do throws(GitError) {
            return try await GitTrackedFiles.paths(in: workspace).map { FileSelection($0) }
        } catch {
            throw CommandFailure(.failed, error.description)
        }
    }

    /// How many of the options read standard input.
    var standardInputUses: Int { excludeFrom.count { $0.value.elementsEqual("-".utf8) } }

    static func origin(_ option: String) -> IgnoreOrigin { IgnoreOrigin(kind: .commandLine, label: Array(option.utf8)) }

    /// The patterns of an option that can be given several times.
    static func patterns(_ texts: [String], _ option: String) -> IgnorePatternList {
        var list = IgnorePatternList()
        for text in texts { list.append(excluding: ArgumentText.bytes(of: text), origin: origin(option)) }
        return list
    }
}
