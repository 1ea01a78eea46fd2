import Foundation
import TestSupport
import Testing

@Suite("Interrupted syncs")
struct InterruptionTests {
    /// Enough to be in the middle for a while under a limit of the rate.
    private static func fill(_ world: TestWorld, _ directory: String) throws {
        try world.write("\(directory)/large", [UInt8](repeating: 3, count: 6 << 20))
        for index in 0..<40 { try world.write("\(directory)/file\(index)", [UInt8](repeating: 4, count: 100 << 10)) }
    }

    /// Waits until a condition holds; the process that it waits for ends the wait as well.
    private static func wait(for process: Tool.Running, until condition: () throws -> Bool) throws {
        while process.isRunning, try !condition() { usleep(2_000) }
    }

    private static func leftovers(_ world: TestWorld) throws -> [String] {
        let found = try Tool.run("/usr/bin/find", [world.root, "-name", ".ferry-tmp-*"])
        return found.text.split(separator: "\n").map(String.init)
    }

    private static let slow = ["--bwlimit", "2m", "--threads", "2"]

    @Test("a signal in the middle of a pull ends in a clean stop", arguments: [SIGINT, SIGTERM])
    func signalDuringPull(signal: Int32) throws {
        let world = try TestWorld()
        try Self.fill(world, "world/sandbox")
        let before = try world.digest()
        let process = try FerryRun.start(["sync", "pull", "world/sandbox", "world/ws"] + Self.slow, in: world)
        try Self.wait(for: process) { try !Self.leftovers(world).isEmpty }
        kill(process.identifier, signal)
        let result = try process.wait()
        #expect(result.status == 128 + signal, "\(result.errors)")
        #expect(result.errors.contains("stopped on request"), "\(result.errors)")
        #expect(try Self.leftovers(world).isEmpty)
        #expect(try world.digest() == before)
    }

    @Test("a signal in the middle of a pull from a stream, even inside a large member, ends in a clean stop")
    func signalDuringStream() throws {
        let world = try TestWorld()
        let before = try world.digest()
        let half = archive { $0.member(Array("large".utf8), content: [UInt8](repeating: 3, count: 8 << 20)) }
        try world.write("io/half.tar", Array(half.prefix(4 << 20)))
        // The writer keeps the pipe open and says nothing more.
        let script = """
            mkfifo io/fifo; (cat io/half.tar; exec sleep 5) >io/fifo 2>/dev/null & exec \
            /usr/bin/env --default-signal=INT "$0" sync pull - world/ws <io/fifo
            """
        let process = try FerryRun.startShell(script, in: world)
        try Self.wait(for: process) { try !Self.leftovers(world).isEmpty }
        kill(process.identifier, SIGINT)
        let result = try process.wait()
        #expect(result.status == 130, "\(result.errors)")
        #expect(try Self.leftovers(world).isEmpty)
        #expect(try world.digest() == before)
    }

    @Test(
        "a signal in the middle of a push leaves no temporary file, and the same command goes on",
        arguments: ["", "tar:"])
    func signalDuringPush(scheme: String) throws {
        let world = try TestWorld()
        try Self.fill(world, "world/ws")
        let target = scheme + "world/sandbox" + (scheme.isEmpty ? "" : "/a.tar")
        let process = try FerryRun.start(["sync", "push", "world/ws", target] + Self.slow, in: world)
        try Self.wait(for: process) {
            try !FileManager.default.contentsOfDirectory(atPath: world.sandbox).isEmpty
        }
        kill(process.identifier, SIGINT)
        let result = try process.wait()
        #expect(result.status == 130, "\(result.errors)")
        #expect(try Self.leftovers(world).isEmpty)
        #expect(!world.exists("world/sandbox/a.tar"))
        let again = try FerryRun(["sync", "push", "world/ws", target], in: world)
        #expect(again.status == 0, "\(again.errors)")
    }

