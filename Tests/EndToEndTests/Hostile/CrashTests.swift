import Foundation
import TestSupport
import Testing

private enum Strace {
    static let isThere = (try? Tool.run("/usr/bin/env", ["strace", "-V"]).status) == 0
}

/// A pull, and an undo, killed or failing at every call that changes something: the workspace is exactly old or exactly new.
@Suite("Killed and failing at every call", .enabled(if: Strace.isThere, "needs strace: scripts/setup.sh --tests"))
struct CrashTests {
    /// Whether calls can be made to fail here.
    static let isPossible = Strace.isThere

    /// All that changes the disk beside writes to files, which only go to the area.
    static let calls = [
        "renameat2", "unlinkat", "mkdirat", "fchmod", "chmod", "utimensat", "linkat", "fsync", "syncfs", "symlinkat",
    ]

    /// What is killed.
    enum Command: String, Sendable, CaseIterable {
        case pull, undo
    }

    /// A world in which every kind of change occurs, with times that are the same in each.
    private static let template = Result {
        let world = try TestWorld()
        let script = """
            cd "$1"; rm -rf ws sandbox; mkdir -p ws/d/only ws/gone/in ws/dir2file ws/ro ws/modedir
            mkdir -p sandbox/d sandbox/file2dir sandbox/new/deep sandbox/ro sandbox/modedir
            echo old >ws/d/changed; echo same >ws/same; echo x >ws/gone/in/x; echo q >ws/dir2file/q; echo f >ws/file2dir
            ln -s a ws/link; echo m >ws/mode; echo keep >ws/d/only/mine; echo r >ws/ro/r; echo h >ws/h1; ln ws/h1 ws/h2
            echo newer >sandbox/d/changed; echo same >sandbox/same; echo file >sandbox/dir2file; echo k >sandbox/file2dir/k
            ln -s b sandbox/link; echo m >sandbox/mode; chmod 755 sandbox/mode; echo n >sandbox/new/deep/n
            ln sandbox/same sandbox/new/alias; echo r2 >sandbox/ro/r2; echo h >sandbox/h1; echo other >sandbox/h2
            find ws -exec touch -h -d '2024-05-06 07:08:09.123456789' {} +
            find sandbox -exec touch -h -d '2025-05-06 07:08:09.987654321' {} +
            chmod 555 ws/ro sandbox/ro sandbox/new; chmod 711 sandbox/modedir; chmod 700 ws/modedir
            """
        let made = try Tool.run("/bin/sh", ["-c", script, "sh", world.path("world")])
        guard made.status == 0 else { throw Tool.Failure(result: made) }
        let push = try FerryRun(["sync", "push", "world/sandbox", "tar:io/a.tar"], in: world)
        guard push.status == 0 else { throw Tool.Failure(result: push.result) }
        return world
    }

    /// A copy of that world; for an undo, after a pull.
    private static func world(_ command: Command) throws -> TestWorld {
        let template = try template.get()
        let world = try TestWorld()
        let script = """
            rm -rf "$2/world/ws"; cp -a "$1/world/ws" "$2/world/ws"; cp "$1/io/a.tar" "$2/io/a.tar"; mkdir "$2/world/other"
            """
        let made = try Tool.run("/bin/sh", ["-c", script, "sh", template.root, world.root])
        guard made.status == 0 else { throw Tool.Failure(result: made) }
        if command == .undo {
            let run = try FerryRun(arguments(.pull), in: world)
            try #require(run.status == 0, "\(run.errors)")
        }
        return world
    }

    private static func arguments(_ command: Command) -> [String] {
        switch command {
        case .pull:
            ["sync", "pull", "tar:io/a.tar", "world/ws", "--mirror", "--allow", "mass-delete", "--quiet"]
        case .undo: ["sync", "undo", "-C", "world/ws", "--quiet"]
        }
    }

    private static func run(_ command: Command, _ world: TestWorld, injecting fault: String) throws -> FerryRun {
        try FerryRun(
            arguments(command), in: world,
            wrapper: ["strace", "-f", "-qq", "-o", world.path("io/trace"), "-e", "inject=\(fault)"])
    }

    /// The workspace before and after, and how often each call is made at most by one thread.
    private struct Reference: Sendable {
        var old = ""
        var new = ""
        var counts: [String: Int] = [:]

        init(_ command: Command) throws {
            let world = try CrashTests.world(command)
            old = try world.digest(of: "world/ws")
            let run = try FerryRun(
                CrashTests.arguments(command), in: world,
                wrapper: [
                    "strace", "-f", "-qq", "-o", world.path("io/trace"), "-e",
                    "trace=" + CrashTests.calls.joined(separator: ","),
                ])
            guard run.status == 0 else { throw Tool.Failure(result: run.result) }
            new = try world.digest(of: "world/ws")
            counts = CrashTests.counts(inTrace: world.text("io/trace") ?? "")
        }
    }

