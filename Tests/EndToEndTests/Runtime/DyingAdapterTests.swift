import Foundation
import Glibc
import TestSupport
import Testing

/// Adapters, and the commands that they run, that end in the middle.
@Suite("Adapters that die")
struct DyingAdapterTests {
    private let runtime: RuntimeWorld
    private var world: TestWorld { runtime.world }

    init() throws {
        runtime = try RuntimeWorld()
        for number in 0..<300 {
            try world.write("world/ws/dir/\(number)", String(repeating: "\(number)", count: 2_000))
        }
        try world.makeDirectory("home/.config/ferry")
        // Each command waits until the gate is open; what went through it before stays done.
        try world.write(
            "home/.config/ferry/config.toml",
            """
            [profiles.gated]
            command = ["sh", "-c", '''
            cd \(world.path("io")) && echo >>started
            while [ -e closed ]; do sleep 0.05; done; exec "$@"''', "sh"]
            """)
    }

    private var request: [String: Any] {
        runtime.request(
            ["assets": [["key": "skills", "path": world.path("world/skills")]]],
            spec: ["provider": "exec", "sandboxId": "gated"])
    }

    /// Kills a preparation that has begun to talk with the sandbox.
    private func killedPreparation() throws {
        try world.write("io/closed", "")
        let running = try FerryRun.start(["runtime", "prepare"], in: world, input: try RuntimeWorld.text(request))
        for _ in 0..<600 where world.text("io/started") == nil { usleep(50_000) }
        #expect(world.text("io/started") != nil)
        kill(running.identifier, SIGKILL)
        let result = try running.wait()
        #expect(result.status == 128 + SIGKILL && !result.text.contains("\"result\""))
        try world.remove("io/closed")
        // What it had started goes on for a moment.
        usleep(300_000)
    }

    private func expectPrepared(_ outcome: RuntimeOutcome) throws {
        #expect(outcome.status == 0 && outcome.isDone, "\(outcome.text)\(outcome.errors)")
        #expect(world.text("world/sandbox/dir/299") == world.text("world/ws/dir/299"))
        #expect(world.text("world/sandbox/.ferry-runtime/example/skills/one.md") == "one")
    }

    @Test("The next prepare goes on after a kill")
    func nextPrepare() throws {
        try killedPreparation()
        try expectPrepared(try runtime.run("prepare", request))
        try world.write("world/sandbox/result.txt", "done")
        #expect(try runtime.run("restore", request).status == 0)
        #expect(world.text("world/ws/result.txt") == "done")
        #expect(try runtime.run("release", request).status == 0)
        #expect(!world.exists("world/sandbox/.ferry-runtime/example"))
    }

    @Test("A release after a kill removes what there is, and what is known of it")
    func nextRelease() throws {
        try killedPreparation()
        let released = try runtime.run("release", request)
        #expect(released.status == 0 || released.code == "not-prepared", "\(released.text)\(released.errors)")
        #expect(!world.exists("world/sandbox/.ferry-runtime/example"))
        #expect(try runtime.run("release", request).code == "not-prepared")
        try expectPrepared(try runtime.run("prepare", request))
    }

    @Test("Killed at any moment, the next prepare makes all of it right")
    func anyMoment() throws {
        for round in 0..<8 {
            let running = try FerryRun.start(
                ["runtime", "prepare"], in: world, input: try RuntimeWorld.text(request))
            usleep(useconds_t(15_000 * (round + 1)))
            kill(running.identifier, SIGKILL)
            _ = try running.wait()
            usleep(100_000)
        }
        try expectPrepared(try runtime.run("prepare", request))
        let leftovers = try Tool.run(
            "/usr/bin/find", [world.sandbox, "-name", ".ferry-tmp*", "-o", "-name", "*.ferry-tmp*"])
        #expect(leftovers.text.isEmpty, "\(leftovers.text)")
        #expect(try runtime.run("release", request).status == 0)
    }

    @Test("A signal stops it cleanly: a result, exit 143, and the code says so")
    func terminated() throws {
        try world.write("io/closed", "")
        let running = try FerryRun.start(["runtime", "prepare"], in: world, input: try RuntimeWorld.text(request))
        for _ in 0..<600 where world.text("io/started") == nil { usleep(50_000) }
        kill(running.identifier, SIGTERM)
        let outcome = try RuntimeOutcome(try running.wait())
        #expect(outcome.status == 143 && outcome.code == "cancelled", "\(outcome.text)\(outcome.errors)")
        try SchemaValidator.expectValid(outcome)
    }
}
