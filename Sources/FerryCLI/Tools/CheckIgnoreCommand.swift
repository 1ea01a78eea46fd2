import ArgumentParser
import FerryCore
import FerryEngine
import SystemPackage

/// `ferry check-ignore`.
struct CheckIgnoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-ignore",
        abstract: "Print which rule leaves a path out of a sync.",
        discussion: """
            Prints SOURCE:LINE:PATTERN, a tab and the path for each path that a pattern decides about, as 'git check-ignore -v' \
            does; a pattern with '!' takes the path in. The last pattern that matches decides, not the first as in rsync. The \
            exit code is 0 when a path is left out, else 1.

            Example: ferry check-ignore --gitignore build/output.o
            """)

    @Argument(
        help: ArgumentHelp("Paths in the workspace; one that does not exist and ends with '/' counts as a directory."))
    var paths: [String]

    @Option(
        name: [.customShort("C"), .customLong("workspace")], help: ArgumentHelp("The workspace.", valueName: "dir"))
    var workspace = "."

    @Flag(
        name: [.customShort("n"), .long], help: "Also print paths that no pattern matches, as '::', a tab and the path."
    )
    var nonMatching = false

    @OptionGroup(title: "What takes part")
    var rules: RuleArguments

    func run() async throws {
        let root = try Targets.workspace(workspace)
        var options = SyncOptions()
        try await ConfiguredDefaults(workspace: root).apply(rules.recorded(), to: &options, workspace: root)
        let tracked = options.trackedPaths
        let all = try await SyncEngine.rules(of: root, options: options)
        let console = Console()
        var isAnyExcluded = false
        for text in paths {
            let bytes = ArgumentText.bytes(of: text)
            let path = try CheckIgnoreCommand.relative(bytes, to: root)
            let answer = IgnoreAnswer(
                path,
                isDirectory: CheckIgnoreCommand.isDirectory(path, in: root) ?? (bytes.last == RelativePath.separator),
                rules: all, tracked: tracked)
            if answer.isExcluded { isAnyExcluded = true }
            if let rule = answer.rule ?? (nonMatching ? "::" : nil) {
                console.print("\(rule)\t\(displayName(of: bytes))")
            }
        }
        try console.close(with: isAnyExcluded ? .done : .failed)
    }

    /// The path below the workspace that the user means.
    static func relative(_ bytes: [UInt8], to root: [UInt8]) throws(CommandFailure) -> RelativePath {
        var components = bytes.split(separator: RelativePath.separator).filter { !$0.elementsEqual(".".utf8) }
        if bytes.first == RelativePath.separator {
            let above = absolute(root).split(separator: RelativePath.separator).filter { !$0.elementsEqual(".".utf8) }
            guard components.starts(with: above, by: ==) else { throw outside(bytes) }
            components.removeFirst(above.count)
        }
        do throws(RelativePathError) {
            return try RelativePath(validating: Array(components.joined(separator: [RelativePath.separator])))
        } catch {
            throw outside(bytes)
        }
    }

    private static func outside(_ bytes: [UInt8]) -> CommandFailure {
        CommandFailure(
            .usage, "'\(displayName(of: bytes))' is not a path below the workspace; give one, or the workspace with -C")
    }

    private static func absolute(_ path: [UInt8]) -> [UInt8] {
        if path.first == RelativePath.separator { return path }
        return (ProcessInput.environment("PWD") ?? []) + [RelativePath.separator] + path
    }

    /// Whether the entry is a directory and not a link to one; nil when it does not exist.
    private static func isDirectory(_ path: RelativePath, in root: [UInt8]) -> Bool? {
        let full = root + [RelativePath.separator] + path.bytes
        let terminated: [CInterop.PlatformChar] = full.map { CChar(bitPattern: $0) } + [0]
        guard let status = try? FilePath(platformString: terminated).stat(followTargetSymlink: false) else {
            return nil
        }
        return status.type == .directory
    }
}

/// What decides about one path.
struct IgnoreAnswer {
    /// Whether the path is left out.
    let isExcluded: Bool
    /// Where the pattern stands and what it is; nil when none matches.
    let rule: String?

    init(_ path: RelativePath, isDirectory: Bool, rules: IgnoreRules, tracked: FileSelection?) {
        if let name = IgnoreAnswer.reservedName(in: path) {
            (isExcluded, rule) = (true, "always left out::\(displayName(of: name))")
            return
        }
        switch rules.verdict(for: path, isDirectory: isDirectory) {
        case .undecided: (isExcluded, rule) = (false, nil)
        case .included(let pattern): (isExcluded, rule) = (false, IgnoreAnswer.text(pattern))
        case .excluded(let pattern):
            var isTracked = false
            if pattern.origin.kind == .gitignore, let extent = tracked?.extent(of: path.bytes) {
                isTracked = extent == .whole || (extent == .asAncestor && isDirectory)
            }
            (isExcluded, rule) = isTracked ? (false, nil) : (true, IgnoreAnswer.text(pattern))
        }
    }

    /// The first component that Ferry keeps for itself.
    private static func reservedName(in path: RelativePath) -> ArraySlice<UInt8>? {
        path.components.first {
            ReservedNames.isReserved(Array(path.bytes[..<$0.endIndex]), nameStart: $0.startIndex)
        }
    }

    private static func text(_ pattern: IgnorePattern) -> String {
        let line = pattern.origin.line > 0 ? String(pattern.origin.line) : ""
        return "\(displayName(of: pattern.origin.label)):\(line):\(pattern)"
    }
}
