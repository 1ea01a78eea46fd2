import TestSupport
import Testing

@Suite("Endpoints that make no sense")
struct BadEndpointTests {
    @Test("a missing source, or one that is a file, halts and never counts as empty")
    func missingSource() throws {
        let world = try TestWorld()
        try world.write("io/file", "x")
        let cases: [([String], [String])] = [
            (["sync", "push", "nowhere", "world/sandbox"], ["'nowhere'", "does not exist", "check the path"]),
            (["sync", "push", "nowhere", "world/sandbox", "--mirror"], ["'nowhere'", "never counts as empty"]),
            (["sync", "push", "nowhere", "tar:io/new.tar"], ["'nowhere'", "does not exist"]),
            (["sync", "pull", "nowhere", "world/ws", "--mirror"], ["'nowhere'", "never counts as empty"]),
            (["sync", "pull", "tar:nowhere.tar", "world/ws"], ["'nowhere.tar'", "No such file"]),
            (["sync", "push", "io/file", "world/sandbox"], ["'io/file'", "is not a directory"]),
            (["sync", "pull", "io/file", "world/ws"], ["'io/file'", "is not a directory"]),
        ]
        for (arguments, words) in cases { try expectUnchanged(arguments, status: 4, naming: words, in: world) }
        #expect(!world.exists("io/new.tar"))
    }

    @Test("a destination that is a file, or below something missing, is left alone")
    func badDestination() throws {
        let world = try TestWorld()
        let cases: [([String], [String])] = [
            (["sync", "push", "world/ws", "world/canary/secret"], ["'world/canary/secret'", "not a directory"]),
            (["sync", "pull", "world/sandbox", "world/canary/secret"], ["'world/canary/secret'", "not a directory"]),
            (["sync", "push", "world/ws", "nowhere/below"], ["'nowhere/below' first", "make the directory above"]),
            (["sync", "push", "world/ws", "tar:nowhere/a.tar"], ["nowhere", "No such file"]),
            (["sync", "push", "world/ws", "tar:world/canary"], ["'world/canary'", "directory"]),
        ]
        for (arguments, words) in cases { try expectUnchanged(arguments, status: 1, naming: words, in: world) }
        let empty = archive { _ in }
        try world.write("io/a.tar", empty)
        try expectUnchanged(
            ["sync", "pull", "tar:io/a.tar", "nowhere/below"], status: 1, naming: ["'nowhere'", "make the directory"],
            in: world)
    }

    @Test("a directory is never synced into itself, by whatever path it is reached")
    func nested() throws {
        let world = try TestWorld()
        try world.link("io/alias", to: "../world/ws")
        let pairs: [(String, String, String)] = [
            ("world/ws", "world/ws", "are the same directory"),
            ("world/ws", "io/alias", "are the same directory"),
            ("world/ws", "world/ws/dir", "lies inside the source"),
            ("world/ws", "world/ws/new", "lies inside the source"),
            ("world/ws", "io/alias/dir/new", "lies inside the source"),
            ("world/ws/dir", "world/ws", "lies inside the destination"),
            ("io/alias/dir", "world/ws", "lies inside the destination"),
        ]
        for direction in ["push", "pull"] {
            for (from, to, words) in pairs where direction == "push" || world.exists(to) {
                try expectUnchanged(
                    ["sync", direction, from, to, "--mirror"], status: 2, naming: [words], in: world,
                    note: "\(direction) \(from) \(to)")
            }
        }
    }

    @Test(
        "a target that cannot be understood is an error that says what to write",
        arguments: [
            ("", ["empty target"]), ("host:/path", ["rsync", "ssh://host/path"]), ("host:path", ["rsync", "ssh://"]),
            ("ftp://host/x", ["unknown scheme", "ssh:"]), ("dir:", ["the path is missing"]),
            ("ssh://-oProxyCommand=x/p", ["option"]), ("docker://-v/x", ["option"]), ("e2b://id", ["e2b://"]),
            ("k8s://ns/pod", ["k8s://"]), ("ssh://host:0/x", ["port"]),
        ])
    func targets(text: String, words: [String]) throws {
        let world = try TestWorld()
        try expectUnchanged(["sync", "push", "world/ws", text], status: 2, naming: words, in: world)
        try expectUnchanged(["sync", "pull", text, "world/ws"], status: 2, naming: words, in: world)
    }

