import ArgumentParser
import FerryCore
import FerryEngine

/// `ferry sync diff`.
struct DiffCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Show what is not the same in a workspace and a sandbox.",
        discussion: """
            The output is a unified diff from the workspace, a/, to the sandbox, b/, as 'git diff' writes it: 'patch -p1' in the \
            workspace makes its text files what the sandbox has. Files with NUL bytes and files of more than 8 MiB are only named. \
            Nothing is changed, on neither side, and the exit code is 0 also where there are differences, unless --exit-code is given.

            \(Targets.help)

            Example: ferry sync diff ~/project docker://agent/work --name-only
            """)

    @Flag(help: "Print only the names of what is not the same.")
    var nameOnly = false

    @Flag(help: "End with exit code 8 where there are differences; 1 means a failure here, unlike with 'git diff'.")
    var exitCode = false

    @OptionGroup
    var pair: ComparedPair

    func run() async throws {
        let prepared = try await pair.prepare()
        let (console, view) = (prepared.console, pair.view)
        let (showsContent, asJSON) = (!nameOnly, view.json)
        let (found, failure) = await prepared.run.run { (cancellation, observer) throws(SyncError) in
            try await SyncEngine.diff(
                prepared.workspace, prepared.sandbox, showsContent: showsContent, options: prepared.options,
                cancellation: cancellation,
                observer: observer
            ) { difference in
                if asJSON {
                    console.print(EventPayload.difference(difference).text)
                } else if showsContent {
                    console.print(bytes: difference.patch)
                } else {
                    console.print(quotedName(of: difference.path))
                }
            }
        }
        var status = failure
        if let found {
            status.formUnion(ExitStatus(found.problems))
            if exitCode, found.differences > 0 { status.formUnion(.verification) }
            if view.json { console.print(EventPayload.comparison(found, sandbox: prepared.run.sandbox, status).text) }
        }
        try console.close(with: status)
    }
}
