import Foundation
import Testing

@Suite("The command line: status, diff and verify")
struct CommandLineCompareTests {
    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write(["ws/same": "same\n", "ws/gone": "gone\n", "ws/sub/text": "one\ntwo\nthree\n"])
        #expect(try ferry("push", "ws", "box").status == 0)
        try scratch.write([
            "box/sub/text": "one\n2\nthree", "ws/mine": "mine\n", "box/b\u{E9}": "new\n", "ws/same": "x\n",
        ])
        try FileManager.default.removeItem(at: scratch.url.appending(path: "box/gone"))
        try FileManager.default.createSymbolicLink(
            atPath: scratch.url.appending(path: "box/evil").path, withDestinationPath: "/etc/passwd")
    }

    private func ferry(_ arguments: String...) throws -> CommandLineTool.Outcome {
        try CommandLineTool.ferry(
            ["sync"] + arguments + ["--state-dir", scratch.url.path + "/state"], in: scratch.url,
            environment: ["NO_COLOR": "1", "TERM": "dumb"])
    }

    private static let halt =
        "a push would halt: 2 entries of the sandbox changed there and would be overwritten, deleted or brought back"
        + " before anybody pulled the change; pull first, or let it through with --allow overwrite-sandbox"

    private static let status = """
        \(halt)
          >f+++++++++ gone
          >f+++++++++ mine
          >fcst...... same
          >fcst...... sub/text
        a pull would create 1, update 1, delete 1, held 1; 15 B
          >f+++++++++ b\u{E9}
          *held       evil -> /etc/passwd (the link leaves the workspace)
          *deleting   gone
          >fcst...... sub/text
        since the last sync: 2 changed in the workspace, 4 in the sandbox

        """

    private static let diff = #"""
        diff --git "a/b\303\251" "b/b\303\251"
        new file mode 100644
        index 0000000..3e75765
        --- /dev/null
        +++ "b/b\303\251"
        @@ -0,0 +1 @@
        +new
        diff --git a/evil b/evil
        new file mode 120000
        index 0000000..3594e94
        --- /dev/null
        +++ b/evil
        @@ -0,0 +1 @@
        +/etc/passwd
        \ No newline at end of file
        diff --git a/gone b/gone
        deleted file mode 100644
        index 286c5f5..0000000
        --- a/gone
        +++ /dev/null
        @@ -1 +0,0 @@
        -gone
        diff --git a/mine b/mine
        deleted file mode 100644
        index 351be5b..0000000
        --- a/mine
        +++ /dev/null
        @@ -1 +0,0 @@
        -mine
        diff --git a/same b/same
        index 587be6b..1275430 100644
        --- a/same
        +++ b/same
        @@ -1 +1 @@
        -x
        +same
        diff --git a/sub/text b/sub/text
        index 4cb29ea..a623a0b 100644
        --- a/sub/text
        +++ b/sub/text
        @@ -1,3 +1,3 @@
         one
        -two
        -three
        +2
        +three
        \ No newline at end of file

        """#

    @Test("Status prints what a push and a pull would do, each in the lines of a dry run")
    func status() throws {
        let outcome = try ferry("status", "ws", "box")
        #expect(outcome.output == Self.status, "\(outcome.output)\(outcome.error)")
        #expect(outcome.status == 0)
        let pull = try ferry("pull", "-n", "-i", "box", "ws")
        for line in pull.output.split(separator: "\n").dropLast() { #expect(outcome.output.contains("  \(line)\n")) }
    }

    @Test("Diff prints what git would, and only names when that is asked for")
    func diff() throws {
        let outcome = try ferry("diff", "ws", "box")
        #expect(outcome.status == 0 && outcome.output == Self.diff, "\(outcome.error)")
        let names = try ferry("diff", "--name-only", "ws", "box")
        #expect(names.output == "\"b\\303\\251\"\nevil\ngone\nmine\nsame\nsub/text\n")
        let excluded = try ferry("diff", "--name-only", "--exclude", "*e", "ws", "box")
        #expect(excluded.output == "\"b\\303\\251\"\nevil\nsub/text\n")
    }

    @Test("Verify prints what differs and exits with 8, and with 0 when nothing does")
    func verify() throws {
        let outcome = try ferry("verify", "ws", "box")
        #expect(outcome.status == 8)
        #expect(
            outcome.output.hasPrefix(
                """
                only in the sandbox: b\u{E9}
                only in the sandbox: evil
                only in the workspace: gone
                only in the workspace: mine
                differs: same (content)
                differs: sub/text (content)
                not equal: 6 entries differ in 
                """), "\(outcome.output)")
        #expect(try ferry("push", "ws", "fresh").status == 0)
        let equal = try ferry("verify", "ws", "fresh")
        #expect(equal.status == 0 && equal.output.hasPrefix("equal: 5 entries in "), "\(equal.output)")
    }

    @Test("Programs get events: each direction's plan and items, differences with patches, and a summary")
    func json() throws {
        let status = try ferry("status", "--json", "ws", "box").output.split(separator: "\n")
        #expect(status.count == 11)
        #expect(status[0].contains("\"direction\":\"push\"") && status[0].contains("\"halt\":\"overwrite-sandbox\""))
        #expect(status[10].contains("\"event\":\"summary\"") && status[10].contains("\"remote_changes\":4"))
        let diff = try ferry("diff", "--json", "ws", "box").output.split(separator: "\n")
        #expect(diff.count == 7 && diff[4].contains("\"patch\":\"diff --git a/same b/same\\n"))
        let verify = try ferry("verify", "--json", "ws", "box")
        #expect(verify.status == 8 && verify.output.contains("\"equal\":false,\"event\":\"summary\",\"exit_code\":8"))
    }

    @Test("A stream can be read only once, and a sandbox that is missing is not an empty one")
    func refused() throws {
        #expect(try ferry("diff", "ws", "-").status == 2)
        let missing = try ferry("verify", "ws", "missing")
        #expect(missing.status == 4 && missing.error.contains("never counts as empty"))
    }

    @Test("with --exit-code status and diff end with 8 where there is something, and with 0 where there is nothing")
    func exitCode() throws {
        #expect(try ferry("diff", "ws", "box").status == 0 && ferry("status", "ws", "box").status == 0)
        #expect(try ferry("diff", "ws", "box", "--exit-code").status == 8)
        #expect(try ferry("status", "ws", "box", "--exit-code", "-q").status == 8)
        #expect(try ferry("push", "ws", "fresh").status == 0)
        #expect(try ferry("diff", "ws", "fresh", "--exit-code").status == 0)
        #expect(try ferry("status", "ws", "fresh", "--exit-code").status == 0)
        #expect(try ferry("diff", "ws", "missing", "--exit-code").status == 4)
    }
}
