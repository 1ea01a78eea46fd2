import Foundation
import TestSupport
import Testing

@Suite("ferry runtime")
struct RuntimeCommandTests {
    private let runtime: RuntimeWorld
    private var world: TestWorld { runtime.world }

    init() throws {
        runtime = try RuntimeWorld()
        try world.makeDirectory("home/.config/ferry")
        try world.write(
            "home/.config/ferry/config.toml",
            """
            [profiles.plain]
            command = ["env"]
            [profiles.broken]
            command = ["false"]
            """)
    }

    private var assets: [[String: Any]] {
        [["key": "skills", "path": world.path("world/skills"), "followSymlinks": true, "exclude": ["*.log"]]]
    }

    @Test("Prepare, an agent's work, restore again and again, release: in a directory, and behind a command")
    func round() throws {
        for spec in [[:], ["provider": "exec", "sandboxId": "plain"], ["provider": "exec:plain", "sandboxId": "x"]]
            as [[String: Any]]
        {
            let fresh = try RuntimeCommandTests()
            try fresh.round(spec: spec)
        }
    }

    private func round(spec: [String: Any]) throws {
        let prepared = try runtime.run("prepare", runtime.request(["assets": assets], spec: spec))
        #expect(prepared.status == 0 && prepared.isDone, "\(prepared.text)\(prepared.errors)")
        try SchemaValidator.expectValid(prepared)
        #expect(prepared.result["workspace_remote_dir"] as? String == world.sandbox)
        #expect(prepared.result["runtime_root"] as? String == world.sandbox + "/.ferry-runtime/example")
        let asset = try #require((prepared.result["assets"] as? [[String: String]])?.first)
        #expect(asset == ["key": "skills", "path": world.sandbox + "/.ferry-runtime/example/skills"])
        let identity = try #require(prepared.result["identity"] as? [String: String])
        #expect(identity["remoteCwd"] == world.sandbox && identity["apiKey"] == nil)
        #expect(world.text("world/sandbox/dir/inner.txt") == "inner")
        #expect(world.text("world/sandbox/.ferry-runtime/example/skills/linked") == "secret")
        #expect(!world.exists("world/sandbox/.ferry-runtime/example/skills/noise.log"))

        let common = runtime.request(spec: spec, without: ["adapter"])
        for round in ["first", "second"] {
            try world.write("world/sandbox/result.txt", round)
            let restored = try runtime.run("restore", common, ["-i"])
            #expect(restored.status == 0 && restored.isDone, "\(restored.text)\(restored.errors)")
            try SchemaValidator.expectValid(restored)
            #expect(restored.events("item").map { $0["path"] as? String } == ["result.txt"])
            #expect(world.text("world/ws/result.txt") == round)
        }
        #expect(!world.exists("world/ws/.ferry-runtime"))
        let released = try runtime.run("release", common)
        #expect(released.status == 0 && released.result["cleaned"] as? Bool == true, "\(released.errors)")
        try SchemaValidator.expectValid(released)
        #expect(!world.exists("world/sandbox/.ferry-runtime/example"))
        #expect(world.text("world/sandbox/result.txt") == "second")
        let again = try runtime.run("restore", common)
        #expect(again.status == 1 && again.code == "not-prepared")
        try SchemaValidator.expectValid(again)
    }

    @Test("Conflicts are events and left over: exit 3, and the result is still one that was done")
    func conflicts() throws {
        #expect(try runtime.run("prepare", runtime.request()).status == 0)
        try world.write("world/sandbox/kept.txt", "theirs")
        try world.write("world/ws/kept.txt", "mine")
        let restored = try runtime.run("restore", runtime.request())
        #expect(restored.status == 3 && restored.isDone, "\(restored.text)")
        #expect(restored.events("conflict").map { $0["path"] as? String } == ["kept.txt"])
        try SchemaValidator.expectValid(restored)
        let taken = try runtime.run("restore", runtime.request(["onConflict": "fail"]))
        try SchemaValidator.expectValid(taken)
        #expect(world.text("world/ws/kept.txt") == "mine")
    }

    @Test("What was never restored halts the next prepare, exit 4; a sandbox that is owned becomes the image")
    func halt() throws {
        #expect(try runtime.run("prepare", runtime.request()).status == 0)
        try world.write("world/sandbox/kept.txt", "theirs")
        try world.write("world/ws/kept.txt", "mine")
        let halted = try runtime.run("prepare", runtime.request())
        #expect(halted.status == 4 && halted.code == "halted", "\(halted.text)")
        #expect(halted.error["halt"] as? String == "overwrite-sandbox")
        try SchemaValidator.expectValid(halted)
        #expect(world.text("world/sandbox/kept.txt") == "theirs")
        try world.write("world/sandbox/stale.txt", "stale")
        let owned = try runtime.run("prepare", runtime.request(["ownsSandbox": true]))
        #expect(owned.status == 0, "\(owned.text)\(owned.errors)")
        #expect(world.text("world/sandbox/kept.txt") == "mine" && !world.exists("world/sandbox/stale.txt"))
    }

    @Test("Without the workspace only assets travel, and there is nothing to restore")
    func assetsOnly() throws {
        let prepared = try runtime.run("prepare", runtime.request(["assets": assets, "syncWorkspace": false]))
        #expect(prepared.status == 0, "\(prepared.text)")
        #expect(!world.exists("world/sandbox/kept.txt"))
        let restored = try runtime.run("restore", runtime.request())
        #expect(restored.status == 0 && restored.result["restored"] as? Bool == false, "\(restored.text)")
        try SchemaValidator.expectValid(restored)
    }

