import Foundation
import TestSupport
import Testing

/// A small file system of its own, in memory.
private final class SmallDisk {
    let path: String

    /// Mounts it at a new directory of a world.
    init(_ world: TestWorld, size: String) throws {
        path = world.path("world/disk")
        try world.makeDirectory("world/disk")
        let result = try Tool.run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(size),mode=755", "tmpfs", path])
        guard result.status == 0 else { throw Tool.Failure(result: result) }
    }

    deinit { _ = try? Tool.run("/bin/umount", ["-l", path]) }

    /// Whether this user may mount; only root in a machine of its own.
    static let isAvailable: Bool = {
        guard getuid() == 0, let world = try? TestWorld(), (try? SmallDisk(world, size: "64k")) != nil else {
            print("SKIPPED: tests of full disks need to mount a file system; run them as root")
            return false
        }
        return true
    }()
}

@Suite(
    "Full disks", .enabled(if: SmallDisk.isAvailable, "only root can mount a small disk; run this suite as root too"))
struct FullDiskTests {
    private static let lowSpace = ["halted: ", "bytes are to be written", "are free there", "--allow low-space"]

    @Test("a push that cannot fit halts; forced, it fails clearly, leaves no temporary file, and the next one heals")
    func push() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.write("world/ws/large", [UInt8](repeating: 1, count: 3 << 20))
        let push = ["sync", "push", "world/ws", "world/disk"]
        try expectUnchanged(push, status: 4, naming: Self.lowSpace, in: world)

        let forced = try FerryRun(push + ["--allow", "low-space"], in: world)
        #expect(forced.status == 1, "\(forced.errors)")
        #expect(forced.errors.contains("'large'") && forced.errors.contains("No space left"), "\(forced.errors)")
        #expect(forced.errors.contains("the same command goes on from there"))
        #expect(!world.exists("world/disk/large"))
        #expect(try Tool.run("/usr/bin/find", [disk.path, "-name", ".ferry*"]).text == "")

