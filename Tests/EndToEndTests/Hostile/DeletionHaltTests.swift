import TestSupport
import Testing

@Suite("Halts before mass deletion")
struct DeletionHaltTests {
    private static func makeWorld(files: Int = 20) throws -> TestWorld {
        let world = try TestWorld()
        for index in 0..<files { try world.write("world/ws/file\(index)", "x") }
        try world.write("world/sandbox/kept.txt", "kept")
        return world
    }

    @Test("a mirror that would delete more than half halts, and each override lets it through")
    func massDelete() throws {
        let overrides = [["--allow", "mass-delete"], ["--max-delete", "30"], ["--max-delete", "100%"]]
        for flags in overrides {
            let world = try Self.makeWorld()
            try expectUnchanged(
                ["sync", "pull", "world/sandbox", "world/ws", "--mirror"], status: 4,
                naming: ["halted: ", "23 of the destination's 24", "--dry-run", "--allow mass-delete", "--max-delete"],
                in: world)
            let run = try FerryRun(["sync", "pull", "world/sandbox", "world/ws", "--mirror"] + flags, in: world)
            #expect(run.status == 0, "\(run.errors)")
            #expect(!world.exists("world/ws/file0") && world.text("world/ws/kept.txt") == "kept")
        }
    }

    @Test("--max-delete halts one above its number, also on a push and from an archive")
    func limit() throws {
        let world = try Self.makeWorld(files: 3)
        try expectUnchanged(
            ["sync", "pull", "world/sandbox", "world/ws", "--mirror", "--max-delete", "5"], status: 4,
            naming: ["6 of the destination's 7"], in: world)
        try world.write("io/a.tar", archive { $0.member("kept.txt", content: "kept") })
        try expectUnchanged(
            ["sync", "pull", "tar:io/a.tar", "world/ws", "--mirror", "--max-delete", "5"], status: 4,
            naming: ["6 of the destination's 7"], in: world)
        try expectUnchanged(
            ["sync", "push", "world/sandbox", "world/ws", "--mirror", "--max-delete", "10%"], status: 4,
            naming: ["6 of the destination's 7"], in: world)
        let run = try FerryRun(
            ["sync", "pull", "world/sandbox", "world/ws", "--mirror", "--max-delete", "6"], in: world)
        #expect(run.status == 0, "\(run.errors)")
    }

    @Test("an empty source never empties the destination unless told so", arguments: ["world/sandbox", "tar:io/a.tar"])
    func emptiedRoot(source: String) throws {
        let world = try TestWorld()
        try world.write("io/a.tar", archive { _ in })
        try expectUnchanged(
            ["sync", "pull", source, "world/ws", "--mirror"], status: 4,
            naming: ["the source is empty", "--allow emptied-root"], in: world)
        let plain = try world.digest()
        let run = try FerryRun(["sync", "pull", source, "world/ws"], in: world)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try world.digest() == plain)
        let forced = try FerryRun(
            ["sync", "pull", source, "world/ws", "--mirror", "--allow", "emptied-root"], in: world)
        #expect(forced.status == 0, "\(forced.errors)")
        #expect(!world.exists("world/ws/kept.txt"))
    }

    @Test("a push that would overwrite what the sandbox changed halts, names it and changes nothing")
    func overwrite() throws {
        let world = try TestWorld()
        try world.write("world/sandbox/kept.txt", "result of the sandbox")
        try expectUnchanged(
            ["sync", "push", "world/ws", "world/sandbox"], status: 4,
            naming: ["1 entry", "kept.txt", "pull first", "--allow overwrite-sandbox"], in: world)
        let run = try FerryRun(
            ["sync", "push", "world/ws", "world/sandbox", "--allow", "overwrite-sandbox"], in: world)
        #expect(run.status == 0 && world.text("world/sandbox/kept.txt") == "kept", "\(run.errors)")
    }
}
