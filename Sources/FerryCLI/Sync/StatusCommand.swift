import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show what a push and what a pull would do.",
        discussion: """
            Nothing is changed, on neither side. The lines are those of 'push -n -i' and 'pull -n -i'; what would make one of them \
            halt is told, and so is a sync that was killed. Without any rule of its own it goes by those that the last push was \
            given. The exit code is 0 also where there is something to do, unless --exit-code is given.

            \(Targets.help)

            Example: ferry sync status ~/project ssh://build@host/srv/sandbox
            """)

    @Flag(help: "End with exit code 8 where a push or a pull would do something, halt, or leave something undecided.")
    var exitCode = false

    @OptionGroup
    var pair: ComparedPair

    func run() async throws {
        let prepared = try await pair.prepare()
        let (console, view) = (prepared.console, pair.view)
        let (found, failure) = await prepared.run.run { (cancellation, observer) throws(SyncError) in
            try await SyncEngine.status(
                of: prepared.workspace, and: prepared.sandbox, options: prepared.options, cancellation: cancellation,
                observer: observer)
        }
        var status = failure
        if let found {
            status.formUnion(ExitStatus(found.problems))
            if exitCode, !found.isSettled { status.formUnion(.verification) }
            let text = StatusText(status: found, isQuiet: view.quiet)
            if view.json {
                text.printEvents(on: console, sandbox: prepared.run.sandbox, status)
            } else {
                text.print(on: console)
            }
        }
        try console.close(with: status)
    }
}

extension SyncStatus {
    /// Whether a push and a pull would do nothing, and leave nothing to be decided.
    fileprivate var isSettled: Bool {
        [push, pull].compactMap(\.self).allSatisfy { direction in
            let summary = direction.summary
            return direction.halt == nil && summary.changesNothing
                && summary.conflicts + summary.held + summary.blocked == 0
        }
    }
}

/// Tells a status.
struct StatusText {
    let status: SyncStatus
    let isQuiet: Bool

    /// Tells people.
    func print(on console: Console) {
        if let push = status.push { print("push", push, on: console) }
        print("pull", status.pull, on: console)
        guard status.push != nil else { return }
        guard status.hasBaseline else {
            return console.print("since the last sync: not known, there was none")
        }
        console.print(
            "since the last sync: \(Quantity.count(status.localChanges)) changed in the workspace,"
                + " \(Quantity.count(status.remoteChanges)) in the sandbox")
    }

    private func print(_ name: String, _ direction: SyncStatus.Direction, on console: Console) {
        let summary = direction.summary
        var parts = [
            (summary.created, "create"), (summary.updated, "update"), (summary.modeChanged, "change the modes of"),
            (summary.deleted, "delete"),
        ].filter { $0.0 > 0 }.map { "\($0.1) \(Quantity.count($0.0))" }
        if parts.isEmpty, direction.halt == nil { parts.append("change nothing") }
        parts += [(summary.conflicts, "conflicts"), (summary.held, "held"), (summary.blocked, "blocked")]
            .filter { $0.0 > 0 }.map { "\($0.1) \(Quantity.count($0.0))" }
        var line = "a \(name) would " + parts.joined(separator: ", ")
        if let halt = direction.halt {
            line = "a \(name) would halt: \(halt.message)"
        } else if summary.bytesToWrite > 0 {
            line += "; \(Quantity.bytes(summary.bytesToWrite))"
        }
        console.print(line)
        guard !isQuiet else { return }
        for item in direction.items { console.print("  " + ItemLine.itemized(item)) }
    }

    /// Tells programs.
    func printEvents(on console: Console, sandbox: [UInt8], _ exit: ExitStatus) {
        for (name, direction) in [("push", status.push), ("pull", status.pull)] {
            guard let direction else { continue }
            console.print(EventPayload.direction(name, direction, destination: sandbox).text)
            if isQuiet { continue }
            for item in direction.items { console.print(EventPayload.item(item, in: name).text) }
        }
        console.print(EventPayload.status(status, sandbox: sandbox, exit).text)
    }
}
