import Foundation
import Testing

@Suite("The command line: syncs")
struct CommandLineSyncTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write(["a/file": "one", "a/sub/other": "two", "a/.DS_Store": "x"])
    }

    @Test("A dry run prints the items of the real run and changes nothing")
    func dryRun() throws {
        let dry = try CommandLineTool.ferry("sync", "push", "-n", "-i", "a", "b", in: scratch.url)
        #expect(dry.status == 0)
        #expect(scratch.read("b/file") == nil)
        let real = try CommandLineTool.ferry("sync", "push", "-i", "a", "b", in: scratch.url)
        #expect(scratch.read("b/file") == "one")
        #expect(scratch.read("b/.DS_Store") == nil)
        let items = [">f+++++++++ file", "cd+++++++++ sub/", ">f+++++++++ sub/other"]
        #expect(dry.output.split(separator: "\n").dropLast().map(String.init) == items)
        #expect(real.output.split(separator: "\n").dropLast().map(String.init) == items)
    }

    @Test("Several destinations are reported one by one, and the worst exit code counts")
    func severalDestinations() throws {
        try scratch.write(["busy/file": "different"])
        let outcome = try CommandLineTool.ferry("sync", "push", "a", "b", "busy", "c", in: scratch.url)
        #expect(outcome.status == 4)
        #expect(outcome.output.contains("b: created 3"))
        #expect(outcome.error.contains("busy: "))
        #expect(outcome.output.contains("c: created 3"))
        #expect(scratch.read("busy/file") == "different")
    }

    @Test("Rules count in the order of the command line")
    func ruleOrder() throws {
        let outcome = try CommandLineTool.ferry(
            "sync", "push", "a", "b", "-i", "--exclude", "*", "--include", "file", in: scratch.url)
        #expect(outcome.output.contains("file"))
        #expect(!outcome.output.contains("other"))
        let reversed = try CommandLineTool.ferry(
            "sync", "push", "a", "c", "-i", "--include", "file", "--exclude", "*", in: scratch.url)
        #expect(!reversed.output.contains("file"))
    }

    @Test("A pull without rules goes by those of the last push, one with rules by its own")
    func inheritedRules() throws {
        let state = ["--state-dir", scratch.url.path + "/state"]
        func ferry(_ arguments: String...) throws -> CommandLineTool.Outcome {
            try CommandLineTool.ferry(arguments + state, in: scratch.url)
        }
        #expect(try ferry("sync", "push", "a", "b", "--exclude", "*.log").status == 0)
        try scratch.write(["b/new": "new", "b/x.log": "log"])
        #expect(try ferry("sync", "pull", "b", "a").status == 0)
        #expect(scratch.read("a/new") == "new" && scratch.read("a/x.log") == nil)
        #expect(try ferry("sync", "pull", "b", "a", "--exclude", "nothing").status == 0)
        #expect(scratch.read("a/x.log") == "log")
    }

    @Test("A workspace's .ferry.toml leaves out and limits; one that says more than it may is refused")
    func workspaceConfiguration() throws {
        let state = ["--state-dir", scratch.url.path + "/state"]
        try scratch.write(["a/.ferry.toml": "exclude = [\"sub/\"]\n[limits]\nmax-delete = 0\n"])
        let first = try CommandLineTool.ferry(["sync", "push", "a", "b"] + state, in: scratch.url)
        #expect(first.status == 0 && scratch.read("b/file") == "one" && scratch.read("b/sub/other") == nil)
        try FileManager.default.removeItem(at: scratch.url.appending(path: "a/file"))
        let second = try CommandLineTool.ferry(["sync", "push", "a", "b"] + state, in: scratch.url)
        #expect(second.status == 4 && scratch.read("b/file") == "one")
        let given = try CommandLineTool.ferry(["sync", "push", "a", "b", "--max-delete", "1"] + state, in: scratch.url)
        #expect(given.status == 0 && scratch.read("b/file") == nil)
        try scratch.write(["a/.ferry.toml": "[profiles.x]\ncommand = [\"sh\"]\n"])
        let refused = try CommandLineTool.ferry(["sync", "push", "a", "b"] + state, in: scratch.url)
        #expect(refused.status == 2 && refused.error.contains("config.toml"))
    }

    @Test("A variable stands for an argument that is not given, and one without sense is refused")
    func variables() throws {
        let refused = try CommandLineTool.ferry(
            ["sync", "push", "a", "b"], in: scratch.url, environment: ["FERRY_COMPRESS": "much"])
        #expect(refused.status == 2 && refused.error.contains("FERRY_COMPRESS"))
        let given = try CommandLineTool.ferry(
            ["sync", "push", "a", "b", "--compress", "none"], in: scratch.url, environment: ["FERRY_COMPRESS": "much"])
        #expect(given.status == 0)
    }

    @Test("A list of files comes from standard input")
    func filesFrom() throws {
        let outcome = try CommandLineTool.ferry(
            "sync", "push", "a", "b", "--files-from", "-", in: scratch.url, input: "sub/\n")
        #expect(outcome.status == 0)
        #expect(scratch.read("b/sub/other") == "two")
        #expect(scratch.read("b/file") == nil)
    }

    @Test("A tar on standard output leaves reports to standard error")
    func stream() throws {
        let outcome = try CommandLineTool.shell("\"$FERRY\" sync push a - -i | tar tf -", in: scratch.url)
        #expect(outcome.output == "file\nsub/\nsub/other\n")
        #expect(outcome.error.contains(">f+++++++++ file"))
    }

    @Test("Conflicts and held entries exit with 3 and say what to do")
    func leftOver() throws {
        try scratch.write(["b/file": "changed"])
        try FileManager.default.createSymbolicLink(
            atPath: scratch.url.appending(path: "b/evil").path, withDestinationPath: "/etc/passwd")
        let outcome = try CommandLineTool.ferry("sync", "pull", "b", "a", in: scratch.url)
        #expect(outcome.status == 3)
        #expect(outcome.error.contains("conflict: file: both sides have it and differ"))
        #expect(outcome.error.contains("held: evil: the link leaves the workspace"))
        #expect(outcome.error.contains("--on-conflict") && outcome.error.contains("--allow-held"))
        #expect(scratch.read("a/file") == "one")
    }

    @Test("Every line of --json is an object with a version")
    func json() throws {
        let outcome = try CommandLineTool.shell(
            "\"$FERRY\" sync push a b --json | python3 -c 'import json, sys; print(*[json.loads(l)[\"event\"] for l in sys.stdin])'",
            in: scratch.url)
        #expect(outcome.output == "plan item item item summary\n")
        #expect(outcome.error.isEmpty)
    }

    @Test("Names that are not UTF-8 arrive byte for byte")
    func bytes() throws {
        let outcome = try CommandLineTool.shell(
            "printf 1 > $'a/\\xff'; \"$FERRY\" sync push a $'b\\xfe' -v && cat $'b\\xfe/\\xff'", in: scratch.url)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("\\377"))
        #expect(outcome.output.hasSuffix("1"))
    }

    @Test("Output that cannot be written is an error, and the sync is done all the same")
    func fullOutput() throws {
        let outcome = try CommandLineTool.shell("\"$FERRY\" sync push a b -i > /dev/full", in: scratch.url)
        #expect(outcome.status == 1)
        #expect(outcome.error.contains("cannot write to standard output"))
        #expect(scratch.read("b/file") == "one")
    }

    @Test("A closed standard output does not end the sync")
    func closedOutput() throws {
        let outcome = try CommandLineTool.shell("\"$FERRY\" sync push a b -i >&-", in: scratch.url)
        #expect(outcome.status == 1)
        #expect(scratch.read("b/file") == "one")
        #expect(scratch.read("b/sub/other") == "two")
    }

    @Test("A quiet sync that succeeds says nothing")
    func quiet() throws {
        let outcome = try CommandLineTool.ferry("sync", "push", "a", "b", "-q", in: scratch.url)
        #expect(outcome.status == 0)
        #expect(outcome.output.isEmpty && outcome.error.isEmpty)
    }

    @Test("The rule that leaves a path out is named with its place")
    func checkIgnore() throws {
        try scratch.write(["a/.ferryignore": "# mine\n*.log\n!keep.log\n"])
        let outcome = try CommandLineTool.ferry(
            "check-ignore", "-C", "a", "x.log", "keep.log", "file", ".DS_Store", ".ferry-runtime/x", in: scratch.url)
        #expect(outcome.status == 0)
        #expect(
            outcome.output == """
                .ferryignore:2:*.log\tx.log
                .ferryignore:3:!keep.log\tkeep.log
                built-in default::.DS_Store\t.DS_Store
                always left out::.ferry-runtime\t.ferry-runtime/x

                """)
        let none = try CommandLineTool.ferry("check-ignore", "-C", "a", "-n", "file", in: scratch.url)
        #expect(none.status == 1)
        #expect(none.output == "::\tfile\n")
    }

    @Test("The doctor looks and leaves nothing behind")
    func doctor() throws {
        let outcome = try CommandLineTool.ferry("doctor", "a", in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("libarchive") && outcome.output.contains("openat2"))
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.url.appending(path: "a").path)
        #expect(names.sorted() == [".DS_Store", "file", "sub"])
        #expect(try CommandLineTool.ferry("doctor", "missing", in: scratch.url).status == 1)
    }
}
