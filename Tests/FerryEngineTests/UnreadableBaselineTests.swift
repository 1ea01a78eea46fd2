import FerryCore
import Testing

@testable import FerryEngine

/// Blocks that were whole when they were opened and cannot be read any more.
private struct LostBlocks: BaselineBlockSource {
    let length: Int
    let hasFailed = true

    func window(at offset: Int, count: Int) -> BaselineWindow {
        BaselineWindow(bytes: [UInt8](repeating: 0, count: count), start: offset)
    }
}

@Suite("Baselines that cannot be read to their end")
struct UnreadableBaselineTests {
    @Test("nothing is done by a plan that was made with one")
    func refused() throws {
        let entry = BaselineEntry(kind: .file, mode: 0o644, size: 1)
        let baseline = Baseline(
            header: BaselineHeader(), entries: [(try RelativePath(validating: "file".utf8), entry)])
        let encoded = baseline.encoded()
        let length = try Baseline.Footer(encoded).blocksLength
        let lost = try Baseline(ending: Array(encoded[length...]), blocks: LostBlocks(length: length))
        let error = #expect(throws: SyncError.self) {
            try SyncBaseline.plan(source: .empty, destination: .empty, policy: SyncOptions().pullPolicy, base: lost)
        }
        #expect(error?.description.contains("cannot read the baseline") == true)
    }
}
