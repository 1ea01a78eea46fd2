import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare a workspace and a sandbox by content.",
        discussion: """
            Every byte of every file counts, and so do kinds, permission bits and the targets of links; times do not. A sandbox that \
            is far away takes SHA-256 digests of its files. What differs is printed, and the exit code is 8; it is 5 where something \
            could not be read, and 0 where both are equal.

            \(Targets.help)

            Example: ferry sync verify ~/project ssh://build@host/srv/sandbox
            """)

    @OptionGroup
    var pair: ComparedPair

    func run() async throws {
        let prepared = try await pair.prepare()
        let (console, view) = (prepared.console, pair.view)
        let (isQuiet, asJSON) = (view.quiet, view.json)
        let (found, failure) = await prepared.run.run { (cancellation, observer) throws(SyncError) in
            try await SyncEngine.verify(
                prepared.workspace, prepared.sandbox, options: prepared.options, cancellation: cancellation,
                observer: observer
            ) { difference in
                if asJSON {
                    console.print(EventPayload.difference(difference).text)
                } else if !isQuiet {
                    console.print(DifferenceText.line(difference))
                }
            }
        }
        var status = failure
        if let found {
            status.formUnion(ExitStatus(found.problems))
            if found.differences > 0 { status.formUnion(.verification) }
            if view.json {
                console.print(EventPayload.comparison(found, sandbox: prepared.run.sandbox, status).text)
            } else {
                console.print(DifferenceText.summary(found))
            }
        }
        try console.close(with: status)
    }
}

/// Tells people what is not the same.
enum DifferenceText {
    /// One entry.
    static func line(_ difference: TreeDifference) -> String {
        let kind = (difference.sandbox ?? difference.workspace)?.kind
        let name = displayName(of: difference.path) + (kind == .directory && difference.sort != .kind ? "/" : "")
        switch difference.sort {
        case .onlyInWorkspace: return "only in the workspace: \(name)"
        case .onlyInSandbox: return "only in the sandbox: \(name)"
        case .kind:
            let (ours, theirs) = (difference.workspace?.kind, difference.sandbox?.kind)
            return "differs: \(name) (a \(ours?.noun ?? "nothing") in the workspace, a \(theirs?.noun ?? "nothing") in"
                + " the sandbox)"
        case .content:
            let hasOtherMode = kind != .symlink && difference.workspace?.mode != difference.sandbox?.mode
            return "differs: \(name) (\(kind == .symlink ? "target" : "content")\(hasOtherMode ? ", mode" : ""))"
        case .mode:
            let modes = [difference.workspace, difference.sandbox].map { String($0?.mode ?? 0, radix: 8) }
            return "differs: \(name) (mode \(modes[0]) in the workspace, \(modes[1]) in the sandbox)"
        }
    }

    /// What was found in all.
    static func summary(_ report: ComparisonReport) -> String {
        let time = " in \(Quantity.duration(report.duration))"
        if report.differences > 0 {
            return "not equal: \(Quantity.count(report.differences))"
                + " \(report.differences == 1 ? "entry differs" : "entries differ")\(time)"
        }
        guard report.isComplete else { return "not verified: not everything could be read;\(time)" }
        return "equal: \(Quantity.count(report.workspaceEntries)) entries\(time)"
    }
}
