import ArgumentParser
import FerryCore
import FerryEngine
import SystemPackage

/// `ferry sync conflicts`.
struct ConflictsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "conflicts",
        abstract: "List and resolve what pulls did not let in.",
        discussion: """
            A pull keeps the sandbox's versions of conflicting and held entries outside the workspace. Without an option, \
            this lists them: why, when, the path, from which sandbox, and where the stored version is. A PATH is one of the \
            list, or a directory above some of them. Taking a version is a change of the workspace like a pull: 'ferry sync \
            undo' takes it back. What you edited after the conflict was found stops it, with exit code 4.

            Example: ferry sync conflicts ~/project --show src/main.c | diff ~/project/src/main.c -
            """)

    @Argument(
        help: ArgumentHelp("The workspace. Default: the working directory.", valueName: "workspace"),
        completion: .directory)
    var workspace = "."

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Put the stored version of PATH in the place of the workspace's. Can be given several times.",
            valueName: "path"))
    var takeRemote: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Drop the stored version of PATH: the workspace's stands. Can be given several times.", valueName: "path"))
    var keepLocal: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Print the stored version of PATH: a file's bytes, a link's target, the paths in a directory.",
            valueName: "path"))
    var show: String?

    @Flag(
        name: [.customShort("0"), .customLong("print0")],
        help: "Print only paths, as they are, with NUL behind each; with --show, NUL in place of line feeds.")
    var printZero = false

    @Flag(name: [.customShort("n"), .long], help: "Print what --take-remote would do, and do nothing.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "'newer-edits' lets --take-remote replace what was edited after the conflict was found.", valueName: "name")
    )
    var allow: [UndoOverride] = []

    @OptionGroup
    var lock: LockArguments

    @OptionGroup(title: "Output")
    var output: OutputArguments

    func validate() throws {
        if show != nil, !(takeRemote.isEmpty && keepLocal.isEmpty) {
            throw ValidationError("--show only prints; give --take-remote or --keep-local in another call")
        }
        if dryRun, takeRemote.isEmpty || !keepLocal.isEmpty {
            throw ValidationError("--dry-run says what --take-remote would do; give it with that alone")
        }
        if printZero, output.json { throw ValidationError("--print0 and --json exclude each other") }
    }

    func run() async throws {
        let path = try Targets.workspace(workspace)
        var options = SyncOptions()
        try lock.apply(to: &options)
        options.isDryRun = dryRun
        options.undoesNewerEdits = allow.contains(.newerEdits)
        options.reportsItems = output.wantsItems
        if let show { return try await print(try Self.relative(show, to: path), in: path, options) }
        let taken = try takeRemote.map { (text) throws(CommandFailure) in try Self.relative(text, to: path) }
        let kept = try keepLocal.map { (text) throws(CommandFailure) in try Self.relative(text, to: path) }
        let stored = try await SyncEngine.conflicts(in: path, options: options)
        let console = Console(color: output.color)
        guard !taken.isEmpty || !kept.isEmpty else {
            if printZero { return try printPaths(of: stored) }
            for conflict in stored {
                console.print(output.json ? EventPayload.stored(conflict).text : ConflictLine.text(conflict))
            }
            return try console.close(with: .done)
        }
        for path in kept.flatMap({ Self.expand($0, stored) }) {
            let count = try await SyncEngine.keepLocal(path, in: Targets.workspace(workspace), options: options)
            if output.json {
                console.print(EventPayload.dropped(path.bytes, versions: count).text)
            } else if !output.quiet {
                console.print("kept \(displayName(of: path.bytes)): the stored version was dropped")
            }
        }
        try console.close(with: await take(taken.flatMap { Self.expand($0, stored) }, in: path, options, console))
    }

    private func take(
        _ paths: [RelativePath], in workspace: [UInt8], _ options: SyncOptions, _ console: Console
    ) async -> ExitStatus {
        let runner = SyncRun(
            console: console, output: output, options: options, deadline: nil, conflictAdvice: nil,
            showsDestination: true)
        let syncs = paths.map { path in
            let take: SyncRun.Operation = { options, cancellation, observer throws(SyncError) in
                try await SyncEngine.takeRemote(
                    path, in: workspace, options: options, cancellation: cancellation, observer: observer)
            }
            return (path.bytes, take)
        }
        return await runner.runAll(syncs)
    }

    private func print(_ path: RelativePath, in workspace: [UInt8], _ options: SyncOptions) async throws {
        try await SyncEngine.readStored(
            path, in: workspace, options: options, terminator: printZero ? 0 : UInt8(ascii: "\n")
        ) { bytes throws(SyncError) in
            try Self.write(bytes)
        }
    }

    private func printPaths(of stored: [StoredConflict]) throws(SyncError) {
        var seen: Set<[UInt8]> = []
        for conflict in stored where !conflict.path.isEmpty && seen.insert(conflict.path).inserted {
            try Self.write(conflict.path + [0])
        }
    }

    private static func write(_ bytes: [UInt8]) throws(SyncError) {
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
        } catch {
            throw SyncError(.failed, "cannot write to standard output: \(error); what was to be printed is incomplete")
        }
    }

    /// A path as it is listed, or one that leads into the workspace from where the user is.
    private static func relative(_ text: String, to workspace: [UInt8]) throws(CommandFailure) -> RelativePath {
        var bytes = ArgumentText.bytes(of: text)
        let prefix = workspace + [RelativePath.separator]
        if bytes.first == RelativePath.separator, bytes.starts(with: prefix) { bytes.removeFirst(prefix.count) }
        let parts = bytes.split(separator: RelativePath.separator).filter { !$0.elementsEqual(".".utf8) }
        do throws(RelativePathError) {
            guard bytes.first != RelativePath.separator else { throw .absolute }
            return try RelativePath(validating: Array(parts.joined(separator: [RelativePath.separator])))
        } catch {
            throw CommandFailure(
                .usage,
                "'\(ArgumentText.message(text))' is no path below the workspace's root; give one as the list has it")
        }
    }

    /// The stored paths that a given one means: itself, or all below it.
    private static func expand(_ path: RelativePath, _ stored: [StoredConflict]) -> [RelativePath] {
        let paths = Set(stored.map(\.path)).filter { !$0.isEmpty }
        let isWhole = stored.contains { conflict in
            if case .permissions = conflict.version { return false }
            return conflict.path == path.bytes
        }
        if isWhole { return [path] }
        let below = paths.compactMap { try? RelativePath(validating: $0) }.filter { $0.isSameOrBelow(path) }
        return below.isEmpty ? [path] : below.sorted()
    }
}

