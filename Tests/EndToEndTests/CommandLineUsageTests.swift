import Foundation
import Testing

@Suite("The command line: usage")
struct CommandLineUsageTests {
    @Test("The version is printed on standard output")
    func version() throws {
        let outcome = try CommandLineTool.ferry("--version")
        #expect(outcome.status == 0)
        #expect(outcome.output.split(separator: ".").count == 3)
        #expect(outcome.error.isEmpty)
    }

    @Test(
        "Usage errors exit with 2, tell standard error why and print no data",
        arguments: [
            (["--nonsense"], "--nonsense"), (["sync", "push"], "<src>"), (["sync", "push", "a"], "<dst>"),
            (["sync", "push", "a", "b", "--nonsense"], "--nonsense"),
            (["sync", "push", "a", "s3://b/c"], "the known ones are"),
            (["sync", "push", "a", "host:/path"], "ssh://host/path"),
            (["sync", "pull", "host:/path", "a"], "ssh://host/path"),
            (["sync", "push", "a", "e2b://c/p"], "e2b"),
            (["sync", "push", "a", "ssh://-x/p"], "begins with '-'"), (["sync", "push", "tar:a", "b"], "workspace"),
            (["sync", "push", "a", "-", "-"], "twice"), (["sync", "push", "a", "b", "--allow", "x"], "mass-delete"),
            (["sync", "push", "a", "b", "--bwlimit", "fast"], "--bwlimit"),
            (["sync", "push", "a", "b", "--deadline", "0"], "--deadline"),
            (["sync", "push", "a", "b", "--delete", "--no-delete"], "exclude each other"),
            (["sync", "push", "a", "b", "-0"], "--files-from"),
            (["sync", "push", "a", "b", "--exclude-from", "/no/such/file"], "--exclude-from"),
            (["sync", "pull", "-", "b", "--exclude-from", "-"], "twice"),
            (["sync", "pull", "a", "b", "--on-conflict", "x"], "keep-local"), (["completion", "tcsh"], "tcsh"),
        ])
    func usage(arguments: [String], message: String) throws {
        let quoted = arguments.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        let outcome = try CommandLineTool.shell("\"$FERRY\" \(quoted)")
        #expect(outcome.status == 2)
        #expect(outcome.error.contains(message), "\(outcome.error)")
        #expect(outcome.output.isEmpty)
    }

    @Test("Starting up loads neither libarchive nor libcurl nor the forty libraries that they need")
    func libraries() throws {
        let outcome = try CommandLineTool.shell("LD_TRACE_LOADED_OBJECTS=1 \"$FERRY\" --version")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("libc.so"), "\(outcome.output)")
        for library in ["libarchive", "libcurl", "libssl", "libxml2"] {
            #expect(!outcome.output.contains(library), "\(outcome.output)")
        }
    }

    @Test("A source that is missing halts and never counts as empty")
    func missingSource() throws {
        let scratch = try Scratch()
        try scratch.write(["b/keep": "x"])
        for verb in ["push", "pull"] {
            let outcome = try CommandLineTool.ferry("sync", verb, "missing", "b", "--mirror", in: scratch.url)
            #expect(outcome.status == 4)
            #expect(outcome.error.contains("'missing' does not exist"))
        }
        #expect(scratch.read("b/keep") == "x")
    }

    @Test("Help goes to standard output", arguments: ["--help", "help"])
    func help(argument: String) throws {
        let outcome = try CommandLineTool.ferry(argument)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("SUBCOMMANDS"))
        #expect(outcome.error.isEmpty)
    }

    @Test("The completion script for bash can be sourced and completes")
    func completion() throws {
        let scratch = try Scratch()
        let outcome = try CommandLineTool.shell(
            "set -e; \"$FERRY\" completion bash > c; source ./c; complete -p ferry", in: scratch.url)
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("ferry"))
    }

    @Test("Completion scripts exist for the other shells", arguments: ["zsh", "fish"])
    func otherShells(shell: String) throws {
        let outcome = try CommandLineTool.ferry("completion", shell)
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("ferry"))
    }

    @Test("Colour is used when it is asked for, and never on a pipe unasked")
    func color() throws {
        let scratch = try Scratch()
        func push(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
            let quoted = arguments.joined(separator: " ")
            let variables = environment.map { "\($0)=\($1) " }.joined()
            return try CommandLineTool.shell("\(variables)\"$FERRY\" sync push missing b \(quoted)", in: scratch.url)
                .error
        }
        #expect(try !push().contains("\u{1B}"))
        #expect(try push("--color", "always").contains("\u{1B}[1;31mhalted:"))
        #expect(try push("--color", "always", environment: ["NO_COLOR": "1"]).contains("\u{1B}"))
        #expect(try !push("--color", "never").contains("\u{1B}"))
    }

    @Test("On a terminal NO_COLOR and TERM=dumb turn colour off")
    func terminalColor() throws {
        let scratch = try Scratch()
        // script(1) gives the command a terminal.
        func errors(_ variables: String) throws -> String {
            try CommandLineTool.shell(
                "\(variables) script -qec \"'$FERRY' sync push missing b\" /dev/null </dev/null", in: scratch.url
            ).output
        }
        let colored = try errors("env -u NO_COLOR TERM=xterm")
        #expect(colored.contains("\u{1B}[1;31m"), "\(colored)")
        #expect(try !errors("TERM=xterm NO_COLOR=1").contains("\u{1B}"))
        #expect(try !errors("TERM=dumb").contains("\u{1B}"))
    }

    @Test("A tar is neither written to nor read from a terminal")
    func terminalStream() throws {
        let scratch = try Scratch()
        try scratch.write(["a/x": "1"])
        let push = try CommandLineTool.shell(
            "script -qec \"'$FERRY' sync push a -\" /dev/null </dev/null", in: scratch.url)
        #expect(push.status == 2)
        #expect(push.output.contains("which is a terminal"))
    }
}
