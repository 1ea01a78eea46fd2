import FerryCore
import FerryEngine
import FerryRuntime
import FerryTesting

/// Trials of the workspace's way there and back.
enum WorkspaceTrials {
    static func resultsAreRestored(_ world: TrialWorld) async throws {
        let runtime = try await world.prepare([world.asset("home", ["a": .file("a")])])
        try world.agent(
            """
            echo new >new; echo changed >README.md; rm run.sh; mkdir -p out/deep; echo x >out/deep/x
            echo agent >.ferry-runtime/agent/home/a; echo agent >.ferry-runtime/agent/more
            """)
        let first = try await runtime.restoreWorkspace()
        var wanted: Tree = [
            "README.md": .file("changed\n", mode: 0o644), "src/main.c": .file("int main;"), "src/link": .link("main.c"),
            "empty": .directory(), "new": .file("new\n"), "out/deep/x": .file("x\n"),
        ]
        try require(try world.local(), is: wanted, "after the first restore")
        try require(first.report?.summary.conflicts == 0, "there are conflicts")
        let second = try await runtime.restoreWorkspace()
        try require(second.report?.summary.changesNothing == true, "the second restore does something")
        try world.agent("echo again >new")
        try await runtime.restoreWorkspace()
        wanted["new"] = TreeEntry(.file(Array("again\n".utf8), hasHoles: false))
        try require(try world.local(), is: wanted, "after the third restore")
    }

    static func restoresAfterRestart(_ world: TrialWorld) async throws {
        _ = try await world.prepare([world.asset("home", ["a": .file("a")])]) { $0.exclude = ["*.log"] }
        try world.agent("echo new >new; echo log >x.log")
        let outcome = try await ManagedRuntime.restore(
            workspace: world.workspace + Array("/../workspace/.".utf8), spec: world.spec(), stateDirectory: world.state,
            transport: world.place.transport)
        try require(outcome.report != nil, "nothing was restored")
        var wanted = TrialWorld.tree
        wanted["new"] = TreeEntry(.file(Array("new\n".utf8), hasHoles: false))
        try require(try world.local(), is: wanted, "the workspace")
        let runtime = try await world.resume()
        try require(runtime.isComplete && runtime.assetDirectories.keys.sorted() == ["home"], "the runtime found")
        let other = try ExecutionSpec.parse([
            "transport": "sandbox", "provider": "trial", "sandboxId": "box-2",
            "remoteCwd": .string(world.place.directory), "timeoutMs": 1,
        ])
        _ = try await requireFailure(.notPrepared, "another sandbox") {
            _ = try await ManagedRuntime.resume(
                workspace: world.workspace, spec: other, stateDirectory: world.state, transport: world.place.transport)
        }
    }

    static func localEditsStay(_ world: TrialWorld) async throws {
        let runtime = try await world.prepare()
        try world.agent("echo theirs >README.md; echo theirs >src/main.c")
        try world.edit("printf mine >README.md; printf mine >notes")
        let outcome = try await runtime.restoreWorkspace()
        try require(outcome.report?.summary.conflicts == 1, "the conflict is not counted")
        let local = try world.local()
        try require(local["README.md"]?.content == Array("mine".utf8), "the edit is lost")
        try require(local["notes"]?.content == Array("mine".utf8), "the new file is lost")
        try require(local["src/main.c"]?.content == Array("theirs\n".utf8), "the result is lost")
        let again = try await runtime.restoreWorkspace()
        try require(again.report?.summary.conflicts == 0, "the conflict comes again")
    }

    static func ownedSandboxIsExactImage(_ world: TrialWorld) async throws {
        _ = try world.place.run(
            """
            mkdir -p '\(world.place.directory)/stale/deep' && cd '\(world.place.directory)' &&
            echo stale >stale/deep/x && echo other >README.md && mkdir node_modules && echo m >node_modules/m &&
            for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo $n >stale/$n; done
            """)
        _ = try await requireFailure(.halted, "a sandbox that is not owned") { _ = try await world.prepare() }
        _ = try await world.prepare([world.asset("home", ["a": .file("a")])]) {
            $0.ownsSandbox = true
            $0.preserve = ["node_modules"]
        }
        var wanted = TrialWorld.tree
        wanted["node_modules/m"] = TreeEntry(.file(Array("m\n".utf8), hasHoles: false))
        try require(try world.remoteWorkspace(), is: wanted, "the first time")
        try world.agent("echo agent >README.md; echo agent >more; rm -r src")
        _ = try await world.prepare([world.asset("home", ["a": .file("a")])]) {
            $0.ownsSandbox = true
            $0.preserve = ["node_modules"]
        }
        try require(try world.remoteWorkspace(), is: wanted, "the second time")
        try require(
            try world.place.read(world.place.directory)[".ferry-runtime/agent/home/a"] != nil,
            "the runtime directory is gone")
    }

    static func unrestoredResultsStopPrepare(_ world: TrialWorld) async throws {
        let runtime = try await world.prepare()
        try world.agent("echo result >README.md")
        try world.edit("printf mine >README.md")
        let error = try await requireFailure(.halted, "results that nobody restored") {
            _ = try await world.prepare()
        }
        try require(error.halt == .overwriteSandbox, "the halt is \(String(describing: error.halt))")
        try require(try world.remoteWorkspace()["README.md"]?.content == Array("result\n".utf8), "the result is lost")
        try await runtime.restoreWorkspace()
        _ = try await world.prepare()
        try require(try world.remoteWorkspace()["README.md"]?.content == Array("mine".utf8), "the edit did not arrive")
    }

    static func excludedEntriesAreLeftAlone(_ world: TrialWorld) async throws {
        try world.edit("printf mine >local.log; mkdir build; printf mine >build/out")
        let runtime = try await world.prepare {
            $0.ownsSandbox = true
            $0.exclude = ["*.log", "build/"]
        }
        try require(try world.remoteWorkspace(), is: TrialWorld.tree, "what was sent")
        try world.agent("echo theirs >local.log; echo theirs >remote.log; mkdir build; echo theirs >build/theirs")
        try await runtime.restoreWorkspace()
        var wanted = TrialWorld.tree
        wanted["local.log"] = TreeEntry(.file(Array("mine".utf8), hasHoles: false))
        wanted["build/out"] = TreeEntry(.file(Array("mine".utf8), hasHoles: false))
        try require(try world.local(), is: wanted, "what was restored")
        _ = try await world.prepare {
            $0.ownsSandbox = true
            $0.exclude = ["*.log", "build/"]
        }
        try require(
            try world.remoteWorkspace()["build/theirs"]?.content == Array("theirs\n".utf8), "excluded content is gone")
    }
}