    @Test(
        "what cannot be read or written for lack of permission is named and protected",
        .enabled(if: FerryRun.runsAsRoot, "only root can become nobody; run this test as root too"))
    func permissions() throws {
        let world = try TestWorld()
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        #expect(try Tool.run("/bin/chmod", ["755", world.root]).status == 0)
        #expect(try Tool.run("/bin/chown", ["-R", "65534:65534", world.sandbox]).status == 0)
        let state = ["--state-dir", world.path("state-of-nobody")]
        try world.makeDirectory("state-of-nobody")
        #expect(try Tool.run("/bin/chown", ["65534:65534", state[1]]).status == 0)
        try world.makeDirectory("world/ws/closed")
        try world.write("world/ws/closed/inside", "x")
        try world.write("world/ws/secret", "x")
        #expect(
            try Tool.run("/bin/chmod", ["0", world.path("world/ws/closed"), world.path("world/ws/secret")]).status == 0)

        // Unreadable entries: reported, the rest arrives, nothing is deleted for them.
        try world.makeDirectory("world/sandbox/closed")
        try world.write("world/sandbox/closed/theirs", "x")
        #expect(try Tool.run("/bin/chown", ["-R", "65534:65534", world.sandbox]).status == 0)
        let push = try FerryRun(
            ["sync", "push", "world/ws", "world/sandbox", "--mirror"] + state, in: world, wrapper: nobody)
        #expect(push.status == 5, "\(push.errors)")
        #expect(push.errors.contains("'closed'") && push.errors.contains("'secret'"), "\(push.errors)")
        #expect(world.text("world/sandbox/kept.txt") == "kept")
        #expect(world.exists("world/sandbox/closed/theirs") && !world.exists("world/sandbox/secret"))

        // An unreadable root, and a workspace that this user may not write into.
        try expectUnchanged(
            ["sync", "push", "world/ws/closed", "world/sandbox"] + state, status: 1,
            naming: ["world/ws/closed", "Permission denied"], in: world, wrapper: nobody)
        try expectUnchanged(
            ["sync", "pull", "world/sandbox", "world/canary"] + state, status: 5, naming: ["Permission denied"],
            in: world,
            wrapper: nobody)
    }

    @Test(
        "'-' on a terminal is refused",
        .enabled(
            if: (try? Tool.run("/usr/bin/env", ["script", "-V"]).status) == 0,
            "script(1) makes the terminal; install bsdutils"))
    func terminal() throws {
        let world = try TestWorld()
        for (arguments, words) in [
            ("sync push world/ws -", "redirect it"), ("sync pull - world/ws", "pipe a tar into"),
        ] {
            let before = try world.digest()
            let run = try Tool.run(
                "/usr/bin/env", ["script", "-qec", "\(FerryRun.binary) \(arguments)", "/dev/null"],
                directory: world.root, environment: FerryRun.environment(in: world))
            #expect(run.status == 2 && run.text.contains(words) && run.text.contains("terminal"), "\(run.text)")
            #expect(try world.digest() == before)
        }
    }

    @Test("a reader of a push that goes away is a transport failure")
    func brokenPipe() throws {
        let world = try TestWorld()
        try world.write("world/ws/large", [UInt8](repeating: 5, count: 2 << 20))
        let script = "\"$0\" sync push world/ws - | head -c 10000 >io/head; exit ${PIPESTATUS[0]}"
        let run = try FerryRun.startShell(script, in: world).wait()
        #expect(run.status == 9, "\(run.errors)")
        #expect(run.errors.contains("standard output") && run.errors.contains("whoever read it has gone"))
    }
}