        try world.write("world/ws/large", "small")
        let healed = try FerryRun(push, in: world)
        #expect(healed.status == 0 && world.text("world/disk/large") == "small", "\(healed.errors)")
    }

    @Test("a full disk under an archive leaves neither a part of it nor a temporary file, and the old one as it was")
    func pushArchive() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.write("world/disk/a.tar", "old")
        try world.write("world/ws/large", [UInt8](repeating: 1, count: 3 << 20))
        try expectUnchanged(
            ["sync", "push", "world/ws", "tar:world/disk/a.tar"], status: 1, naming: ["a.tar'", "No space left"],
            in: world)
        #expect(try Tool.run("/bin/ls", ["-A", disk.path]).text == "a.tar\n")
    }

    @Test("a pull that cannot fit halts; forced, it fails clearly and the workspace is as it was")
    func pull() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.makeDirectory("world/disk/ws")
        try world.write("world/disk/ws/mine", "mine")
        try world.write("world/sandbox/large", [UInt8](repeating: 1, count: 3 << 20))
        try world.write("world/sandbox/mine", "theirs")
        let pull = ["sync", "pull", "world/sandbox", "world/disk/ws", "--on-conflict", "take-remote"]
        try expectUnchanged(pull, status: 4, naming: Self.lowSpace, in: world)
        try expectUnchanged(
            pull + ["--allow", "low-space"], status: 1,
            naming: ["'large'", "No space left", "the workspace was not changed"], in: world)
        #expect(try Tool.run("/usr/bin/find", [disk.path, "-name", ".ferry*"]).text == "")
    }

    @Test("what cannot fit beside the workspace is kept where there is room, and applied when space was made")
    func keptElsewhere() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.makeDirectory("world/disk/ws")
        try world.write("world/disk/ws/ballast", [UInt8](repeating: 1, count: 1 << 20))
        try world.write("world/sandbox/large", [UInt8](repeating: 2, count: 3 << 19))
        let pull = try FerryRun(["sync", "pull", "world/sandbox", "world/disk/ws", "--json"], in: world)
        #expect(pull.status == 4 && pull.output.contains(#""halt":"low-space""#), "\(pull.output)\(pull.errors)")
        let name = String(try #require(pull.output.firstMatch(of: /"plan":"([0-9a-f]+)"/), "\(pull.output)").output.1)
        try world.remove("world/sandbox")
        let early = try FerryRun(["sync", "apply", name], in: world)
        #expect(early.status == 4 && early.errors.contains("are free there"), "\(early.errors)")
        try world.remove("world/disk/ws/ballast")
        let late = try FerryRun(["sync", "apply", name], in: world)
        #expect(late.status == 0, "\(late.errors)")
        #expect(world.text("world/disk/ws/large")?.utf8.count == 3 << 19)
        #expect(try Tool.run("/usr/bin/find", [disk.path, "-name", ".ferry-tmp-stage*"]).text == "")
    }

    @Test("where the state directory has no room either, nothing is kept, and the halt says so")
    func keptNowhere() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.makeDirectory("world/disk/ws")
        try world.write("world/sandbox/large", [UInt8](repeating: 1, count: 3 << 20))
        let pull = try FerryRun(
            ["sync", "pull", "world/sandbox", "world/disk/ws", "--state-dir", disk.path + "/state"], in: world)
        #expect(pull.status == 4 && pull.errors.contains("nothing was kept"), "\(pull.errors)")
        #expect(!pull.errors.contains("ferry sync apply"))
    }

    @Test("a compression bomb stops at the free space, and forced at the disk's end; the workspace is as it was")
    func bomb() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.makeDirectory("world/disk/ws")
        try world.write("world/disk/ws/mine", "mine")
        let bomb = archive { $0.member(Array("bomb".utf8), content: [UInt8](repeating: 0, count: 64 << 20)) }
        try world.write("io/bomb.tar.gz", try Tool.run("/usr/bin/env", ["gzip", "-c"], input: bomb).output)
        let pull = ["sync", "pull", "tar:io/bomb.tar.gz", "world/disk/ws"]
        try expectUnchanged(
            pull, status: 10, naming: ["limit", "the workspace was not changed"], in: world)
        try expectUnchanged(
            pull + ["--allow", "low-space"], status: 1,
            naming: ["'bomb'", "No space left", "the workspace was not changed"], in: world)
        #expect(try Tool.run("/usr/bin/find", [disk.path, "-name", ".ferry*"]).text == "")
    }

    @Test("running out of inodes is seen before, from an archive too", arguments: ["world/sandbox", "tar:io/a.tar"])
    func inodes(source: String) throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m,nr_inodes=30")
        try world.makeDirectory("world/disk/ws")
        for index in 0..<60 { try world.write("world/sandbox/file\(index)", "") }
        try world.write("io/a.tar", archive { for index in 0..<60 { $0.member("file\(index)") } })
        try expectUnchanged(
            ["sync", "pull", source, "world/disk/ws"], status: source.hasPrefix("tar") ? 1 : 4,
            naming: source.hasPrefix("tar") ? ["No space left", "was not changed"] : ["inodes", "--allow low-space"],
            in: world)
        #expect(try Tool.run("/usr/bin/find", [disk.path, "-name", ".ferry*"]).text == "")
    }

    @Test("held entries reach a conflict store on another file system, and nothing of them stays in the workspace's")
    func conflictStoreElsewhere() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.makeDirectory("world/disk/ws")
        try world.write(
            "io/a.tar",
            archive {
                $0.member("new/.git/hooks/post-checkout", mode: 0o755, content: "evil")
                $0.member("new/out", type: "2", link: "/etc/passwd")
                $0.member("new/file", content: "x")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/disk/ws"], in: world)
        #expect(run.status == 3, "\(run.errors)")
        let store = try #require(run.errors.firstMatch(of: /are kept in '([^']+)'/)).output.1
        let kept = String(store.dropFirst(world.root.utf8.count + 1))
        #expect(world.text(kept + "/new/.git/hooks/post-checkout") == "evil" && world.exists(kept + "/new/out"))
        #expect(world.text("world/disk/ws/new/file") == "x")
        #expect(try Tool.run("/usr/bin/find", [disk.path, "-name", "post-checkout", "-o", "-name", "out"]).text == "")
    }

    @Test("what a pull replaced stays beside a workspace on another file system, and the pull can be undone from there")
    func undoElsewhere() throws {
        let world = try TestWorld()
        let disk = try SmallDisk(world, size: "2m")
        try world.makeDirectory("world/disk/ws/gone")
        try world.write("world/disk/ws/mine", "mine")
        try world.write("world/disk/ws/gone/x", "x")
        try world.write("world/sandbox/mine", "theirs")
        try world.write("world/sandbox/new", "new")
        let before = try world.digest(of: "world/disk/ws")
        let pull = ["sync", "pull", "world/sandbox", "world/disk/ws", "--mirror"]
        #expect(try FerryRun(pull, in: world).status == 0)
        let after = try world.digest(of: "world/disk/ws")
        func beside() throws -> Int {
            try Tool.run("/usr/bin/find", [disk.path, "-name", ".ferry*"]).text.split(separator: "\n")
                .count { $0.contains("/.ferry-tmp-undo-") }
        }
        #expect(try beside() == 1)
        for expected in [before, after, before] {
            let undo = try FerryRun(["sync", "undo", "-C", "world/disk/ws"], in: world)
            #expect(undo.status == 0, "\(undo.errors)")
            #expect(try world.digest(of: "world/disk/ws") == expected)
            #expect(try beside() == 1)
        }
        // The store has one record, which says where.
        let records = try Tool.run("/usr/bin/find", [world.stateDirectory + "/undo", "-type", "f"]).text
        #expect(records.split(separator: "\n").count == 1, "\(records)")
    }
}
