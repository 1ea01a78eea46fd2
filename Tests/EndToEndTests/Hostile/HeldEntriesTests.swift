import TestSupport
import Testing

@Suite("Pulling what git or a link would turn against this machine")
struct HeldEntriesTests {
    static let heldNames = [
        ".git/hooks/pre-commit", ".git/config", ".git/config.worktree", ".git/info/attributes", ".git/commondir",
        ".git/objects/info/alternates", ".git/modules/sub/config", ".git/modules/sub/hooks/post-checkout",
        ".git/worktrees/tree/config.worktree", ".git/worktrees/tree/gitdir", "deep/in/.git/hooks/pre-push", "sub/.git",
        ".GIT/config", ".gIt/hooks/pre-commit", "git~1/config", "GIT~1/hooks/pre-commit", ".git./config",
        ".git /config",
        ".git::$INDEX_ALLOCATION/config", ".g\u{200C}it/config", ".gi\u{200D}t/hooks/pre-commit", ".\u{FEFF}git/config",
        ".git" + String(repeating: ".", count: 90) + "/config",
        ".g" + String(repeating: "\u{200C}", count: 40) + "it/config",
        "\u{FEFF}.git/config", ".ferry.toml", ".ferryignore", "deep/.ferryignore", ".FERRYIGNORE",
    ]

    static let plainNames = [
        ".git/hooks/pre-commit.sample", ".git/HEAD", ".git/refs/heads/config", ".gitignore", "config",
        "hooks/pre-commit",
        ".gitmodules", "git/config",
    ]

    private static func archiveOfAll() -> [UInt8] {
        archive { builder in
            for name in heldNames + plainNames {
                builder.pax([("path", Array(name.utf8))])
                builder.member("x", content: "gitdir: ../canary")
            }
            builder.member("out", type: "2", link: "../canary")
            builder.member("new", type: "5", mode: 0o755)
            builder.member("new/out", type: "2", link: "../../canary")
        }
    }

    @Test(
        "an environment's link to a program of the machine is reported once, left alone, and let in by the configuration"
    )
    func virtualEnvironment() throws {
        let world = try TestWorld()
        let ferry = { (arguments: String...) in try FerryRun(["sync"] + arguments, in: world) }
        try world.remove("world/sandbox")
        #expect(try ferry("push", "world/ws", "world/sandbox").status == 0)
        let agent =
            "mkdir -p venv/bin; ln -s /usr/bin/python3 venv/bin/python3; ln -s python3 venv/bin/python; echo x >venv/cfg"
        let made = try Tool.run("/bin/sh", ["-ec", agent + "; sleep 0.03"], directory: world.sandbox)
        try #require(made.status == 0)
        let first = try ferry("pull", "world/sandbox", "world/ws")
        #expect(first.status == 3 && first.errors.contains("venv/bin/python3: the link leaves"), "\(first.errors)")
        #expect(world.text("world/ws/venv/cfg") == "x\n" && world.linkTarget("world/ws/venv/bin/python3") == nil)
        let second = try ferry("pull", "world/sandbox", "world/ws")
        #expect(second.status == 0 && second.errors.isEmpty, "\(second.errors)")
        let push = try ferry("push", "world/ws", "world/sandbox")
        #expect(push.status == 0, "\(push.errors)")
        #expect(world.linkTarget("world/sandbox/venv/bin/python3") == "/usr/bin/python3")
        try world.makeDirectory("home/.config/ferry")
        try world.write("home/.config/ferry/config.toml", "allow-held = [\"venv/bin/python*\"]\n")
        let allowed = try ferry("pull", "world/sandbox", "world/ws")
        #expect(allowed.status == 0, "\(allowed.errors)")
        #expect(world.linkTarget("world/ws/venv/bin/python3") == "/usr/bin/python3")
    }

