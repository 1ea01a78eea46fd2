import FerryCore
import FerryFileSystem
import Foundation
import Testing

@testable import FerryCLI
@testable import FerryEngine

private func item(
    _ action: PlanAction, _ path: String, _ kind: EntryKind = .file, changes: EntryChanges = [], target: String? = nil,
    first: String? = nil, held: HeldReason? = nil
) -> SyncItem {
    SyncItem(
        action: action, kind: kind, changes: changes, path: Array(path.utf8), size: 3,
        linkTarget: target.map { Array($0.utf8) }, hardLinkTarget: first.map { Array($0.utf8) }, heldReason: held)
}

@Suite("Output")
struct OutputTests {
    @Test("Itemized lines have rsync's form")
    func itemized() {
        let lines = [
            item(.create, "new"), item(.create, "d", .directory), item(.create, "l", .symlink, target: "to"),
            item(.create, "other", first: "new"), item(.update, "u", changes: [.content, .size, .time]),
            item(.update, "m", changes: [.content, .mode]), item(.changeMode, "d", .directory, changes: [.mode]),
            item(.update, "l", .symlink, changes: [.content], target: "x"), item(.delete, "gone"),
            item(.delete, "gone", .directory), item(.conflict, "c", changes: [.content]),
            item(.held, "h", .symlink, target: "/etc", held: .linkLeavesWorkspace), item(.blocked, "b", .directory),
            item(.changeKind, "k"), item(.create, "line\nfeed\u{1B}"),
        ].map(ItemLine.itemized)
        #expect(
            lines == [
                ">f+++++++++ new", "cd+++++++++ d/", "cL+++++++++ l -> to", "hf+++++++++ other => new", ">fcst...... u",
                ">fc..p..... m", ".d...p..... d/", "cLc........ l -> x", "*deleting   gone", "*deleting   gone/",
                "*conflict   c (both sides have it and differ)",
                "*held       h -> /etc (the link leaves the workspace)",
                "*blocked    b/ (it stays as it is: the warning says why)", ">f+++++++++ k",
                ">f+++++++++ line\\012feed\\033",
            ])
    }

    @Test("A summary names only what happened")
    func summary() {
        var report = SyncReport()
        report.duration = .milliseconds(340)
        report.sourceEntries = 1234
        #expect(SummaryLine.text(report) == "nothing to change; 1,234 entries in 0.34 s")
        report.summary.created = 2
        report.summary.deleted = 1000
        report.summary.conflicts = 1
        report.transferredBytes = 1_234_567
        #expect(SummaryLine.text(report) == "created 2, deleted 1,000, conflicts 1; 1.2 MB in 0.34 s")
    }

    @Test("A dry run's summary tells the bytes that the real run would move")
    func drySummary() {
        var report = SyncReport()
        report.isDryRun = true
        report.summary.created = 1
        report.summary.bytesToWrite = 999
        #expect(SummaryLine.text(report) == "created 1; 999 B in 0.00 s (dry run)")
    }

    @Test("Numbers are rendered for people")
    func quantities() {
        #expect(Quantity.bytes(0) == "0 B")
        #expect(Quantity.bytes(999_949) == "999.9 kB")
        #expect(Quantity.bytes(999_950) == "1.0 MB")
        #expect(Quantity.bytes(.max) == "9.2 EB")
        #expect(Quantity.count(1_234_567) == "1,234,567")
        #expect(Quantity.count(-123) == "-123")
        #expect(Quantity.count(-1234) == "-1,234")
        #expect(Quantity.duration(.seconds(123)) == "2 min 03 s")
        #expect(Quantity.duration(.seconds(7384)) == "2 h 3 min")
    }

    @Test("Progress tells amounts, and the rest of the time when there is something to reckon with")
    func progress() {
        let progress = SyncProgress(
            stage: .transferring, finishedEntries: 500, totalEntries: 1000, finishedBytes: 50_000_000,
            totalBytes: 100_000_000)
        #expect(
            ProgressLine.text(for: progress, elapsed: .seconds(10))
                == "transferring 500 of 1,000 entries, 50.0 MB of 100.0 MB, 5.0 MB/s, 11 s left")
        let scanning = SyncProgress(
            stage: .scanning, finishedEntries: 7, totalEntries: nil, finishedBytes: 0, totalBytes: nil)
        #expect(ProgressLine.text(for: scanning, elapsed: .zero) == "scanning 7 entries")
    }

    @Test("Progress keeps its distance")
    func progressDistance() {
        let start = ContinuousClock.now
        var line = ProgressLine(start: start, interval: .seconds(5))
        let progress = SyncProgress(
            stage: .scanning, finishedEntries: 1, totalEntries: nil, finishedBytes: 0, totalBytes: nil)
        #expect(line.text(for: progress, at: start + .seconds(4)) == nil)
        #expect(line.text(for: progress, at: start + .seconds(5)) != nil)
        #expect(line.text(for: progress, at: start + .seconds(9)) == nil)
        #expect(line.text(for: progress, at: start + .seconds(10)) != nil)
    }

    @Test("A problem's path is told once")
    func problems() {
        let path = Array("a".utf8)
        #expect(ProblemText.text(Problem(.skipped, path: path, message: "skipped: a fifo")) == "'a': skipped: a fifo")
        #expect(ProblemText.text(Problem(.unreadable, path: path, message: "cannot read 'a'")) == "cannot read 'a'")
    }

    @Test("A finding has its level, its subject and what to do")
    func findings() {
        let finding = Finding("git", .warning, "not found", advice: "install git")
        #expect(DoctorCommand.line(finding) == "warn  git                not found; install git")
    }
}

