import FerryCore
import FerryRuntime
import Testing

@testable import FerryEngine

@Suite("Lines of progress of managed runtimes")
struct RuntimeProgressTests {
    private func event(_ bytes: Int64, of total: Int64 = 1_000_000) -> SyncEvent {
        .progress(
            SyncProgress(
                stage: .transferring, finishedEntries: 0, totalEntries: 10, finishedBytes: bytes, totalBytes: total))
    }

    @Test("there is at most one line each 10 %, they never go back, and one is final")
    func steps() {
        let start = ContinuousClock.now
        var progress = RuntimeProgress("prepare", parts: 2, now: start)
        var lines: [RuntimeProgress.Line] = []
        for part in [RuntimePart.workspace, .asset("a")] {
            #expect(progress.line(for: .plan(PlanSummary()), of: part, now: start) == nil)
            for bytes in stride(from: Int64(0), through: 1_000_000, by: 100) {
                if let line = progress.line(for: event(bytes), of: part, now: start) { lines.append(line) }
            }
            // A second look, as when a file changed.
            if let line = progress.line(for: event(1), of: part, now: start) { lines.append(line) }
        }
        #expect(lines.count == 9 && lines.allSatisfy { !$0.isFinal })
        #expect(lines.map { $0.percent / 10 } == Array(1...9))
        let last = progress.finish(.done, now: start + .seconds(2))
        #expect(last?.isFinal == true && last?.percent == 100 && last?.text.contains("2.0 s") == true)
        #expect(progress.finish(.done) == nil)
        #expect(progress.line(for: event(5), of: .workspace, now: start + .seconds(60)) == nil)
    }

    @Test("parts that travel together count as one")
    func joint() {
        let start = ContinuousClock.now
        var progress = RuntimeProgress("prepare", parts: 3, now: start)
        for _ in 0..<3 { _ = progress.line(for: .plan(PlanSummary()), of: .workspace, now: start) }
        let percents = stride(from: Int64(0), through: 1_000_000, by: 1_000).compactMap {
            progress.line(for: event($0), of: .workspace, now: start)?.percent
        }
        #expect(percents.map { $0 / 10 } == Array(1...9))
    }

    @Test("where it goes slowly there is one line each 5 s")
    func silence() {
        let start = ContinuousClock.now
        var progress = RuntimeProgress("prepare", parts: 1, now: start)
        var count = 0
        for tenth in 0..<200 {
            let now = start + .milliseconds(100 * tenth)
            if progress.line(for: event(Int64(tenth)), of: .workspace, now: now) != nil { count += 1 }
        }
        // The first tenth, reached at once, and the silences after it.
        #expect(count == 4)
    }

    @Test("a run that fails ends with one line that does not claim to be done")
    func failure() {
        var progress = RuntimeProgress("restore", parts: 1)
        _ = progress.line(for: event(500_000), of: .workspace)
        let last = progress.finish(.failed)
        #expect(last?.isFinal == true && (last?.percent ?? 100) < 100 && last?.text.contains("failed") == true)
        #expect(progress.finish(.failed) == nil)
    }
}