/// A line of the list for people.
enum ConflictLine {
    static func text(_ conflict: StoredConflict) -> String {
        let (label, reason) = words(conflict)
        let slash = conflict.kind == .directory && !conflict.path.isEmpty ? "/" : ""
        let name = conflict.path.isEmpty ? "-" : displayName(of: conflict.path) + slash
        var fields = [label.padding(to: 8), (conflict.timeText ?? "-").padding(to: 20), "\(name) (\(reason))"]
        if !conflict.endpoint.isEmpty { fields.append("from \(displayName(of: conflict.endpoint))") }
        switch conflict.version {
        case .stored: fields.append(conflict.place.map { "in \(displayName(of: $0))" } ?? "")
        case .deleted: break
        case .leftInSandbox: fields.append("not fetched")
        case .permissions(let mode): fields.append("mode \(PermissionText.octal(mode))")
        }
        return fields.joined(separator: "  ")
    }

    /// What it is, and why.
    static func words(_ conflict: StoredConflict) -> (label: String, reason: String) {
        switch conflict.cause {
        case .conflict(let reason): ("conflict", reason.sentence ?? "both sides have it and differ")
        case .held(let reason): ("held", reason.sentence)
        case .unknown: ("unknown", "stored by an earlier ferry, without a record")
        case .setAside: ("aside", "what an interrupted run had taken out of the workspace")
        }
    }
}
