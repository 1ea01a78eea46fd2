import FerryCore
import TestSupport
import Testing

@Suite("Pulling hostile archives: names and links")
struct HostileNamesTests {
    /// A member that could be planted without a trace if it came first.
    private static func decoy(_ builder: inout TarBlockBuilder) { builder.member("decoy", content: "decoy") }

    @Test(
        "a name that could leave the workspace is refused, whichever header gives it",
        arguments: [
            "/etc/evil", "../canary/secret", "a/../../canary/secret", "..", "a/..", "a//b", "a/./b", "x/.", "//",
        ])
    func names(name: String) throws {
        let scratch = try TestWorld()
        let bytes = Array(name.utf8)
        let headers: [(String, (inout TarBlockBuilder) -> Void)] = [
            ("ustar", { $0.member(bytes, content: [1]) }),
            (
                "pax",
                {
                    $0.pax([("path", bytes)])
                    $0.member("good", content: "x")
                }
            ),
            (
                "GNU long name",
                {
                    $0.long("L", bytes + [0])
                    $0.member("good", content: "x")
                }
            ),
            (
                "GNU sparse name",
                {
                    $0.pax([
                        ("GNU.sparse.major", [0x31]), ("GNU.sparse.minor", [0x30]), ("GNU.sparse.name", bytes),
                        ("GNU.sparse.realsize", [0x31]),
                    ])
                    $0.member("good", content: "1\n0\n1\n" + String(repeating: "\0", count: 506) + "x")
                }
            ),
            (
                "global",
                {
                    $0.pax([("path", bytes)], type: "g")
                    $0.member("good", content: "x")
                }
            ),
            ("hard link", { $0.member("good", type: "1", link: name) }),
        ]
        for (note, header) in headers {
            try expectRefused(
                archive {
                    HostileNamesTests.decoy(&$0)
                    header(&$0)
                }, in: scratch, note: "\(note)")
        }
    }

    @Test("an empty name, a NUL in a name and a file with a trailing slash are refused")
    func emptyNames() throws {
        let scratch = try TestWorld()
        let hidden = Array("good\0/../evil".utf8)
        let archives = [
            archive { $0.member("") },
            archive { $0.member(".", content: "x") },
            archive {
                $0.pax([("path", hidden)])
                $0.member("good")
            },
            archive {
                $0.pax([("path", [])])
                $0.member("good")
            },
            archive {
                $0.long("L", hidden)
                $0.member("good")
            },
        ]
        for (index, archive) in archives.enumerated() { try expectRefused(archive, in: scratch, note: "\(index)") }
    }

    @Test("a file whose name ends in a slash never becomes a file below or outside the workspace")
    func trailingSlash() throws {
        let scratch = try TestWorld()
        let canary = try scratch.digest(of: "world/canary")
        try scratch.write("io/a.tar", archive { $0.member("kept.txt/", content: "x") })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
        #expect([3, 10].contains(run.status), "\(run.errors)")
        #expect(scratch.text("world/ws/kept.txt") == "kept")
        #expect(try scratch.digest(of: "world/canary") == canary)
    }

