import Foundation
import TestSupport
import Testing

/// A pull with a baseline, from a sandbox behind a command, killed at every call that changes something of the user's.
@Suite(
    "Pulls from a sandbox, killed at every call",
    .enabled(if: CrashTests.isPossible, "needs strace: scripts/setup.sh --tests"))
struct RemoteCrashTests {
    /// `FERRY_THOROUGH` adds those that change nothing by themselves.
    private static let calls =
        ["renameat2", "unlinkat", "fchmod"]
        + (ProcessInfo.processInfo.environment["FERRY_THOROUGH"] == nil ? [] : ["fsync"])

    /// A workspace and a sandbox that agreed once, each edited since, with times that are the same in each world.
    private static func world() throws -> TestWorld {
        let world = try TestWorld()
        let script = """
            cd "$1"; rm -rf ws sandbox; mkdir -p ws/d ws/gone ws/ro sandbox; echo a >ws/d/changed; echo g >ws/gone/g
            echo k >ws/kind; echo m >ws/mode; echo b >ws/both; echo o >ws/ours; echo x >ws/dropped; echo r >ws/ro/r
            chmod 555 ws/ro; chmod 600 ws/mode
            find ws -exec touch -h -d '2024-05-06 07:08:09.123456789' {} +
            mkdir -p ../home/.config/ferry
            printf '[profiles.here]\\ncommand = ["/usr/bin/env"]\\n' >../home/.config/ferry/config.toml
            sleep 0.03; "$2" sync push ws exec:here:"$1/sandbox" --quiet || exit 1
            echo newer >sandbox/d/changed; rm -r sandbox/gone; rm sandbox/kind; mkdir sandbox/kind; echo k >sandbox/kind/k
            chmod 700 sandbox/mode; echo theirs >sandbox/both; mkdir -p sandbox/new/deep; echo n >sandbox/new/deep/n
            chmod 755 sandbox/ro; echo r2 >sandbox/ro/r2; chmod 555 sandbox/ro
            echo mine >ws/ours; echo mine >ws/both; rm ws/dropped
            touch -d '2025-05-06 07:08:09.987654321' ws/ours ws/both sandbox/d/changed sandbox/kind/k sandbox/kind \
                sandbox/both sandbox/new/deep/n sandbox/new/deep sandbox/new sandbox/ro/r2 sandbox/ro
            sleep 0.03
            """
        let made = try Tool.run(
            "/bin/sh", ["-c", script, "sh", world.path("world"), FerryRun.binary],
            environment: FerryRun.environment(in: world))
        guard made.status == 0 else { throw Tool.Failure(result: made) }
        return world
    }

    private static func pull(_ world: TestWorld) -> [String] {
        ["sync", "pull", "exec:here:" + world.path("world/sandbox"), "world/ws", "--quiet"]
    }

    /// Only Ferry's own calls count: what runs in the sandbox is let go.
    private static func strace(_ world: TestWorld, _ expression: String) -> [String] {
        ["strace", "-f", "-b", "execve", "-qq", "-o", world.path("io/trace"), "-e", expression]
    }

    private struct Reference: Sendable {
        var old = ""
        var new = ""
        var counts: [String: Int] = [:]

        init() throws {
            let world = try RemoteCrashTests.world()
            old = try world.digest(of: "world/ws")
            let run = try FerryRun(
                RemoteCrashTests.pull(world), in: world,
                wrapper: RemoteCrashTests.strace(world, "trace=" + RemoteCrashTests.calls.joined(separator: ",")))
            guard run.status == 3 else { throw Tool.Failure(result: run.result) }
            new = try world.digest(of: "world/ws")
            counts = CrashTests.counts(inTrace: world.text("io/trace") ?? "")
        }
    }

    private static let reference = Result { try Reference() }

    @Test(
        "the next pull ends as if nothing had been, an undo after it too, and a pull after that brings nothing back",
        arguments: calls)
    func killed(call: String) throws {
        let reference = try Self.reference.get()
        #expect(reference.old != reference.new)
        for number in stride(from: 1, through: reference.counts[call] ?? 0, by: 1) {
            let world = try Self.world()
            let note: Comment = "killed at \(call) \(number)"
            let killed = try FerryRun(
                Self.pull(world), in: world,
                wrapper: Self.strace(world, "inject=\(call):signal=KILL:when=\(number)"))
            #expect(killed.status == 137, "\(note): \(killed.status) \(killed.errors)")
            let again = try FerryRun(Self.pull(world), in: world)
            #expect([0, 3].contains(again.status), "\(note): \(again.errors)")
            #expect(try world.digest(of: "world/ws") == reference.new, note)
            let undo = try FerryRun(["sync", "undo", "-C", "world/ws", "--quiet"], in: world)
            #expect(undo.status == 0, "\(note): \(undo.errors)")
            #expect(try world.digest(of: "world/ws") == reference.old, note)
            let last = try FerryRun(Self.pull(world), in: world)
            #expect(last.status == 0, "\(note): \(last.errors)")
            #expect(try world.digest(of: "world/ws") == reference.old, note)
            // A baseline that was being written beside the old one may lie in the state directory.
            let left = try Tool.run("/usr/bin/find", [world.path("world"), "-name", ".ferry-tmp-*"]).text
            #expect(left.isEmpty, "\(note): \(left)")
        }
    }
}
