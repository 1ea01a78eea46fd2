import FerryCore
import Testing

@testable import FerryCLI
@testable import FerryEngine

@Suite("Exit codes")
struct ExitStatusTests {
    @Test("Of several, the one that counts most is taken, in both orders")
    func precedence() {
        let order: [Int32] = [10, 9, 124, 4, 8, 3, 5, 6, 0]
        for (index, stronger) in order.enumerated() {
            for weaker in order[index...] {
                #expect(ExitStatus(code: stronger).combined(with: ExitStatus(code: weaker)).code == stronger)
                #expect(ExitStatus(code: weaker).combined(with: ExitStatus(code: stronger)).code == stronger)
            }
        }
    }

    @Test("A signal counts more than everything else, an error more than what is left over")
    func others() {
        #expect(ExitStatus.unsafeArchive.combined(with: .signal(2)).code == 130)
        #expect(ExitStatus.leftOver.combined(with: .failed) == .failed)
        #expect(ExitStatus.done.combined(with: .failed) == .failed)
    }

    @Test("Every kind of error has its own code")
    func errors() {
        let codes = SyncError.Code.allCases.map { ExitStatus($0, interruption: .signal(15)).code }
        #expect(Set(codes).count == SyncError.Code.allCases.count)
        #expect(ExitStatus(.cancelled, interruption: .timedOut).code == 124)
        #expect(ExitStatus(.halted, interruption: .timedOut).code == 4)
        #expect(ExitStatus(.unsafeArchive, interruption: .timedOut).code == 10)
    }

    @Test("Problems decide the code of a sync that came to its end")
    func problems() {
        func code(_ problems: [Problem.Code], conflicts: Int = 0, held: Int = 0) -> Int32 {
            var report = SyncReport()
            report.problems = problems.map { Problem($0, path: [], message: "") }
            report.summary.conflicts = conflicts
            report.summary.held = held
            return ExitStatus(report).code
        }
        #expect(code([]) == 0)
        #expect(code([.skipped, .nothingLeft]) == 0)
        #expect(code([.unreadable]) == 5)
        #expect(code([.unwritable]) == 5)
        #expect(code([.protected]) == 5)
        #expect(code([.unstable]) == 6)
        #expect(code([.unstable, .unreadable]) == 5)
        #expect(code([.unreadable], conflicts: 1) == 3)
        #expect(code([], held: 1) == 3)
    }
}