    @Test("a pull that is killed leaves every entry old or new, and the next one sweeps up and finishes")
    func killedPull() throws {
        let world = try TestWorld()
        try Self.fill(world, "world/sandbox")
        let before = try world.digest(of: "world/ws")
        let process = try FerryRun.start(["sync", "pull", "world/sandbox", "world/ws"] + Self.slow, in: world)
        try Self.wait(for: process) { try !Self.leftovers(world).isEmpty }
        kill(process.identifier, SIGKILL)
        #expect(try process.wait().status == 137)
        #expect(try world.digest(of: "world/ws") == before)
        #expect(try !Self.leftovers(world).isEmpty)
        let again = try FerryRun(["sync", "pull", "world/sandbox", "world/ws"], in: world)
        #expect(again.status == 0, "\(again.errors)")
        #expect(try Self.leftovers(world).isEmpty)
        #expect(
            try Tool.run(
                "/usr/bin/diff", ["-r", world.sandbox, world.workspace, "-x", "kept.txt", "-x", "dir", "-x", "link"]
            ).status == 0)
    }

    @Test("a pull that was killed while it applied is finished by the next, with nothing left over")
    func killedApply() throws {
        try #require(try Tool.run("/usr/bin/env", ["strace", "-V"]).status == 0)
        for call in [1, 7, 20, 40] {
            let world = try TestWorld()
            for index in 0..<40 {
                try world.write("world/sandbox/file\(index)", "new \(index)")
                if index % 2 == 0 { try world.write("world/ws/file\(index)", "old") }
            }
            let killed = try FerryRun(
                ["sync", "pull", "world/sandbox", "world/ws", "--on-conflict", "take-remote"], in: world,
                wrapper: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=renameat2:signal=KILL:when=\(call)"])
            #expect(killed.status == 137, "\(killed.status) \(killed.errors)")
            for index in 0..<40 {
                let text = world.text("world/ws/file\(index)")
                #expect(text == "new \(index)" || text == (index % 2 == 0 ? "old" : nil), "\(call): \(text ?? "")")
            }
            let again = try FerryRun(
                ["sync", "pull", "world/sandbox", "world/ws", "--on-conflict", "take-remote"], in: world)
            #expect(again.status == 0, "\(again.errors)")
            for index in 0..<40 { #expect(world.text("world/ws/file\(index)") == "new \(index)") }
            #expect(try Self.leftovers(world).isEmpty)
        }
    }

    @Test("a pull that was killed at its very last step leaves nothing that the next does not sweep")
    func killedAtTheEnd() throws {
        let world = try TestWorld()
        try world.write("world/sandbox/new", "new")
        let killed = try FerryRun(
            ["sync", "pull", "world/sandbox", "world/ws"], in: world,
            wrapper: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=unlinkat:signal=KILL:when=1"])
        #expect(killed.status == 137 && world.text("world/ws/new") == "new")
        let again = try FerryRun(["sync", "pull", "world/sandbox", "world/ws"], in: world)
        #expect(again.status == 0, "\(again.errors)")
        #expect(try Self.leftovers(world).isEmpty)
    }

    @Test("a push that is killed in the middle of a file is healed by the same command")
    func killedPush() throws {
        for call in [1, 2, 5] {
            let world = try TestWorld()
            for index in 0..<10 { try world.write("world/ws/file\(index)", String(repeating: "text", count: 500)) }
            let killed = try FerryRun(
                ["sync", "push", "world/ws", "world/sandbox", "--threads", "1"], in: world,
                wrapper: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=utimensat:signal=KILL:when=\(call)"])
            try #require(killed.status == 137, "\(killed.status)")
            // As if the kill had come in the middle of the write.
            let first = try #require(
                try FileManager.default.contentsOfDirectory(atPath: world.sandbox).filter { $0.hasPrefix("file") }.last)
            try world.write("world/sandbox/\(first)", "te")
            let again = try FerryRun(["sync", "push", "world/ws", "world/sandbox"], in: world)
            #expect(again.status == 0, "\(again.errors)")
            let third = try FerryRun(["sync", "push", "world/ws", "world/sandbox"], in: world)
            #expect(third.status == 0 && third.output.contains("nothing to change"), "\(third.output) \(third.errors)")
            #expect(try Tool.run("/usr/bin/diff", ["-r", world.workspace, world.sandbox]).status == 0)
            #expect(try Self.leftovers(world).isEmpty)
        }
    }

    @Test("after a completed push, an edit in the sandbox stops the next one as ever")
    func completedPush() throws {
        let world = try TestWorld()
        #expect(try FerryRun(["sync", "push", "world/ws", "world/sandbox"], in: world).status == 0)
        try world.write("world/sandbox/kept.txt", "ke")
        try expectUnchanged(
            ["sync", "push", "world/ws", "world/sandbox"], status: 4, naming: ["--allow overwrite-sandbox"], in: world)
    }

    @Test("a push that was killed makes only the files its own that it was to create")
    func killedPushAndForeignEdits() throws {
        let world = try TestWorld()
        try world.write("world/sandbox/kept.txt", "kept")
        try world.write("world/ws/new", "new")
        let killed = try FerryRun(
            ["sync", "push", "world/ws", "world/sandbox", "--threads", "1"], in: world,
            wrapper: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=utimensat:signal=KILL:when=1"])
        #expect(killed.status == 137)
        try world.write("world/sandbox/kept.txt", "edited in the sandbox")
        try expectUnchanged(
            ["sync", "push", "world/ws", "world/sandbox"], status: 4, naming: ["kept.txt", "overwrite-sandbox"],
            in: world)
    }
}
