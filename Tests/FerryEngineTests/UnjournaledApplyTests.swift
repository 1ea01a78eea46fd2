import FerryCore
import FerryTesting
import TestSupport
import Testing

@testable import FerryEngine

/// The way of a pull that benchmarks compare with.
@Suite("Applying without a journal, to be measured")
struct UnjournaledApplyTests {
    @Test("It leaves what a pull with a journal leaves, so that both did the same work", arguments: UInt64(1)...20)
    func same(seed: UInt64) async throws {
        let trees = (RandomTree(seed: seed).make(), RandomTree(seed: seed + 1000).make())
        var results: [Tree] = []
        for skips in [false, true] {
            let pair = try Pair(trees.0)
            let theirs = try pair.directory.directory("theirs", trees.1)
            var options = SyncOptions.unreviewedMirror
            options.skipsJournal = skips
            options.stateDirectory = pair.directory.path("state")
            let report = try await SyncEngine.pull(from: .directory(theirs), to: pair.workspace, options: options)
            #expect((report.run == nil) == (skips || report.summary.changesNothing))
            results.append(try Tree(reading: pair.workspace))
        }
        let differences = results[1].differences(from: results[0], aspects: [.modes, .hardLinks])
        #expect(differences.isEmpty, "seed \(seed): \(differences)")
    }
}
