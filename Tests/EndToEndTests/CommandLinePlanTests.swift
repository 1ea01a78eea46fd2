import Foundation
import TestSupport
import Testing

@Suite("The command line: plans")
struct CommandLinePlanTests {
    private static let hasStrace = (try? Tool.run("/usr/bin/env", ["strace", "-V"]).status) == 0

    /// A workspace that was pushed and a sandbox that changed since.
    private static func world() throws -> TestWorld {
        let world = try TestWorld()
        // What is written in the same tick as it is scanned is known to nobody.
        Thread.sleep(forTimeInterval: 0.025)
        let push = try FerryRun(["sync", "push", "world/ws", "world/sandbox"], in: world)
        #expect(push.status == 0, "\(push.errors)")
        try world.write("world/sandbox/kept.txt", "changed")
        try world.write("world/sandbox/new", "new")
        try world.remove("world/sandbox/dir/inner.txt")
        Thread.sleep(forTimeInterval: 0.025)
        return world
    }

    private static func plan(_ world: TestWorld, _ more: String...) throws -> (run: FerryRun, name: String) {
        let run = try FerryRun(["sync", "plan", "pull", "world/sandbox", "world/ws"] + more, in: world)
        #expect(run.status == 0, "\(run.errors)")
        let words = run.output.split { $0 == " " || $0 == "," }
        let name = words.firstIndex(of: "(plan").map { String(words[$0 + 1]) }
        return (run, try #require(name, "\(run.output)"))
    }

    @Test("A plan prints what it would do and its name; its file is applied when the sandbox is gone")
    func file() throws {
        let world = try Self.world()
        let before = try world.digest(of: "world/ws")
        let (planned, name) = try Self.plan(world, "-i", "-o", "io/plan")
        #expect(
            planned.output.hasPrefix(
                "*deleting   dir/inner.txt\n>fcst...... kept.txt\n>f+++++++++ new\ncreated 1, updated 1, deleted 1; "),
            "\(planned.output)")
        #expect(try world.digest(of: "world/ws") == before)
        try world.remove("world/sandbox")
        let dry = try FerryRun(["sync", "apply", "io/plan", "-n", "-i"], in: world)
        #expect(dry.status == 0 && dry.output.hasPrefix("*deleting   dir/inner.txt\n"), "\(dry.errors)")
        let part = try FerryRun(["sync", "apply", name, "new"], in: world)
        #expect(part.status == 0 && world.text("world/ws/new") == "new", "\(part.errors)")
        #expect(world.text("world/ws/kept.txt") == "kept")
        let all = try FerryRun(["sync", "apply", "io/plan"], in: world)
        #expect(all.status == 0 && world.text("world/ws/kept.txt") == "changed", "\(all.errors)")
        #expect(!world.exists("world/ws/dir/inner.txt"))
        let again = try FerryRun(["sync", "apply", "io/plan"], in: world)
        #expect(again.status == 4 && again.errors.contains("not in the state directory any more"))
        for _ in 1...2 { #expect(try FerryRun(["sync", "undo", "-C", "world/ws"], in: world).status == 0) }
    }

    @Test("A stale plan is refused with exit 4, and so is a file that is no plan")
    func refused() throws {
        let world = try Self.world()
        let (_, name) = try Self.plan(world)
        try world.write("world/ws/kept.txt", "edited meanwhile")
        let stale = try FerryRun(["sync", "apply", name], in: world)
        #expect(stale.status == 4 && stale.errors.contains("  kept.txt\n") && stale.errors.contains("stale"))
        #expect(world.text("world/ws/kept.txt") == "edited meanwhile" && !world.exists("world/ws/new"))
        try world.write("io/other", "no plan at all")
        #expect(try FerryRun(["sync", "apply", "io/other"], in: world).status == 1)
        #expect(try FerryRun(["sync", "apply", "0123456789abcdef"], in: world).status == 2)
        #expect(try FerryRun(["sync", "apply", name, "../up"], in: world).status == 2)
    }

    @Test(
        "A kept result that is missing, cut or of another kind is named, exit 4, and the other paths can be applied",
        arguments: ["rm kept.txt", ": >kept.txt", "ln -sf /etc/passwd kept.txt"])
    func damagedResults(damage: String) throws {
        let world = try Self.world()
        let (_, name) = try Self.plan(world)
        let results = world.stateDirectory + "/plans/\(name)/tree"
        #expect(try Tool.run("/bin/sh", ["-c", damage], directory: results).status == 0)
        try expectUnchanged(
            ["sync", "apply", name], status: 4, naming: ["missing or of another size", "kept.txt", "make a new plan"],
            in: world)
        let others = try FerryRun(["sync", "apply", name, "new", "dir"], in: world)
        #expect(others.status == 0 && world.text("world/ws/new") == "new", "\(others.errors)")
        #expect(world.text("world/ws/kept.txt") == "kept")
    }

    @Test("A plan of which something could not be written stays, and can be applied again")
    func failedPart() throws {
        let world = try Self.world()
        try world.makeDirectory("world/sandbox/more")
        try world.write("world/sandbox/more/file", "more")
        let (_, name) = try Self.plan(world)
        let results = world.stateDirectory + "/plans/\(name)/tree"
        let strace = ["strace", "-f", "-qq", "-o", world.path("io/trace"), "-e", "inject=openat:error=EACCES:when=1+"]
        let first = try FerryRun(
            ["sync", "apply", name], in: world, wrapper: strace + ["-P", results + "/more"])
        try #require(Self.hasStrace && first.status != 0, "\(first.status) \(first.errors)")
        let again = try FerryRun(["sync", "apply", name], in: world)
        #expect(again.status == 0 && world.text("world/ws/more/file") == "more", "\(again.errors)")
    }

    @Test("The plan of a push is printed and kept, also as a file, and applied as a whole or in part")
    func push() throws {
        let world = try TestWorld()
        Thread.sleep(forTimeInterval: 0.025)
        #expect(try FerryRun(["sync", "push", "world/ws", "world/sandbox"], in: world).status == 0)
        try world.write("world/ws/kept.txt", "changed")
        try world.write("world/ws/new", "new")
        try world.remove("world/ws/dir/inner.txt")
        Thread.sleep(forTimeInterval: 0.025)
        let before = try world.digest(of: "world/sandbox")
        let planned = try FerryRun(
            ["sync", "plan", "push", "world/ws", "world/sandbox", "-i", "-o", "io/plan"], in: world)
        #expect(
            planned.status == 0
                && planned.output.hasPrefix(
                    "*deleting   dir/inner.txt\n>fcst...... kept.txt\n>f+++++++++ new\ncreated 1, updated 1, deleted 1; "
                ),
            "\(planned.output)\(planned.errors)")
        let name = String(try #require(planned.output.firstMatch(of: /\(plan ([0-9a-f]{16}),/)).output.1)
        #expect(try world.digest(of: "world/sandbox") == before)
        let dry = try FerryRun(["sync", "apply", "io/plan", "-n", "-i", "--json"], in: world)
        #expect(dry.status == 0 && dry.output.contains(#""path":"kept.txt""#), "\(dry.output)\(dry.errors)")
        let part = try FerryRun(["sync", "apply", name, "new"], in: world)
        #expect(part.status == 0 && world.text("world/sandbox/new") == "new", "\(part.errors)")
        #expect(world.text("world/sandbox/kept.txt") == "kept")
        let wrong = try FerryRun(["sync", "apply", name, "--on-conflict", "both"], in: world)
        #expect(wrong.status == 2 && wrong.errors.contains("the plan of a push"))
        try world.write("world/sandbox/kept.txt", "theirs")
        let stale = try FerryRun(["sync", "apply", "io/plan", "--allow", "overwrite-sandbox"], in: world)
        #expect(
            stale.status == 4 && stale.errors.contains("stale") && stale.errors.contains("in the sandbox")
                && stale.errors.contains("  kept.txt\n"), "\(stale.errors)")
        let rest = try FerryRun(["sync", "apply", "io/plan", "dir"], in: world)
        #expect(rest.status == 0 && !world.exists("world/sandbox/dir/inner.txt"), "\(rest.errors)")
        let json = try FerryRun(["sync", "plan", "push", "world/ws", "world/sandbox", "--json"], in: world)
        #expect(json.status == 0 && json.output.contains(#""plan":""#), "\(json.output)\(json.errors)")
        let archive = try FerryRun(["sync", "plan", "push", "world/ws", "tar:io/a.tar"], in: world)
        #expect(archive.status == 2 && archive.errors.contains("always written anew"), "\(archive.errors)")
    }