    @Test("A sandbox that fails is exit 9 with a stable code; releasing it removes what is known here, exit 5")
    func failingSandbox() throws {
        let request = runtime.request(spec: ["provider": "exec", "sandboxId": "broken"])
        let failed = try runtime.run("prepare", request)
        #expect(failed.status == 9 && failed.code == "sandbox-failed", "\(failed.text)")
        try SchemaValidator.expectValid(failed)
        let released = try runtime.run("release", request)
        if released.status != 1 {
            #expect(released.status == 5 && released.result["cleaned"] as? Bool == false, "\(released.text)")
        }
        try SchemaValidator.expectValid(released)
        #expect(try runtime.run("release", request).code == "not-prepared")
    }

    @Test("Lines of progress never go back, come at most each 10 % or 5 s, and the last one is the only final one")
    func progress() throws {
        for number in 0..<400 { try world.write("world/ws/dir/\(number)", "\(number)") }
        for request in [runtime.request(["assets": assets]), runtime.request(["workspace": "/nonexistent"])] {
            let lines = try runtime.run("prepare", request).events("progress")
            let percents = lines.compactMap { $0["percent"] as? Int }
            #expect(percents == percents.sorted() && percents.count <= 12, "\(percents)")
            #expect(lines.map { $0["final"] as? Bool }.count { $0 == true } <= 1)
            if let last = lines.last { #expect(last["final"] as? Bool == true) }
        }
        let quiet = try runtime.run("prepare", runtime.request(), ["-q"])
        #expect(quiet.status == 0 && quiet.lines.count == 1)
    }

    @Test("The time that a request allows is a limit, exit 124")
    func deadline() throws {
        try world.write(
            "home/.config/ferry/config.toml",
            """
            [profiles.slow]
            command = ["sh", "-c", "sleep 30", "sh"]
            """)
        let request = runtime.request(["deadlineMs": 500], spec: ["provider": "exec", "sandboxId": "slow"])
        let start = ContinuousClock.now
        let outcome = try runtime.run("prepare", request)
        #expect(outcome.status == 124 && outcome.code == "timed-out", "\(outcome.text)\(outcome.errors)")
        #expect(ContinuousClock.now - start < .seconds(20))
        try SchemaValidator.expectValid(outcome)
    }

    @Test("A key is in no argument, output, error or file of the state: by the request or by the environment")
    func secrets() throws {
        let key = "k3y-\(UUID().uuidString)"
        let watch = ArgumentWatch(for: [key])
        let keyed = runtime.request(["assets": assets], spec: ["apiKey": key])
        var told = ""
        for request in [
            keyed, runtime.request(spec: ["apiKey": key, "sandboxId": ""]), ["spec": ["apiKey": key], "x": key],
        ] {
            for command in ["prepare", "restore", "release"] {
                let outcome = try runtime.run(command, request)
                told += outcome.text + outcome.errors
            }
        }
        let outcome = try runtime.run("prepare", runtime.request(), environment: ["FERRY_API_KEY=x\u{7}\(key)"])
        #expect(outcome.code == "spec-invalid-field" && outcome.error["member"] as? String == "spec.apiKey")
        told += outcome.text + outcome.errors
        #expect(!told.contains(key), "\(told)")
        // The environment of the wrapper is an argument of `env`, and so is found: the watch works.
        #expect(watch.stop().allSatisfy { $0.contains("FERRY_API_KEY=") })
        let found = try Tool.run("/bin/grep", ["-rl", key, world.path("home"), world.path("world")])
        #expect(found.status == 1, "\(found.text)")
    }

    @Test("Behind ssh a key is in no command line, and no file over there holds it")
    func secretsBehindSSH() throws {
        let server = try SSHServer()
        let key = "k3y-\(UUID().uuidString)"
        let host = "\(server.user)@127.0.0.1:\(server.port)"
        let request = runtime.request(
            ["assets": assets], spec: ["provider": "ssh", "sandboxId": host, "apiKey": key])
        let watch = ArgumentWatch(for: [key])
        for command in ["prepare", "restore", "release"] {
            let outcome = try runtime.run(
                command, request, environment: ["FERRY_SSH=" + server.command.joined(separator: " ")])
            #expect(outcome.status == 0 && outcome.isDone, "\(outcome.text)\(outcome.errors)")
            #expect(!outcome.text.contains(key) && !outcome.errors.contains(key))
            try SchemaValidator.expectValid(outcome)
        }
        #expect(watch.stop().isEmpty)
        let found = try Tool.run("/bin/grep", ["-rl", key, world.path("home"), world.path("world")])
        #expect(found.status == 1, "\(found.text)")
    }

    @Test("A request file with a key that others may read is refused; one of the owner's is taken")
    func requestFile() throws {
        let request = try RuntimeWorld.text(runtime.request(spec: ["apiKey": "k"]))
        try world.write("io/request.json", request)
        for (mode, status) in [(0o644, Int32(2)), (0o600, 0)] {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: world.path("io/request.json"))
            let run = try FerryRun(["runtime", "prepare", "--request", "io/request.json"], in: world)
            let outcome = try RuntimeOutcome(run.result)
            #expect(outcome.status == status, "\(outcome.text)")
            if status == 2 { #expect(outcome.code == "request-exposed") }
            try SchemaValidator.expectValid(outcome)
        }
        let missing = try FerryRun(["runtime", "prepare", "--request", "io/none.json"], in: world)
        #expect(try RuntimeOutcome(missing.result).code == "request-unreadable" && missing.status == 2)
    }
}
