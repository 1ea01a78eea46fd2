import FerryCore
import FerryEngine
import FerryRuntime
import FerryTesting
import FerryThreads

/// Trials of how runtimes begin and end.
enum LifetimeTrials {
    static func twoRuntimesOnOneWorkspace(_ world: TrialWorld) async throws {
        let other = world.place.directory + "-2"
        let one = try await world.prepare([world.asset("home", ["a": .file("a")])])
        let two = try await world.prepare([world.asset("home", ["a": .file("a")])], remote: other)
        try world.agent("echo one >one; echo one >README.md")
        _ = try world.place.run("cd '\(other)'; echo two >two; echo two >src/main.c; rm run.sh")
        try await one.restoreWorkspace()
        try await two.restoreWorkspace()
        try require(
            try world.local(),
            is: [
                "README.md": .file("one\n"), "src/main.c": .file("two\n"), "src/link": .link("main.c"),
                "empty": .directory(), "one": .file("one\n"), "two": .file("two\n"),
            ], "the workspace")
        let found = try await world.resume()
        try require(
            found.workspaceRemoteDirectory == Array(world.place.directory.utf8), "the wrong one of both was found")
        try await one.release()
        try await two.restoreWorkspace()
        _ = try await world.prepare(remote: other)
        try require(try world.remoteWorkspace(other)["one"] != nil, "the first one's result did not arrive")
    }

    /// Stops a prepare when it has made the plan of its second asset; the first one is there from before.
    private static func cut(_ world: TrialWorld, _ assets: [RuntimeAsset]) async throws {
        _ = try await world.prepare(Array(assets.prefix(1)))
        let flag = CancellationFlag()
        _ = try await requireFailure(.cancelled, "a prepare that was stopped") {
            _ = try await ManagedRuntime.prepare(
                world.preparation(assets), in: world.place.transport, cancellation: flag
            ) { event in
                if case .sync(.asset("two"), .plan) = event { flag.raise() }
            }
        }
    }

    static func cutPrepareIsHealed(_ world: TrialWorld) async throws {
        let one = try world.asset("one", ["a": .file("a")])
        let two = try world.asset("two", ["b": .file("b"), "deep/c": .file("c")])
        try await cut(world, [one, two])
        let found = try await world.resume()
        try require(!found.isComplete, "a part counts as the whole")
        let runtime = try await world.prepare([two])
        try require(runtime.isComplete, "it is not complete")
        try require(
            try world.place.read(String(decoding: runtime.runtimeRoot, as: UTF8.self)),
            is: ["two/b": .file("b"), "two/deep/c": .file("c")], "the runtime root")
        try require(try world.remoteWorkspace(), is: TrialWorld.tree, "the workspace")
        try world.agent("echo new >new")
        try await runtime.restoreWorkspace()
        try require(try world.local()["new"] != nil, "nothing was restored")
    }

    static func cutPrepareIsReleased(_ world: TrialWorld) async throws {
        let one = try world.asset("one", ["a": .file("a")])
        try await cut(world, [one, world.asset("two", ["b": .file("b")])])
        guard case .cleaned = try await world.resume().release() else { throw TrialFailure("it was not cleaned") }
        try require(
            try world.place.read(world.place.directory).paths.allSatisfy {
                !$0.bytes.starts(with: ".ferry-runtime".utf8)
            }, "something of the runtime stays")
        _ = try await requireFailure(.notPrepared, "a runtime that was released") { _ = try await world.resume() }
    }

    static func releaseRemovesRuntimeRootOnly(_ world: TrialWorld) async throws {
        let runtime = try await world.prepare([world.asset("one", ["a": .file("a", mode: 0o400)])])
        let other = try await world.prepare([world.asset("one", ["a": .file("a")])]) { $0.adapterKey = "other" }
        _ = try await requireFailure(.ambiguous, "two adapters") { _ = try await world.resume() }
        try world.agent(
            "mkdir -p .ferry-runtime/agent/locked; echo x >.ferry-runtime/agent/locked/x; chmod 0 .ferry-runtime/agent/locked"
        )
        guard case .cleaned = try await runtime.release() else { throw TrialFailure("it was not cleaned") }
        let left = try world.place.read(world.place.directory)
        try require(left[".ferry-runtime/agent"] == nil, "the runtime root stays")
        try require(left[".ferry-runtime/other/one/a"] != nil, "the other adapter's asset is gone")
        try require(try world.remoteWorkspace(), is: TrialWorld.tree, "the workspace over there")
        try require(try world.local(), is: TrialWorld.tree, "the workspace here")
        guard case .cleaned = try await runtime.release() else { throw TrialFailure("the second release fails") }
        _ = try await requireFailure(.released, "a restore after a release") { try await runtime.restoreWorkspace() }
        try world.agent("echo late >late")
        guard case .cleaned = try await world.resume().release() else { throw TrialFailure("it was not cleaned") }
        try require(try world.place.read(world.place.directory)[".ferry-runtime"] == nil, "the directory stays")
        let again = try await world.prepare()
        try await again.restoreWorkspace()
        try require(try world.local()["late"] != nil, "what both sides agreed on was forgotten")
        _ = other
    }
}
