import ArgumentParser
import FerryCore
import FerryEngine
import FerryRuntime

/// `ferry runtime prepare`.
struct RuntimePrepareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Bring a workspace and assets to a sandbox.",
        discussion: """
            Members of the request: "version" (1), "spec" (transport "sandbox", provider, sandboxId, remoteCwd, timeoutMs, \
            apiKey, callbackApiUrl), "workspace", "adapter"; and, if need be, "target", "workspaceRemoteDir", "assets" (key, \
            path, followSymlinks, exclude), "ownsSandbox", "syncWorkspace", "preserve", "exclude", "runtimeDirectory", \
            "secrets" (warn, block, off), "onConflict", "allowHeld", "allow" (names of halts), "stateDirectory", \
            "deadlineMs", "waitMs". All commands take the same request, and each uses what concerns it.

            Without "target" the spec leads there: provider dir, ssh, docker, k8s, exec or exec:PROFILE, with the sandboxId \
            and the remoteCwd.

            Everything is checked before anything is read or reached. A run that was killed is put right by the next one.

            Example: ferry runtime prepare --request request.json
            """)

    @OptionGroup
    var arguments: RuntimeArguments

    func run() async throws {
        try await RuntimeRun("prepare", arguments).run { value, run in
            let request = try RuntimeRequest(value, stateDirectory: run.stateDirectory)
            var preparation = try request.preparation()
            preparation.options.reportsItems = arguments.itemizeChanges
            let transport = try RuntimeTarget.transport(of: request)
            run.begin(request)
            let runtime = try await ManagedRuntime.prepare(
                preparation, in: transport, cancellation: run.cancellation, observer: run.observer)
            var status = ExitStatus.done
            for problem in runtime.problems { status.formUnion(ExitStatus(problem.code)) }
            return (EventPayload.prepared(runtime), status)
        }
    }
}
