import ArgumentParser
import FerryCore
import FerryRuntime

/// `ferry runtime release`.
struct RuntimeReleaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Remove a runtime: its assets in the sandbox, and what is known of it here.",
        discussion: """
            The request is that of prepare. Used are "spec", "workspace", "adapter" (where several runtimes fit), "target", \
            "stateDirectory", "deadlineMs" and "waitMs".

            The workspace is touched on neither side. A sandbox that cannot be reached is no error of this command: its result \
            then says "cleaned": false, and the exit code is 5.

            Example: ferry runtime release --request request.json
            """)

    @OptionGroup
    var arguments: RuntimeArguments

    func run() async throws {
        try await RuntimeRun("release", arguments).run { value, run in
            let request = try RuntimeRequest(value, stateDirectory: run.stateDirectory)
            let runtime = try await RuntimeTarget.resume(request, in: run)
            let release = try await runtime.release(cancellation: run.cancellation)
            if case .notCleaned = release { return (EventPayload.released(release), .partial) }
            return (EventPayload.released(release), .done)
        }
    }
}
