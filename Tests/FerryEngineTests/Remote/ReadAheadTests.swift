import FerryTesting
import Testing

@testable import FerryEngine

@Suite("Bytes that are read ahead")
struct ReadAheadTests {
    @Test("come out as they came in, whatever the sizes of the pieces")
    func order() {
        for seed in UInt64(1)...12 {
            var random = SeededGenerator(seed: seed)
            let all = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            var ahead = ReadAhead()
            var given = 0
            var taken: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 + random.below(90_000))
            while taken.count < all.count {
                if given < all.count, random.below(3) > 0 {
                    given += ahead.fill { room in
                        let count = min(room.count, 1 + random.below(120_000), all.count - given)
                        for index in 0..<count { room[index] = all[given + index] }
                        return count
                    }
                } else {
                    let position = random.below(buffer.count)
                    let moved = ahead.move(into: &buffer, at: position)
                    taken += buffer[position..<(position + moved)]
                }
                #expect(ahead.count == given - taken.count)
            }
            #expect(taken == all, "seed \(seed)")
        }
    }

    @Test("a mark at the end is seen wherever it is cut, and half of one is none")
    func marks() {
        let prefix = Array("=0123456789abcdef0123456789abcdef ".utf8)
        let mark = prefix + Array("listed 0".utf8) + [0]
        for length in [0, 1, 30, 300, (256 << 10) - 20, 256 << 10, (256 << 10) + 5] {
            let text = [UInt8](repeating: 7, count: length) + (length == 0 ? [] : [0])
            let all = text + mark
            for cut in [0, 1, 5, mark.count - 1, mark.count, all.count].map({ max(0, all.count - $0) }) {
                for end in [all.count, all.count - 1] where end >= cut {
                    var ahead = ReadAhead()
                    var given = cut
                    while given < end {
                        given += ahead.fill { room in
                            let count = min(room.count, end - given)
                            for index in 0..<count { room[index] = all[given + index] }
                            return count
                        }
                    }
                    #expect(
                        ahead.endsWithMark(prefix, after: all[..<cut]) == (end == all.count),
                        "length \(length), cut \(cut), end \(end)")
                }
            }
        }
    }
}
