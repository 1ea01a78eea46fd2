import FerryTesting
import Testing

@testable import FerryCore

@Suite("Sets of entries")
struct EntrySetTests {
    @Test("a set of entries holds what a Set of them holds, over all segments")
    func model() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<50 {
            var set = EntrySet()
            var model: Set<EntryID> = []
            for _ in 0..<300 {
                let id = EntryID(
                    segment: generator.below(SnapshotSegment.maximumCount), index: generator.below(1000))
                #expect(set.contains(id) == model.contains(id))
                if generator.oneIn(2) { #expect(set.insert(id) == model.insert(id).inserted) }
            }
            #expect(set.count == model.count)
            #expect(model.allSatisfy { set.contains($0) })
        }
    }
}