    /// How often each call is made at most by one thread.
    static func counts(inTrace trace: String) -> [String: Int] {
        var byThread: [String: Int] = [:]
        for line in trace.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
            guard words.count == 2 else { continue }
            let call = String(words[1].trimmingPrefix(" ").prefix { $0 != "(" })
            byThread["\(words[0]) \(call)", default: 0] += 1
        }
        var counts: [String: Int] = [:]
        for (key, count) in byThread {
            let call = String(key.split(separator: " ")[1])
            counts[call] = max(counts[call] ?? 0, count)
        }
        return counts
    }

    private static let references: [Command: Result<Reference, any Error>] = Dictionary(
        uniqueKeysWithValues: Command.allCases.map { command in (command, Result { try Reference(command) }) })

    /// Lets the next command that writes recover, and says what the workspace is then.
    private static func recovered(_ world: TestWorld, _ reference: Reference, _ note: Comment) throws -> String {
        let push = try FerryRun(["sync", "push", "world/ws", "world/other"], in: world)
        #expect(push.status == 0, "\(note): \(push.errors)")
        let state = try world.digest(of: "world/ws")
        let left = try Tool.run("/usr/bin/find", [world.root, "-name", ".ferry-tmp-*"]).text
        // What a pull had only staged is swept by the next pull; it is not in the workspace.
        let leftovers = left.split(separator: "\n").filter { !$0.contains(".ferry-tmp-stage-") || $0.contains("/ws/") }
        #expect(leftovers.isEmpty, "\(note): \(left)")
        return state
    }

    @Test(
        "killed at every call, the next command that writes makes the workspace exactly old or exactly new",
        arguments: Command.allCases, CrashTests.calls)
    func killed(command: Command, call: String) throws {
        let reference = try #require(try Self.references[command]?.get())
        #expect(reference.old != reference.new)
        for number in stride(from: 1, through: reference.counts[call] ?? 0, by: 1) {
            let world = try Self.world(command)
            let killed = try Self.run(command, world, injecting: "\(call):signal=KILL:when=\(number)")
            let note: Comment = "\(command) killed at \(call) \(number)"
            #expect(killed.status == 137, "\(note): \(killed.status) \(killed.errors)")
            let state = try Self.recovered(world, reference, note)
            #expect(state == reference.old || state == reference.new, "\(note):\n\(state)\nold:\n\(reference.old)")
            guard command == .undo, state == reference.old else { continue }
            // The run that was to be undone can still be.
            let again = try FerryRun(Self.arguments(.undo), in: world)
            #expect(again.status == 0, "\(note): \(again.errors)")
            #expect(try world.digest(of: "world/ws") == reference.new, note)
        }
    }

    @Test(
        "when any call fails there is a clear error and the old workspace, or all is done",
        arguments: Command.allCases, CrashTests.calls)
    func failing(command: Command, call: String) throws {
        let reference = try #require(try Self.references[command]?.get())
        // One error a call keeps a normal run short.
        let isThorough = ProcessInfo.processInfo.environment["FERRY_THOROUGH"] != nil
        let errors = ["ENOSPC", "EACCES", "EIO"]
        for number in stride(from: 1, through: reference.counts[call] ?? 0, by: 1) {
            for error in isThorough ? errors : [errors[number % 3]] {
                let world = try Self.world(command)
                let failed = try Self.run(command, world, injecting: "\(call):error=\(error):when=\(number)")
                let note: Comment = "\(command), \(error) from \(call) \(number): \(failed.status) \(failed.errors)"
                let state = try world.digest(of: "world/ws")
                if failed.status == 1 {
                    #expect(failed.errors.contains("error: ") && failed.errors.contains("not changed"), note)
                    #expect(state == reference.old, note)
                } else {
                    #expect(failed.status == 0 || failed.status == 5, note)
                    #expect(state == reference.new, note)
                }
                #expect(try Self.recovered(world, reference, note) == state, note)
            }
        }
    }

    @Test("a command that only reads says that something is to be recovered, and touches nothing")
    func reported() throws {
        let world = try Self.world(.pull)
        let calls = try #require(try Self.references[.pull]?.get().counts["renameat2"])
        let killed = try Self.run(.pull, world, injecting: "renameat2:signal=KILL:when=\(calls - 3)")
        try #require(killed.status == 137)
        let before = try world.digest(of: "world/ws")
        let dry = try FerryRun(["sync", "push", "world/ws", "world/other", "-n"], in: world)
        #expect(dry.errors.contains("was killed while it applied"), "\(dry.errors)")
        #expect(try world.digest(of: "world/ws") == before)
    }
}