    @Test("a member named '.' only, with mode 0, changes nothing of the workspace's root")
    func rootMember() throws {
        let scratch = try TestWorld()
        let before = try scratch.digest()
        try scratch.write(
            "io/a.tar",
            archive {
                $0.member("./", type: "5", mode: 0)
                $0.member(".", type: "5", mode: 0o7777)
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try scratch.digest() == before)
    }

    @Test(
        "a link and then a member below it are refused, the link pointing anywhere",
        arguments: ["../canary", "dir", "."])
    func writeThroughLink(target: String) throws {
        let scratch = try TestWorld()
        try expectRefused(
            archive {
                $0.member("way", type: "2", link: target)
                $0.member("way/secret", content: "evil")
            }, naming: ["'way/secret'", "not a directory"], in: scratch)
        try expectRefused(
            archive {
                $0.member("file", content: "x")
                $0.member("file/below", content: "evil")
            }, naming: ["'file/below'"], in: scratch)
    }

    @Test("a chain of links that is lexically inside is refused as soon as something is written through it")
    func linkChain() throws {
        let scratch = try TestWorld()
        try expectRefused(
            archive {
                $0.member("a", type: "5", mode: 0o755)
                $0.member("a/b", type: "2", link: ".")
                $0.member("a/c", type: "2", link: "b/..")
                $0.member("a/c/../canary", content: "x")
            }, in: scratch)
        try expectRefused(
            archive {
                $0.member("one", type: "2", link: "two")
                $0.member("two", type: "2", link: "../canary")
                $0.member("one/secret", content: "evil")
            }, naming: ["'one/secret'"], in: scratch)
    }

    @Test("links that leave the workspace, also lexically hidden ones, are held and never made")
    func leavingLinks() throws {
        let scratch = try TestWorld()
        let canary = try scratch.digest(of: "world/canary")
        try scratch.write(
            "io/a.tar",
            archive {
                $0.member("absolute", type: "2", link: "/etc/passwd")
                $0.member("up", type: "2", link: "../canary/secret")
                $0.member("d", type: "5", mode: 0o755)
                $0.member("d/self", type: "2", link: ".")
                $0.member("d/hidden", type: "2", link: "self/../../canary")
                $0.member("d/inside", type: "2", link: "../kept.txt")
                $0.member("plain", content: "plain")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
        #expect(run.status == 3, "\(run.errors)")
        for name in ["absolute", "up", "d/hidden"] {
            #expect(run.errors.contains("held: \(name): the link leaves the workspace"), "\(run.errors)")
            #expect(!scratch.exists("world/ws/\(name)"))
        }
        #expect(run.errors.contains("--allow-held"))
        #expect(scratch.exists("world/ws/d/inside") && scratch.exists("world/ws/d/self"))
        #expect(scratch.text("world/ws/plain") == "plain")
        #expect(try scratch.digest(of: "world/canary") == canary)
    }

    @Test("nothing is written through a link that the workspace has where the archive has a directory")
    func localLink() throws {
        for policy in ["keep-local", "take-remote", "both"] {
            let scratch = try TestWorld()
            try scratch.link("world/ws/way", to: "../canary")
            try scratch.makeDirectory("world/sandbox/way")
            try scratch.write("world/sandbox/way/secret", "evil")
            let canary = try scratch.digest(of: "world/canary")
            try scratch.write(
                "io/a.tar",
                archive {
                    $0.member("way", type: "5", mode: 0o755)
                    $0.member("way/secret", content: "evil")
                    $0.member("way/new", content: "evil")
                })
            for source in ["tar:io/a.tar", "world/sandbox"] {
                let run = try FerryRun(["sync", "pull", source, "world/ws", "--on-conflict", policy], in: scratch)
                #expect(run.status == (policy == "take-remote" ? 0 : 3), "\(policy) \(source): \(run.errors)")
                #expect(try scratch.digest(of: "world/canary") == canary)
            }
        }
    }

    @Test("hard links to what is not a file before them in the same archive are refused")
    func hardLinks() throws {
        let scratch = try TestWorld()
        let cases: [(String, (inout TarBlockBuilder) -> Void)] = [
            ("out", { $0.member("evil", type: "1", link: "../canary/secret") }),
            ("absolute", { $0.member("evil", type: "1", link: "/etc/passwd") }),
            ("only in the workspace", { $0.member("evil", type: "1", link: "kept.txt") }),
            (
                "later",
                {
                    $0.member("evil", type: "1", link: "later")
                    $0.member("later", content: "x")
                }
            ),
            (
                "a link",
                {
                    $0.member("way", type: "2", link: "kept.txt")
                    $0.member("evil", type: "1", link: "way")
                }
            ),
            (
                "through a link",
                {
                    $0.member("way", type: "2", link: "../canary")
                    $0.member("evil", type: "1", link: "way/secret")
                }
            ),
            (
                "a directory",
                {
                    $0.member("d", type: "5")
                    $0.member("evil", type: "1", link: "d")
                }
            ),
            ("itself", { $0.member("evil", type: "1", link: "evil") }),
            (
                "with data",
                {
                    $0.member("a", content: "x")
                    $0.member("evil", type: "1", content: "data", link: "a")
                }
            ),
        ]
        for (note, body) in cases { try expectRefused(archive(body), naming: ["evil"], in: scratch, note: "\(note)") }
    }

    @Test("a hard link to an excluded file reaches neither the archive's version nor the workspace's")
    func linkToExcluded() throws {
        let scratch = try TestWorld()
        try scratch.write("world/ws/secret.env", "local")
        try scratch.write(
            "io/a.tar",
            archive {
                $0.member("secret.env", content: "remote")
                $0.member("evil", type: "1", link: "secret.env")
                $0.member("plain", content: "plain")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws", "--exclude", "*.env"], in: scratch)
        #expect(run.status == 5, "\(run.errors)")
        #expect(run.errors.contains("'evil'") && run.errors.contains("secret.env"))
        #expect(!scratch.exists("world/ws/evil"))
        #expect(scratch.text("world/ws/secret.env") == "local" && scratch.text("world/ws/plain") == "plain")
    }

    @Test("devices, fifos and sockets are reported and never made; modes keep nine bits; owners are ignored")
    func specialFiles() throws {
        let scratch = try TestWorld()
        try scratch.write(
            "io/a.tar",
            archive {
                $0.member("character", type: "3")
                $0.member("block", type: "4")
                $0.member("fifo", type: "6")
                $0.member(Array("set".utf8), mode: 0o7755, content: [1], patch: [113: 0x37, 114: 0x37])
                $0.member("sticky", type: "5", mode: 0o7700)
                $0.member("none", mode: 0)
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        for name in ["character", "block", "fifo"] {
            #expect(run.errors.contains("'\(name)'") && run.errors.contains("is not carried"))
            #expect(!scratch.exists("world/ws/\(name)"))
        }
        let modes = try Tool.run(
            "/usr/bin/stat", ["-c", "%a %u", "set", "sticky", "none"], directory: scratch.workspace)
        let user = try Tool.run("/usr/bin/id", ["-u"]).text.split(separator: "\n")[0]
        #expect(modes.text == "755 \(user)\n700 \(user)\n0 \(user)\n")
    }

    @Test("members of one name that change their kind are refused; of one kind, the last wins")
    func duplicates() throws {
        let scratch = try TestWorld()
        try expectRefused(
            archive {
                $0.member("twice", content: "x")
                $0.member("twice", type: "2", link: "../canary/secret")
            }, naming: ["'twice' twice"], in: scratch)
        try expectRefused(
            archive {
                $0.member("twice", type: "5", mode: 0o755)
                $0.member("twice", type: "2", link: "../canary")
                $0.member("twice/secret", content: "evil")
            }, naming: ["'twice' twice"], in: scratch)
        try scratch.write(
            "io/a.tar",
            archive {
                $0.member("twice", content: "first")
                $0.member("twice", content: "second")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        #expect(scratch.text("world/ws/twice") == "second")
    }
}