@Suite("JSON events")
struct JSONEventTests {
    @Test("python3 reads every event as it was meant")
    func validity() throws {
        var report = SyncReport()
        report.stageTimes[.scanning] = .milliseconds(1)
        let odd = "quote\" back\\ \u{1}\n\t\u{7F}\u{2028} \u{1F600}"
        let lines = [
            EventPayload.plan(PlanSummary(), destination: Array(odd.utf8)),
            EventPayload.item(
                item(.create, odd, changes: [.content, .size, .time, .mode, .links], target: "t", first: "f")),
            EventPayload.item(item(.conflict, "c")), EventPayload.item(item(.held, "h", held: .gitHook)),
            EventPayload.progress(
                SyncProgress(stage: .applying, finishedEntries: 1, totalEntries: 2, finishedBytes: 3, totalBytes: 4)),
            EventPayload.problem(Problem(.unreadable, path: [0x61, 0xFF], message: odd)),
            EventPayload.digest([0, 255], of: Array("f".utf8)),
            EventPayload.summary(report, destination: [], status: .leftOver),
            EventPayload.error(
                SyncError(Halt(.massDelete, message: odd, examples: [[0xFE]])), destination: nil, status: .halted),
        ].map(\.text)
        #expect(!lines.contains { $0.contains("\n") })

        let script = """
            import base64, json, sys
            lines = [json.loads(line) for line in sys.stdin]
            odd = 'quote" back\\\\ \\x01\\n\\t\\x7f\\u2028 \\U0001F600'
            assert all(list(line) == sorted(line) and line["v"] == 1 for line in lines)
            names = [line["event"] for line in lines]
            expected = ["plan", "item", "conflict", "held", "progress", "problem", "digest", "summary", "error"]
            assert names == expected, names
            assert lines[0]["destination"] == odd and lines[1]["path"] == odd
            assert lines[1]["changes"] == ["content", "size", "time", "mode", "links"]
            assert lines[3]["rule"] == "git-hook"
            assert base64.b64decode(lines[5]["path_b64"]) == b"a\\xff" and lines[5]["path_display"] == "a\\\\377"
            assert "path" not in lines[5]
            assert lines[6]["sha256"] == "00ff"
            assert lines[7]["exit_code"] == 3 and lines[7]["stage_seconds"] == {"scanning": 0.001}
            assert lines[8]["halt"] == "mass-delete"
            """
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["python3", "-c", script]
        process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin", "PYTHONUTF8": "1"]
        let input = Pipe()
        process.standardInput = input
        try process.run()
        input.fileHandleForWriting.write(Data((lines.joined(separator: "\n") + "\n").utf8))
        try input.fileHandleForWriting.close()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
    }

    @Test("Base64 is that of RFC 4648")
    func base64() {
        for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            #expect(Base64.text(Array(text.utf8)) == encoded)
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.text(all) == Data(all).base64EncodedString())
    }

    @Test("Numbers that JSON does not have become null")
    func numbers() {
        #expect(JSONValue.number(.infinity).text == "null")
        #expect(JSONValue.number(1e-7).text == "1e-07")
        #expect(JSONValue.array([1, true, .null, "x"]).text == "[1,true,null,\"x\"]")
    }
}