    @Test(
        "Killed at any rename, an apply is repeated and loses nothing",
        .enabled(if: hasStrace, "needs strace: scripts/setup.sh --tests"),
        arguments: ["renameat2", "mkdirat"])
    func killed(call: String) throws {
        var kills = 0
        for number in 1...40 {
            let world = try Self.world()
            let (_, name) = try Self.plan(world)
            try world.remove("world/sandbox")
            let run = try FerryRun(
                ["sync", "apply", name, "--threads", "1"], in: world,
                wrapper: [
                    "strace", "-f", "-qq", "-o", world.path("io/trace"), "-e",
                    "inject=\(call):signal=KILL:when=\(number)",
                ])
            if run.status == 137 { kills += 1 }
            let again = try FerryRun(["sync", "apply", name], in: world)
            // All was done when it was killed, or it is done now.
            #expect([0, 2, 3, 4].contains(again.status), "\(call) \(number): \(again.errors)")
            let recovery = try FerryRun(["sync", "push", "world/ws", "world/other"], in: world)
            #expect(recovery.status == 0, "\(call) \(number): \(recovery.errors)")
            #expect(world.text("world/ws/new") == "new", "\(call) \(number): \(again.errors)")
            #expect(world.text("world/ws/kept.txt") == "changed", "\(call) \(number): \(again.errors)")
            #expect(!world.exists("world/ws/dir/inner.txt"), "\(call) \(number)")
            if run.status == 0 { break }
        }
        #expect(kills > 1)
    }
}
