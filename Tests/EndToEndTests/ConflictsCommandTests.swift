import Foundation
import TestSupport
import Testing

@Suite("The command line: stored conflicts")
struct ConflictsCommandTests {
    private static func world() throws -> TestWorld {
        let world = try TestWorld()
        try world.write("world/ws/dir/inner.txt", "ours")
        try world.write(
            "io/a.tar",
            archive {
                $0.member("kept.txt", content: "theirs")
                $0.member("dir/inner.txt", content: "their inner")
                $0.member(".git/hooks/pre-push", content: "evil")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: world)
        #expect(run.status == 3 && run.errors.contains("'ferry sync conflicts'"), "\(run.errors)")
        return world
    }

    @Test("two pulls, the second with a baseline that is out of date, lose nothing of either side")
    func staleBaseline() throws {
        let world = try TestWorld()
        let run = { (state: String, arguments: [String]) in
            try FerryRun(["sync"] + arguments + ["--state-dir", world.path("io/" + state)], in: world)
        }
        let shell = { (script: String) in
            let result = try Tool.run("/bin/sh", ["-ec", script + "; sleep 0.03"], directory: world.path("world"))
            try #require(result.status == 0, "\(result.errors)")
        }
        try shell("rm -rf ws sandbox; mkdir ws; for i in 1 2 3 4; do echo $i >ws/f$i; done")
        #expect(try run("one", ["push", "world/ws", "world/sandbox"]).status == 0)
        try shell("cp -a ../io/one ../io/two; cd sandbox; echo theirs >f1; echo theirs >f2; rm f4")
        let pull = ["pull", "world/sandbox", "world/ws"]
        #expect(try run("one", pull).status == 0)
        try shell("echo mine >ws/f1; echo 'theirs, newer' >sandbox/f2; echo mine >ws/f4")
        // What the second one knows is of before the first: it takes the first one's work for edits of the user.
        let second = try run("two", pull)
        #expect(second.status == 3, "\(second.errors)")
        #expect(second.errors.contains("f4: deleted in the sandbox, but changed in the workspace"), "\(second.errors)")
        #expect(try run("two", pull).status == 0)
        #expect(world.text("world/ws/f1") == "mine\n" && world.text("world/ws/f4") == "mine\n")
        let shown = try run("two", ["conflicts", "world/ws", "--show", "f2"])
        #expect(shown.output == "theirs, newer\n", "\(shown.errors)")
        let last = try run("one", pull)
        #expect(last.status == 0 && world.text("world/ws/f2") == "theirs, newer\n", "\(last.errors)")
        #expect(world.text("world/ws/f1") == "mine\n" && world.text("world/ws/f4") == "mine\n")
    }

    @Test("the list says what, when, why, from where, and where it is; exit 0")
    func list() throws {
        let world = try Self.world()
        let run = try FerryRun(["sync", "conflicts", "world/ws"], in: world)
        #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
        let lines = run.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(
            lines.contains {
                $0.hasPrefix("conflict") && $0.contains("  kept.txt (") && $0.contains("from tar:io/a.tar")
            })
        #expect(lines.contains { $0.hasPrefix("held") && $0.contains(".git/hooks/pre-push (git would run it)") })
        #expect(lines.allSatisfy { $0.contains("Z  ") && $0.contains("in " + world.stateDirectory) })
        let empty = try FerryRun(["sync", "conflicts", "world/canary"], in: world)
        #expect(empty.status == 0 && empty.output.isEmpty)
    }

    @Test(
        "FERRY_WAIT stands for --wait, here and in undo",
        arguments: [["conflicts", "world/ws"], ["undo", "-C", "world/ws"]])
    func waits(command: [String]) throws {
        let world = try Self.world()
        let wrong = try FerryRun(["sync"] + command, in: world, wrapper: ["FERRY_WAIT=soon"])
        #expect(wrong.status == 2 && wrong.errors.contains("FERRY_WAIT"), "\(wrong.errors)")
        let given = try FerryRun(["sync"] + command + ["--wait", "1"], in: world, wrapper: ["FERRY_WAIT=soon"])
        #expect(given.status == 0, "\(given.errors)")
    }

    @Test("--json prints an object a line, --print0 raw paths")
    func forPrograms() throws {
        let world = try Self.world()
        let json = try FerryRun(["sync", "conflicts", "world/ws", "--json"], in: world)
        let events = try json.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        #expect(events.compactMap { $0["event"] as? String }.sorted() == ["conflict", "conflict", "held"])
        #expect(events.allSatisfy { $0["v"] as? Int == 1 && $0["version"] as? String == "stored" })
        #expect(events.contains { $0["path"] as? String == "kept.txt" && $0["endpoint"] as? String == "tar:io/a.tar" })
        let raw = try FerryRun(["sync", "conflicts", "world/ws", "-0"], in: world)
        #expect(Set(raw.output.split(separator: "\0")) == ["kept.txt", "dir/inner.txt", ".git/hooks/pre-push"])
    }

    @Test("--show prints, --take-remote takes, --keep-local drops, and the list gets shorter")
    func resolve() throws {
        let world = try Self.world()
        let shown = try FerryRun(["sync", "conflicts", "world/ws", "--show", "kept.txt"], in: world)
        #expect(shown.status == 0 && shown.output == "theirs", "\(shown.errors)")
        let dry = try FerryRun(["sync", "conflicts", "world/ws", "--take-remote", "kept.txt", "-n", "-i"], in: world)
        #expect(dry.status == 0 && dry.output.contains(" kept.txt") && world.text("world/ws/kept.txt") == "kept")
        // A directory means all below it.
        let taken = try FerryRun(
            ["sync", "conflicts", "world/ws", "--take-remote", "./kept.txt", "--take-remote", "dir/"], in: world)
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(world.text("world/ws/kept.txt") == "theirs" && world.text("world/ws/dir/inner.txt") == "their inner")
        let kept = try FerryRun(["sync", "conflicts", "world/ws", "--keep-local", ".git/hooks/pre-push"], in: world)
        #expect(kept.status == 0 && kept.output.contains("kept .git/hooks/pre-push"), "\(kept.errors)")
        #expect(!world.exists("world/ws/.git/hooks/pre-push"))
        #expect(try FerryRun(["sync", "conflicts", "world/ws"], in: world).output.isEmpty)
        let undone = try FerryRun(["sync", "undo", "-C", "world/ws"], in: world)
        #expect(undone.status == 0 && world.text("world/ws/dir/inner.txt") == "ours", "\(undone.errors)")
    }

    @Test("an edit since stops it with exit 4, a path without a version with 1, nonsense with 2")
    func refusals() throws {
        let world = try Self.world()
        try world.write("world/ws/kept.txt", "newer")
        try expectUnchanged(
            ["sync", "conflicts", "world/ws", "--take-remote", "kept.txt"], status: 4,
            naming: ["'kept.txt' was changed", "--allow newer-edits"], in: world)
        try expectUnchanged(
            ["sync", "conflicts", "world/ws", "--take-remote", "nothing"], status: 1,
            naming: ["no version of 'nothing'"], in: world)
        try expectUnchanged(
            ["sync", "conflicts", "world/ws", "--keep-local", "../x"], status: 2, naming: ["no path below"], in: world)
        let allowed = try FerryRun(
            ["sync", "conflicts", "world/ws", "--take-remote", "kept.txt", "--allow", "newer-edits"], in: world)
        #expect(allowed.status == 0 && world.text("world/ws/kept.txt") == "theirs", "\(allowed.errors)")
    }

    @Test("a store on another file system than the workspace holds and gives back the same")
    func otherFileSystem() throws {
        let world = try TestWorld()
        let shared = "/dev/shm/ferry-conflicts-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: shared) }
        try world.write("io/a.tar", archive { $0.member("kept.txt", content: "theirs") })
        let state = ["--state-dir", shared]
        let pull = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"] + state, in: world)
        #expect(pull.status == 3, "\(pull.errors)")
        let taken = try FerryRun(["sync", "conflicts", "world/ws", "--take-remote", "kept.txt"] + state, in: world)
        #expect(taken.status == 0 && world.text("world/ws/kept.txt") == "theirs", "\(taken.errors)")
    }
}