    @Test("from an archive: held, not in the workspace, the rest applied")
    func fromArchive() throws {
        let world = try TestWorld()
        let canary = try world.digest(of: "world/canary")
        try world.write("io/a.tar", Self.archiveOfAll())
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: world)
        try Self.check(run, world)
        #expect(try world.digest(of: "world/canary") == canary)
    }

    @Test("from a directory: the same")
    func fromDirectory() throws {
        let world = try TestWorld()
        let canary = try world.digest(of: "world/canary")
        try world.write("io/a.tar", Self.archiveOfAll())
        try #require(
            try Tool.run("/usr/bin/env", ["tar", "-xf", world.path("io/a.tar"), "-C", world.sandbox]).status == 0)
        let run = try FerryRun(["sync", "pull", "world/sandbox", "world/ws"], in: world)
        try Self.check(run, world)
        #expect(try world.digest(of: "world/canary") == canary)
    }

    private static func check(_ run: FerryRun, _ world: TestWorld) throws {
        #expect(run.status == 3, "\(run.errors)")
        for name in heldNames + ["out", "new/out"] {
            #expect(!world.exists("world/ws/\(name)"), "\(name.debugDescription)")
        }
        #expect(run.errors.split(separator: "\n").count { $0.hasPrefix("held: ") } == heldNames.count + 2)
        #expect(run.errors.contains("held: .git/hooks/pre-commit: git would run it"))
        #expect(run.errors.contains("held: .git/config: git would obey it"))
        #expect(run.errors.contains("held: sub/.git: it sends git to another repository"))
        #expect(run.errors.contains("held: out: the link leaves the workspace"))
        #expect(run.errors.contains("--allow-held PATTERN"))
        for name in plainNames { #expect(world.exists("world/ws/\(name)"), "\(name)") }
        #expect(world.text("world/ws/kept.txt") == "kept")
    }

    @Test("a held entry never replaces what the workspace has, also in a mirror", arguments: [[], ["--mirror"]])
    func changed(flags: [String]) throws {
        let world = try TestWorld()
        try world.makeDirectory("world/ws/.git/hooks")
        try world.write("world/ws/.git/hooks/pre-commit", "mine")
        try world.write("world/ws/.git/config", "mine")
        try world.write(
            "io/a.tar",
            archive {
                $0.member(".git/hooks/pre-commit", mode: 0o755, content: "evil")
                $0.member(".git/config", content: "evil")
                $0.member("kept.txt", content: "kept")
                $0.member("dir/inner.txt", content: "inner")
                $0.member("link", type: "2", link: "kept.txt")
            })
        let run = try FerryRun(
            ["sync", "pull", "tar:io/a.tar", "world/ws", "--on-conflict", "take-remote"] + flags, in: world)
        #expect(run.status == 3, "\(run.errors)")
        #expect(world.text("world/ws/.git/hooks/pre-commit") == "mine")
        #expect(world.text("world/ws/.git/config") == "mine")
    }

    @Test("a changed mode alone makes no held file of the workspace run")
    func modeOnly() throws {
        let world = try TestWorld()
        try world.makeDirectory("world/ws/.git/hooks")
        try world.write("world/ws/.git/hooks/pre-commit", "mine")
        try world.write("io/a.tar", archive { $0.member(".git/hooks/pre-commit", mode: 0o755, content: "mine") })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws", "--on-conflict", "take-remote"], in: world)
        #expect(run.status == 3, "\(run.errors)")
        let mode = try Tool.run("/usr/bin/stat", ["-c", "%a", world.path("world/ws/.git/hooks/pre-commit")]).text
        #expect(mode == "644\n")
    }

    @Test("a link that leaves the workspace does not come in beside its name either")
    func besideConflict() throws {
        let world = try TestWorld()
        try world.write(
            "io/a.tar",
            archive {
                $0.member("link", type: "2", link: "../canary/secret")
                $0.member("kept.txt", type: "2", link: "/etc/passwd")
            })
        try expectUnchanged(
            ["sync", "pull", "tar:io/a.tar", "world/ws", "--on-conflict", "both"], status: 3,
            naming: ["held: link: the link leaves", "held: kept.txt: the link leaves"], in: world)
    }

    @Test("what --allow-held names comes in, and only that")
    func allowed() throws {
        let world = try TestWorld()
        try world.write("io/a.tar", Self.archiveOfAll())
        let run = try FerryRun(
            ["sync", "pull", "tar:io/a.tar", "world/ws", "--allow-held", ".git/config", "--allow-held", "/new/out"],
            in: world)
        #expect(run.status == 3, "\(run.errors)")
        #expect(world.exists("world/ws/.git/config") && world.exists("world/ws/new/out"))
        #expect(!world.exists("world/ws/.git/hooks/pre-commit") && !world.exists("world/ws/out"))
    }

    @Test("held entries are kept in the conflict store and the message says where")
    func conflictStore() throws {
        let world = try TestWorld()
        try world.write("io/a.tar", archive { $0.member(".git/config", content: "evil") })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: world)
        #expect(run.status == 3)
        let store = try #require(run.errors.firstMatch(of: /are kept in '([^']+)'/)).output.1
        #expect(store.hasPrefix(world.stateDirectory))
        let kept = String(store.dropFirst(world.root.utf8.count + 1))
        #expect(world.text(kept + "/.git/config") == "evil", "\(run.errors)")
    }
}
