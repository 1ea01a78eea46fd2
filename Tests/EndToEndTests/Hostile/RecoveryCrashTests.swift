import Foundation
import TestSupport
import Testing

/// Kills during a pull with a baseline, and then during the recovery from that: nothing is taken for an edit that is none.
@Suite(
    "Killed while a killed pull is taken back",
    .enabled(if: CrashTests.isPossible, "needs strace: scripts/setup.sh --tests"))
struct RecoveryCrashTests {
    /// Both sides agreed once; the sandbox changed since.
    private static func world() throws -> TestWorld {
        let world = try TestWorld()
        let ws = """
            cd "$1"; mkdir -p ws/d; for i in 1 2 3 4; do echo old >ws/f$i; done; echo old >ws/d/f; echo gone >ws/gone
            ln ws/f4 ws/name; echo m >ws/mode; touch -d '2024-05-06 07:08:09.123456789' ws/f1; sleep 0.05
            """
        try shell(ws, world)
        let push = try FerryRun(["sync", "push", "world/ws", "world/sandbox"], in: world)
        try #require(push.status == 0, "\(push.errors)")
        let edits = """
            cd "$1/sandbox"; for i in 1 2 3 4; do echo newer >f$i; done; echo newer >d/f; rm gone; chmod 700 mode
            echo made >made; sleep 0.05
            """
        try shell(edits, world)
        return world
    }

    private static func shell(_ script: String, _ world: TestWorld) throws {
        let result = try Tool.run("/bin/sh", ["-ec", script, "sh", world.path("world")])
        try #require(result.status == 0, "\(result.errors)")
    }

    private static let pull = ["sync", "pull", "world/sandbox", "world/ws", "--quiet"]

    private static func strace(_ expression: String, _ world: TestWorld) throws -> FerryRun {
        try FerryRun(
            pull, in: world, wrapper: ["strace", "-f", "-qq", "-o", world.path("io/trace"), "-e", expression])
    }

    private static func killed(at number: Int, _ world: TestWorld) throws {
        let run = try strace("inject=renameat2:signal=KILL:when=\(number)", world)
        try #require(run.status == 137, "\(number): \(run.status) \(run.errors)")
    }

    private static func renames(_ world: TestWorld) throws -> Int {
        let run = try strace("trace=renameat2", world)
        try #require(run.status == 0, "\(run.errors)")
        return CrashTests.counts(inTrace: world.text("io/trace") ?? "")["renameat2"] ?? 0
    }

    /// The pull that comes after brings everything, without a conflict, and sweeps up.
    private static func expectFinished(_ world: TestWorld, _ note: Comment) throws {
        let run = try FerryRun(pull, in: world)
        #expect(run.status == 0, "\(note): \(run.errors)")
        let difference = try Tool.run(
            "/usr/bin/diff", ["-r", world.path("world/ws"), world.path("world/sandbox")])
        #expect(difference.status == 0, "\(note): \(difference.text)")
        let left = try Tool.run(
            "/usr/bin/find", [world.root, "(", "-name", ".ferry-tmp-*", "-o", "-name", "*.new", ")"])
        #expect(left.text.isEmpty, "\(note): \(left.text)")
        #expect(try FerryRun(["sync", "conflicts", "world/ws"], in: world).output.isEmpty)
    }

    @Test("a pull that was killed at any rename, that of its baseline too, is finished by the next, which sweeps up")
    func pullKilled() throws {
        let count = try Self.renames(Self.world())
        #expect(count > 8)
        for number in 1...max(1, count) {
            let world = try Self.world()
            try Self.killed(at: number, world)
            try Self.expectFinished(world, "killed at rename \(number) of \(count)")
        }
    }

    @Test("files that a killed recovery had put back are no edits to the next pull")
    func recoveryKilled() throws {
        let count = try Self.renames(Self.world())
        // Near its end, when most has been swapped; what follows are the area, the state and the baseline.
        let late = count - 3
        var ends = 0
        for number in 1...12 {
            let world = try Self.world()
            try Self.killed(at: late, world)
            let again = try Self.strace("inject=renameat2:signal=KILL:when=\(number)", world)
            try #require(again.status == 137, "\(again.errors)")
            ends += 1
            try Self.expectFinished(world, "killed at rename \(late) of \(count), then at \(number)")
        }
        #expect(ends == 12)
    }

    @Test(
        "a recovery that is killed while it clears up leaves nothing that has to be looked at",
        arguments: [1, 2, 4, 7, 11])
    func clearingKilled(number: Int) throws {
        let count = try Self.renames(Self.world())
        let world = try Self.world()
        try Self.killed(at: count - 3, world)
        let again = try Self.strace("inject=unlinkat:signal=KILL:when=\(number)", world)
        try #require(again.status == 137, "\(again.errors)")
        try Self.expectFinished(world, "killed at removal \(number)")
    }

    @Test(
        "a pull that fails and is killed while it clears up leaves nothing that has to be looked at", arguments: [1, 3])
    func failureKilled(number: Int) throws {
        let count = try Self.renames(Self.world())
        let world = try Self.world()
        let run = try FerryRun(
            Self.pull, in: world,
            wrapper: [
                "strace", "-f", "-qq", "-o", world.path("io/trace"), "-e",
                "inject=renameat2:error=EIO:when=\(count - 3)", "-e", "inject=unlinkat:signal=KILL:when=\(number)",
            ])
        try #require(run.status == 137, "\(run.errors)")
        try Self.expectFinished(world, "killed at removal \(number)")
    }

    @Test("an edit that hides between a killed recovery and the next is still seen")
    func hiddenEdit() throws {
        let count = try Self.renames(Self.world())
        let world = try Self.world()
        try Self.killed(at: count - 3, world)
        // All is back by then; the recovery itself is killed before it has told the baseline.
        let again = try Self.strace("inject=fsync:signal=KILL:when=2", world)
        try #require(again.status == 137, "\(again.errors)")
        try Self.shell(
            "cd \"$1/ws\"; grep -q old f1; touch -r f1 ../stamp; printf 'OLD\\n' >f1; touch -r ../stamp f1; rm ../stamp",
            world)
        let run = try FerryRun(Self.pull, in: world)
        #expect(run.status == 3, "\(run.errors)")
        #expect(world.text("world/ws/f1") == "OLD\n")
    }
}
