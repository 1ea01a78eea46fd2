import Testing

@testable import ferry_bench

@Suite("The README's table")
struct ReadmeSectionTests {
    private let notes = Notes(
        markdown: "# A title\n\nFor readers.\n\n## `scan`\n\nThe kernel\nis busy.\n\n## below the tables\n\nThe end.\n")

    @Test("the same figures and notes give the text on record")
    func golden() throws {
        let text = ReadmeSection(MeasuredRows([SampleReport.report]), notes: notes).markdown
        #expect(try text == Golden.text("readme.md", recording: text))
    }

    @Test("a row below must shows its reason, one without a note that none was found, and one beyond the floor says so")
    func reasons() {
        let text = ReadmeSection(MeasuredRows([SampleReport.report]), notes: notes).markdown
        #expect(text.contains("- `scan`: The kernel is busy."))
        #expect(text.contains("- `stock`: reason not found. *Must* lies beyond the floor here"))
        #expect(!text.contains("- `create`:"))
    }

    @Test("rows that nobody measured are named")
    func missing() {
        let text = ReadmeSection(MeasuredRows([SampleReport.report]), notes: notes).markdown
        #expect(text.contains("Not measured: `create-large`"))
    }

    @Test("the page changes between the comments only")
    func replacing() throws {
        let section = MarkedSection(name: "table")
        let page = "# Title\n<!-- table:begin -->\nold\nolder\n<!-- table:end -->\nrest\n"
        let changed = try section.replace(with: "new\n", in: page)
        #expect(changed == "# Title\n<!-- table:begin -->\nnew\n<!-- table:end -->\nrest\n")
        #expect(try section.replace(with: "new\n", in: changed) == changed)
    }

    @Test(
        "a page without the comments, or with two of them, stays as it is",
        arguments: [
            "", "<!-- table:end -->\n<!-- table:begin -->",
            "<!-- table:begin -->\n<!-- table:begin -->\n<!-- table:end -->",
        ])
    func unmarked(_ page: String) {
        #expect(throws: BenchError.self) { try MarkedSection(name: "table").replace(with: "new", in: page) }
    }

    @Test("of a row that two reports hold, the later report's figures are shown")
    func merging() {
        var later = SampleReport.report
        later.date = "2026-02-02T00:00:00Z"
        later.rows = later.rows.filter { $0.id == "create" }
        let rows = MeasuredRows([SampleReport.report, later])
        #expect(rows.all.count == SampleReport.report.rows.count)
        #expect(rows.all.first { $0.result.id == "create" }?.report.date == later.date)
    }

    @Test("versions are found in what programs say of themselves")
    func versions() {
        #expect(Circumstances.number(in: "OpenSSH_9.2p1 Debian-2+deb12u7, OpenSSL 3.0.17") == "9.2p1")
        #expect(Circumstances.number(in: "rsync  version 3.2.7  protocol version 31") == "3.2.7")
        #expect(Circumstances.number(in: "casync 2") == "2")
        #expect(Circumstances.number(in: "mke2fs 1.47.0 (5-Feb-2023)") == "1.47.0")
    }

    @Test("what passed is read line by line, and nothing noted is an error")
    func wire() throws {
        let wire = try Wire(log: "10 20 1\n1 2 3\n")
        #expect(wire.commands == 2)
        #expect(wire.bytes == 33)
        #expect(wire.roundTrips == 4)
        #expect(throws: BenchError.self) { try Wire(log: "") }
        #expect(throws: BenchError.self) { try Wire(log: "1 2\n") }
    }

    @Test("a row whose bytes grow past the tolerance fails the gate, and so does one whose bytes are not on record")
    func gate() throws {
        var report = SampleReport.report
        report.rows = report.rows.filter { $0.id == "scan" }
        report.rows[0].subjects[0].wire = try Wire(log: "100 0 2\n")
        var thresholds = Thresholds(scale: 1, seed: 1)
        thresholds.record(report)
        #expect(thresholds.judge(report).filter(\.isFailure).isEmpty)
        report.rows[0].subjects[0].wire = try Wire(log: "104 0 2\n")
        #expect(thresholds.judge(report).filter(\.isFailure).count == 1)
        thresholds.rows["scan"]?.bytesOnWire = nil
        #expect(!thresholds.judge(report).filter(\.isFailure).isEmpty)
    }

    @Test("figures are rounded to what they mean")
    func figures() {
        #expect(0.1384.seconds == "0.138 s")
        #expect(1.684.seconds == "1.68 s")
        #expect(12.34.seconds == "12.3 s")
        #expect((1 / 0.45).short == "2.22")
        #expect(4.0.short == "4")
        #expect(1_234_567.grouped == "1,234,567")
    }
}
