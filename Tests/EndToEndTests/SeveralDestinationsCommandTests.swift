import Foundation
import TestSupport
import Testing

/// `ferry sync push SRC DST DST…`.
@Suite("The command line: several destinations")
struct SeveralDestinationsCommandTests {
    private static let hasStrace = (try? Tool.run("/usr/bin/env", ["strace", "-V"]).status) == 0

    private let scratch: Scratch

    init() throws {
        scratch = try Scratch()
        try scratch.write(["a/file": "one", "a/sub/other": "two"])
    }

    private func ferry(_ arguments: String...) throws -> CommandLineTool.Outcome {
        try CommandLineTool.ferry(arguments + ["--state-dir", scratch.url.path + "/state"], in: scratch.url)
    }

    @Test("What is told of one comes together, in the order in which they were named")
    func order() throws {
        let outcome = try ferry("sync", "push", "-i", "a", "d1", "d2", "d3", "d4", "d5", "d6")
        #expect(outcome.status == 0, "\(outcome.error)")
        let items = [">f+++++++++ file", "cd+++++++++ sub/", ">f+++++++++ sub/other"]
        let lines = outcome.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 24, "\(outcome.output)")
        for index in 0..<6 {
            #expect(Array(lines[index * 4..<index * 4 + 3]) == items)
            #expect(lines[index * 4 + 3].hasPrefix("d\(index + 1): created 3"))
        }
        let json = try ferry("sync", "push", "--json", "a", "d1", "d2", "d3")
        let ends = json.output.split(separator: "\n").filter { $0.contains("\"event\":\"summary\"") }
        #expect(ends.count == 3)
        for (index, line) in ends.enumerated() { #expect(line.contains("\"d\(index + 1)\""), "\(line)") }
    }

    @Test("A destination that is named twice is refused with exit code 2, before any change")
    func twice() throws {
        for destinations in [["b", "c", "b"], ["b", "./b/"], ["b", "b/inner"], ["tar:x.tar", "tar:./x.tar"]] {
            let outcome = try CommandLineTool.ferry(["sync", "push", "a"] + destinations, in: scratch.url)
            #expect(outcome.status == 2, "\(destinations): \(outcome.error)")
            #expect(outcome.error.contains("nothing was changed"), "\(outcome.error)")
        }
        #expect(scratch.read("b/file") == nil && scratch.read("c/file") == nil && scratch.read("x.tar") == nil)
    }

    @Test("The code that counts most is the command's, whichever destination it comes from")
    func exitCode() throws {
        try scratch.write(["busy/file": "different", "file": "in the way"])
        #expect(try ferry("sync", "push", "a", "b", "busy", "file").status == 4)
        #expect(scratch.read("b/sub/other") == "two")
        #expect(try ferry("sync", "push", "a", "file", "c").status == 1)
        #expect(scratch.read("c/sub/other") == "two")
    }

    @Test("Standard output can be one of them")
    func stream() throws {
        let outcome = try CommandLineTool.shell("\"$FERRY\" sync push -q a b - c | tar -tf - | sort", in: scratch.url)
        #expect(outcome.output.contains("sub/other"), "\(outcome.error)")
        #expect(scratch.read("b/file") == "one" && scratch.read("c/file") == "one")
    }

    @Test("The workspace is listed once for all", .enabled(if: hasStrace, "needs strace: scripts/setup.sh --tests"))
    func oneScan() throws {
        // Below the root, which each of them looks at for what a killed sync left. Enough that none is done before the last has begun.
        try scratch.write(Dictionary(uniqueKeysWithValues: (0..<800).map { ("a/sub/more\($0)", "content") }))
        func listings(_ destinations: String) throws -> Int {
            // A state directory of its own: what was remembered of the workspace would not be listed again.
            let state = "FERRY_STATE_DIR=\"$PWD/state\(destinations.count)\""
            let trace = "strace -f -qq -y -e trace=getdents64 -o trace"
            let outcome = try CommandLineTool.shell(
                "\(state) \(trace) \"$FERRY\" sync push -q a \(destinations) && grep -c '/a/sub>' trace",
                in: scratch.url)
            return try #require(
                Int(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(outcome.error)")
        }
        let one = try listings("b")
        #expect(one > 0)
        #expect(try listings("c d e f") == one)
    }

    @Test(
        "What a killed pull left is put right once, before all of them",
        .enabled(if: hasStrace, "needs strace: scripts/setup.sh --tests"))
    func recovery() throws {
        var recovered = 0
        for number in 1...8 {
            let name = "w\(number)"
            let script = """
                mkdir -p \(name)/ws/sub \(name)/new/sub
                for f in 1 2 3 sub/4 sub/5; do echo old >\(name)/ws/$f; echo newer >\(name)/new/$f; done
                cd \(name)
                strace -f -qq -o trace -e inject=renameat2:signal=KILL:when=\(number) "$FERRY" sync pull -q --mirror \
                    --allow mass-delete --state-dir state new ws
                "$FERRY" sync push --state-dir state ws d1 d2 d3 d4
                """
            let outcome = try CommandLineTool.shell(script, in: scratch.url)
            #expect(outcome.status == 0, "\(number): \(outcome.error)")
            let notes = outcome.error.components(separatedBy: "a sync of this workspace was killed").count - 1
            #expect(notes <= 1, "\(number): \(outcome.error)")
            recovered += notes
            let kept = scratch.read("\(name)/ws/sub/5")
            for place in 1...4 {
                #expect(scratch.read("\(name)/d\(place)/sub/5") == kept)
                #expect(scratch.read("\(name)/d\(place)/1") == scratch.read("\(name)/ws/1"))
            }
        }
        #expect(recovered > 0)
    }
}
