@testable import ferry_bench

/// Made-up results for the tests of what is printed.
enum SampleReport {
    /// One run with rows of all kinds: met, missed, beyond the floor, absent, failed, growing.
    static let report: Report = {
        var report = Report(
            date: "2026-01-02T03:04:05Z",
            machine: Machine(
                processor: "Test <CPU>", cores: 2, memoryMiB: 2048, kernel: "6.1.0", system: "Debian GNU/Linux 12",
                fileSystem: "ext4"),
            versions: [
                "tar": "tar (GNU tar) 1.34", "find": "find (GNU findutils) 4.9.0", "rsync": nil,
                "bsdtar": "bsdtar 3.6.2 - libarchive 3.6.2", "ferry": "0.1.0", "unison": "unison 2.52",
            ], scale: 1, rounds: 3, seed: 1)
        report.rows = [
            row(
                "scan",
                [
                    subject("ferry", [1, 1.1, 0.9]),
                    subject("find -printf", [2, 2.2, 1.8], .time(of: "find -printf", must: 0.4, aim: 0.3)),
                    subject("floor", [0.5, 0.55, 0.45]),
                ]),
            row(
                "create",
                [
                    subject("ferry", [1, 1, 1]),
                    subject("GNU tar", [3, 3.1, 2.9], .faster(than: "GNU tar", must: 2, aim: 2.8)),
                    failed("bsdtar"), subject("floor", [0.8, 0.8, 0.8]),
                ]),
            row(
                "stock",
                [
                    subject("ferry", [2, 2, 2]),
                    subject("tar | tar", [1.9, 2, 1.8], .faster(than: "tar | tar", must: 1.1, aim: 1.3)),
                    subject("floor", [1.8, 1.8, 1.8]),
                ]),
            row("push-again", [subject("ferry", [0.2, 0.2, 0.2]), absent("rsync -a")]),
            row("growth-scan-10k", [subject("ferry", [0.1]), subject("floor", [0.05])], entries: 10_000),
            row("growth-scan-100k", [subject("ferry", [1.1]), subject("floor", [0.5])], entries: 100_000),
            row("growth-scan-1M", [subject("ferry", [14]), subject("floor", [5])], entries: 1_000_000),
        ]
        return report
    }()

    private static func row(_ id: String, _ subjects: [SubjectResult], entries: Int = 111_311) -> RowResult {
        let ferry = subjects.first?.seconds ?? []
        return RowResult(
            id: id, title: "title of \(id)",
            tree: TreeSummary(profile: .nm, scale: 1, seed: 1, files: entries, bytes: 452_000_000),
            destination: "ext4 (64 MiB) made afresh",
            subjects: subjects.map { subject in
                var subject = subject
                subject.time = Spread(subject.seconds)
                if subject.name != "ferry" { subject.ratio = Spread(zip(subject.seconds, ferry).map { $0 / $1 }) }
                return subject
            })
    }

    private static func subject(_ name: String, _ seconds: [Double], _ goal: Goal? = nil) -> SubjectResult {
        SubjectResult(
            name: name, command: "", seconds: seconds, goal: goal, peakAnonymousKiB: 20_480, peakResidentKiB: 40_960,
            systemCallsPerEntry: 1.25)
    }

    private static func absent(_ name: String) -> SubjectResult {
        SubjectResult(name: name, command: "", absent: "not installed")
    }

    private static func failed(_ name: String) -> SubjectResult {
        SubjectResult(name: name, command: "", failure: "wrong tree")
    }
}
