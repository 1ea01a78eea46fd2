import ArgumentParser
import FerryCore
import FerryEngine
import FerryRuntime

/// `ferry runtime restore`.
struct RuntimeRestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Bring a prepared sandbox's results back into the workspace.",
        discussion: """
            The request is that of prepare. Used are "spec", "workspace", "adapter" (where several runtimes fit), "target", \
            "onConflict" (keep-local, take-remote, both, fail), "allowHeld", "allow", "stateDirectory", "deadlineMs" and \
            "waitMs". What was excluded or preserved when it was prepared still is.

            It may be called again and again. Both sides are merged: what was changed here meanwhile is never lost.

            Example: ferry runtime restore --request request.json
            """)

    @OptionGroup
    var arguments: RuntimeArguments

    func run() async throws {
        try await RuntimeRun("restore", arguments).run { value, run in
            var request = try RuntimeRequest(value, stateDirectory: run.stateDirectory)
            request.options.reportsItems = arguments.itemizeChanges
            let runtime = try await RuntimeTarget.resume(request, in: run)
            let restore = try await runtime.restoreWorkspace(
                allowing: request.options.overrides.allowed, cancellation: run.cancellation, observer: run.observer)
            let status = restore.report.map { ExitStatus($0) } ?? .done
            return (EventPayload.restored(restore, workspace: request.workspace, status: status), status)
        }
    }
}
