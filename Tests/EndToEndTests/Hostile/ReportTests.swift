import Foundation
import TestSupport
import Testing

@Suite("What is told and what is done")
struct ReportTests {
    /// Entries that are new, changed, retyped, chmodded, extra and held.
    private static func makeWorld() throws -> TestWorld {
        let world = try TestWorld()
        try world.write("world/sandbox/kept.txt", "changed by the sandbox")
        try world.makeDirectory("world/sandbox/new/deep")
        try world.write("world/sandbox/new/deep/file", "new")
        try world.link("world/sandbox/new/link", to: "deep/file")
        try world.link("world/sandbox/out", to: "../canary")
        try world.write("world/sandbox/dir", "a file now")
        try world.write("world/sandbox/link", "a file too")
        try world.write("world/sandbox/new line\nand \u{1B}[31m", "escape")
        return world
    }

    private static func items(_ run: FerryRun) -> [Substring] {
        (run.output + run.errors).split(separator: "\n").filter { !$0.contains(" in 0.") && !$0.contains("note: ") }
    }

    @Test(
        "a dry run prints exactly what the run then prints, and changes nothing",
        arguments: [
            ["pull", "world/sandbox", "world/ws", "--on-conflict", "take-remote"],
            ["pull", "world/sandbox", "world/ws"],
            ["pull", "world/sandbox", "world/ws", "--mirror"],
            ["pull", "tar:io/a.tar", "world/ws", "--mirror"],
            ["push", "world/ws", "world/sandbox", "--mirror"],
            ["push", "world/ws", "tar:io/new.tar"],
            ["push", "world/ws", "world/new"],
            ["pull", "tar:io/a.tar", "world/new"],
        ])
    func dryRun(arguments: [String]) throws {
        let world = try Self.makeWorld()
        #expect(try FerryRun(["sync", "push", "world/sandbox", "tar:io/a.tar"], in: world).status == 0)
        let before = try world.digest()
        let dry = try FerryRun(["sync"] + arguments + ["-n", "-i"], in: world)
        #expect(try world.digest() == before)
        #expect(!world.exists("io/new.tar") && !world.exists("world/new"))
        let real = try FerryRun(["sync"] + arguments + ["-i"], in: world)
        #expect(dry.status == real.status, "\(dry.errors) \(real.errors)")
        #expect(Self.items(dry) == Self.items(real))
        #expect(!Self.items(dry).isEmpty)
        // No name of an entry can write to the terminal.
        #expect(!real.output.contains("\u{1B}") && !real.errors.contains("\u{1B}"))
        let again = try FerryRun(["sync"] + arguments + ["-i"], in: world)
        #expect([0, 3, 5].contains(again.status), "\(again.errors)")
    }

    @Test(
        "every line of --json is an object with the version and the event, and the last one says how it ended",
        arguments: [
            (["pull", "world/sandbox", "world/ws"], 3, "summary"), (["push", "world/ws", "world/new"], 0, "summary"),
            (["push", "world/ws", "world/sandbox"], 4, "error"), (["push", "nowhere", "world/new"], 4, "error"),
            (["pull", "tar:io/bad.tar", "world/ws"], 10, "error"), (["pull", "host:/x", "world/ws"], 2, "error"),
        ])
    func json(arguments: [String], status: Int, last: String) throws {
        let world = try Self.makeWorld()
        try world.write("io/bad.tar", "rubbish")
        let run = try FerryRun(["sync"] + arguments + ["--json"], in: world)
        #expect(run.status == status, "\(run.errors)")
        let check = """
            import json, sys
            events = [json.loads(line) for line in sys.stdin]
            assert all(e["v"] == 1 and isinstance(e["event"], str) for e in events)
            for e in events:
                if e["event"] in ("item", "held", "conflict"):
                    assert "path" in e or ("path_b64" in e and "path_display" in e)
            assert events[-1]["event"] == sys.argv[1] and events[-1]["exit_code"] == int(sys.argv[2]), events[-1]
            """
        let python = try Tool.run(
            "/usr/bin/env", ["python3", "-c", check, last, "\(status)"], input: run.result.output)
        #expect(python.status == 0, "\(python.errors) \(run.output)")
    }

    @Test("a name that is too long for the file system is reported, and the rest arrives")
    func longName() throws {
        let world = try TestWorld()
        let name = String(repeating: "n", count: 300)
        try world.write(
            "io/a.tar",
            archive {
                $0.pax([("path", Array("\(name)/below".utf8))])
                $0.member("x", content: "x")
                $0.pax([("path", Array(name.utf8))])
                $0.member("x", content: "x")
                $0.member("rest", content: "rest")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: world)
        #expect(run.status == 5, "\(run.errors)")
        #expect(run.errors.contains(name) && run.errors.contains("name too long"), "\(run.errors)")
        #expect(world.text("world/ws/rest") == "rest")
    }
}
