import FerryProviders
import FerryTesting
import RuntimeTrials
import TestSupport
import Testing

@Suite("Managed runtimes in containers", .withEngines, .timeLimit(.minutes(5)))
struct DockerRuntimeTests {
    @Test("in a container", arguments: ContainerEngine.Kind.allCases, RuntimeTrial.allCases)
    func container(kind: ContainerEngine.Kind, trial: RuntimeTrial) async throws {
        let world = try ContainerWorld(kind)
        let sandbox = DockerSandbox(world.name, in: world.engine)
        defer { sandbox.close() }
        let shell = RuntimePlace.sandbox(sandbox, directory: "/srv/a/ws")
        let (engine, name) = (world.engine, world.name)
        let directory = try TemporaryDirectory()
        let place = RuntimePlace(transport: shell.transport, directory: shell.directory, run: shell.run) { path in
            // The client's own copying follows patterns and refuses links that leave the directory.
            let copy = try directory.directory("copy-\(UInt32.random(in: 0...UInt32.max))")
            let archive = try engine.client(["exec", name, "tar", "-C", path, "-cf", "-", "."])
            let unpacked = try Tool.run(
                "/bin/tar", ["-C", String(decoding: copy, as: UTF8.self), "-xpf", "-"], input: archive.output)
            guard unpacked.status == 0 else { throw Tool.Failure(result: unpacked) }
            return try Tree(reading: copy)
        }
        try await trial.run(in: place)
    }
}
