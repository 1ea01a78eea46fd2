import FerryThreads
import Synchronization
import Testing

@Suite("Work done ahead and taken in order")
struct OrderedPipelineTests {
    /// What one piece of work became.
    private final class Piece: Sendable {
        let number = Atomic<Int>(-1)
    }

    private struct Refused: Error {}

    @Test("each piece is done once and taken in its order", arguments: [1, 2, 5], [1, 2, 8])
    func order(threads: Int, ahead: Int) {
        let done = Atomic<Int>(0)
        var taken: [Int] = []
        OrderedPipeline.run(
            count: 500, threads: threads, ahead: ahead, named: "test", result: Piece.init, state: { 0 },
            work: { index, piece, _ in
                done.add(1, ordering: .relaxed)
                piece.number.store(index, ordering: .relaxed)
            },
            meanwhile: {},
            take: { index, piece in
                #expect(piece.number.load(ordering: .relaxed) == index)
                taken.append(index)
            })
        #expect(taken == Array(0..<500))
        #expect(done.load(ordering: .relaxed) == 500)
    }

    @Test("when one is refused nothing more is taken, and every thread ends")
    func refusal() {
        var taken = 0
        func take(_ index: Int, _ piece: Piece) throws(Refused) {
            if index == 7 { throw Refused() }
            taken += 1
        }
        func begin() throws(Refused) {}
        do throws(Refused) {
            try OrderedPipeline.run(
                count: 500, threads: 3, ahead: 4, named: "test", result: Piece.init, state: { 0 },
                work: { (_: Int, _: Piece, _: inout Int) in }, meanwhile: begin, take: take)
            Issue.record("it was not refused")
        } catch {}
        #expect(taken == 7)
    }

    @Test("nothing to do is done at once")
    func nothing() {
        OrderedPipeline.run(
            count: 0, threads: 2, ahead: 8, named: "test", result: Piece.init, state: { 0 }, work: { _, _, _ in },
            meanwhile: {}, take: { _, _ in Issue.record("nothing was there to be taken") })
    }
}
