import TestSupport
import Testing

/// Syncs by way of a command of the user's configuration, with different shells and tools at its end.
@Suite("Profiles of the user's configuration")
struct ExecSyncTests {
    private let world: TestWorld
    private let target: String

    init() throws {
        world = try TestWorld()
        target = world.sandbox
        try world.makeDirectory("home/.config/ferry")
        try world.write(
            "home/.config/ferry/config.toml",
            """
            [profiles.plain]
            command = ["env"]
            [profiles.shell]
            command = ["sh", "-c", "exec \\"$@\\"", "sh"]
            [profiles.busybox]
            command = ["busybox"]
            [profiles.missing]
            command = ["/nonexistent/box"]
            """)
    }

    private func ferry(_ arguments: String...) throws -> FerryRun {
        try FerryRun(["sync"] + arguments, in: world, wrapper: ["XDG_CONFIG_HOME="])
    }

    @Test(
        "what was pushed a moment ago is known: what only one side changed since is no conflict",
        arguments: ["plain", "shell", "busybox"])
    func quickRound(profile: String) throws {
        let sandbox = "exec:\(profile):\(target)"
        #expect(try ferry("push", "world/ws", sandbox).status == 0)
        let nothing = try ferry("push", "world/ws", sandbox)
        #expect(nothing.status == 0 && nothing.output.contains("nothing to change"), "\(nothing.errors)")
        try world.write("world/sandbox/dir/inner.txt", "the agent's")
        try world.write("world/sandbox/new", "new")
        let halted = try ferry("push", "world/ws", sandbox)
        #expect(halted.status == 4 && halted.errors.contains("dir/inner.txt") && !halted.errors.contains("kept.txt"))
        try world.write("world/ws/kept.txt", "mine")
        let pull = try ferry("pull", sandbox, "world/ws")
        #expect(pull.status == 0, "\(pull.errors)")
        #expect(world.text("world/ws/dir/inner.txt") == "the agent's" && world.text("world/ws/new") == "new")
        #expect(world.text("world/ws/kept.txt") == "mine")
        let push = try ferry("push", "world/ws", sandbox)
        #expect(push.status == 0 && world.text("world/sandbox/kept.txt") == "mine", "\(push.errors)")
    }

    @Test("more than what is sent unmeasured arrives, both ways", arguments: ["plain", "busybox"])
    func large(profile: String) throws {
        var state: UInt32 = 1
        let content = (0..<(5 << 20)).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        try world.write("world/ws/large", content)
        let push = try ferry("push", "world/ws", "exec:\(profile):\(target)")
        #expect(push.status == 0, "\(push.errors)")
        try world.write("world/sandbox/larger", content + content)
        let pull = try ferry("pull", "exec:\(profile):\(target)", "world/ws")
        #expect(pull.status == 0, "\(pull.errors)")
        let comparison = try Tool.run("/usr/bin/diff", ["-r", world.workspace, world.sandbox])
        #expect(comparison.status == 0, "\(comparison.text)")
    }

    @Test("a command that is not there is named, exit 9; a profile that is not there is a wrong argument")
    func missing() throws {
        try expectUnchanged(
            ["sync", "push", "world/ws", "exec:missing:\(target)"], status: 9, naming: ["/nonexistent/box"], in: world,
            wrapper: ["XDG_CONFIG_HOME="])
        try expectUnchanged(
            ["sync", "push", "world/ws", "exec:other:\(target)"], status: 2,
            naming: ["no profile 'other'", "'busybox', 'missing', 'plain'"], in: world, wrapper: ["XDG_CONFIG_HOME="])
    }
}
