import Foundation
import TestSupport
import Testing

@Suite("Somebody else at work in the workspace")
struct ConcurrentWriterTests {
    /// Works until the file `io/stop` appears, and writes down which files it is done with.
    ///
    /// It edits files by replacement and in place, makes and renames some, and swaps directories for links to the canary and
    /// back.
    private static let writer = """
        import os, sys, itertools
        root, io = sys.argv[1], sys.argv[2]
        log = open(os.path.join(io, "log"), "w")
        for round in itertools.count():
            if os.path.exists(os.path.join(io, "stop")): break
            for name in range(0, 20, 3):
                path = os.path.join(root, "tree%d" % (round % 4), "file%d" % name)
                text = "mine %d %d" % (round, name)
                try:
                    if round % 2:
                        open(path + ".mine", "w").write(text)
                        os.rename(path + ".mine", path)
                    else:
                        open(path, "w").write(text)
                except (FileNotFoundError, NotADirectoryError): pass
            own = os.path.join(root, "own%d" % round)
            with open(own, "w") as file: file.write("own %d" % round)
            os.rename(own, own + ".kept")
            log.write("own%d.kept\\n" % round); log.flush()
            tree = os.path.join(root, "swap%d" % (round % 4))
            try:
                os.rename(tree, tree + ".aside")
                os.symlink("../canary", tree)
                os.unlink(tree)
                os.rename(tree + ".aside", tree)
            except FileNotFoundError: pass
        """

    private static func fill(_ world: TestWorld, _ root: String, _ text: String) throws {
        for tree in 0..<4 {
            for kind in ["tree", "swap"] {
                try world.makeDirectory("\(root)/\(kind)\(tree)")
                for index in 0..<20 { try world.write("\(root)/\(kind)\(tree)/file\(index)", "\(text) \(index)") }
            }
        }
        // Names that would hurt the canary if they were written through a link to it.
        for tree in 0..<4 {
            try world.write("\(root)/swap\(tree)/secret", "evil \(text)")
            try world.makeDirectory("\(root)/swap\(tree)/hooks")
            try world.write("\(root)/swap\(tree)/hooks/run", "evil \(text)")
        }
    }

    private static func whileWriting(in world: TestWorld, _ root: String, _ body: () throws -> Void) throws {
        let process = try Tool.Running("/usr/bin/env", ["python3", "-c", writer, world.path(root), world.path("io")])
        while process.isRunning, (world.text("io/log") ?? "").isEmpty { usleep(1_000) }
        try body()
        try world.write("io/stop", "")
        #expect(try process.wait().status == 0)
        // Nothing that the writer made is lost.
        for name in (world.text("io/log") ?? "").split(separator: "\n") {
            let number = name.dropFirst(3).prefix { $0 != "." }
            #expect(world.text("\(root)/\(name)") == "own \(number)", "\(name)")
        }
    }

    @Test(
        "through pulls, nothing outside is written and no file that the writer made is lost",
        arguments: ["world/sandbox", "tar:io/a.tar"])
    func pulls(source: String) throws {
        let world = try TestWorld()
        try Self.fill(world, "world/ws", "before")
        try Self.fill(world, "world/sandbox", "remote")
        #expect(try FerryRun(["sync", "push", "world/sandbox", "tar:io/a.tar"], in: world).status == 0)
        let canary = try world.digest(of: "world/canary")
        let sandbox = try world.digest(of: "world/sandbox")
        try Self.whileWriting(in: world, "world/ws") {
            for round in 0..<60 {
                let flags =
                    round % 3 == 2 ? ["--mirror", "--preserve-absent", "own*"] : ["--on-conflict", "take-remote"]
                let run = try FerryRun(["sync", "pull", source, "world/ws"] + flags, in: world)
                #expect([0, 3, 5, 6].contains(run.status), "\(run.status) \(run.errors)")
            }
        }
        #expect(try world.digest(of: "world/canary") == canary)
        #expect(try world.digest(of: "world/sandbox") == sandbox)
        // At rest, one more pull makes it whole, and nothing temporary is left.
        let last = try FerryRun(
            ["sync", "pull", source, "world/ws", "--mirror", "--preserve-absent", "own*"], in: world)
        #expect(last.status == 0, "\(last.errors)")
        for tree in 0..<4 { #expect(world.text("world/ws/tree\(tree)/file3") == "remote 3") }
        #expect(try Tool.run("/usr/bin/find", [world.root, "-name", ".ferry-tmp-*"]).text == "")
    }

    @Test("a pull that keeps local versions never loses an edit")
    func keepLocal() throws {
        let world = try TestWorld()
        try Self.fill(world, "world/ws", "before")
        try Self.fill(world, "world/sandbox", "remote")
        try Self.whileWriting(in: world, "world/ws") {
            for _ in 0..<60 {
                let run = try FerryRun(["sync", "pull", "world/sandbox", "world/ws"], in: world)
                // Once a conflict's other version has been kept, the next pull has nothing to say of it.
                #expect([0, 3, 5, 6].contains(run.status), "\(run.status) \(run.errors)")
            }
        }
        for tree in 0..<4 {
            for index in 0..<20 {
                let text = world.text("world/ws/tree\(tree)/file\(index)") ?? ""
                #expect(text.hasPrefix("mine") || text.hasPrefix("before"), "\(text)")
            }
        }
    }

    @Test("through pushes, the workspace and what lies outside are only read, and the last push makes both equal")
    func pushes() throws {
        let world = try TestWorld()
        try Self.fill(world, "world/ws", "before")
        let canary = try world.digest(of: "world/canary")
        try Self.whileWriting(in: world, "world/ws") {
            for round in 0..<60 {
                let target = round % 2 == 0 ? "world/sandbox" : "tar:io/a.tar"
                let run = try FerryRun(
                    ["sync", "push", "world/ws", target, "--mirror", "--allow", "mass-delete"], in: world)
                #expect([0, 5, 6].contains(run.status), "\(run.status) \(run.errors)")
            }
        }
        #expect(try world.digest(of: "world/canary") == canary)
        #expect(try FerryRun(["sync", "push", "world/ws", "world/sandbox", "--mirror"], in: world).status == 0)
        #expect(try Tool.run("/usr/bin/diff", ["-r", world.workspace, world.sandbox]).status == 0)
        // What was behind the links never came in.
        #expect(try Tool.run("/bin/grep", ["-rlx", "secret", world.sandbox]).text == "")
        #expect(try Tool.run("/usr/bin/find", [world.root, "-name", ".ferry-tmp-*"]).text == "")
    }
}
