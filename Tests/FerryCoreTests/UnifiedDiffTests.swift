import FerryTesting
import Testing

@testable import FerryCore

@Suite("Unified diffs")
struct UnifiedDiffTests {
    private static func text(_ lines: [Int], endsWithFeed: Bool) -> [UInt8] {
        var text = lines.map { "line \($0)" }.joined(separator: "\n")
        if endsWithFeed, !lines.isEmpty { text += "\n" }
        return Array(text.utf8)
    }

    /// The length of a longest common subsequence, by the book.
    private static func common(_ left: [ArraySlice<UInt8>], _ right: [ArraySlice<UInt8>]) -> Int {
        var row = [Int](repeating: 0, count: right.count + 1)
        for line in left {
            var diagonal = 0
            for index in right.indices {
                let above = row[index + 1]
                row[index + 1] = line == right[index] ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return row[right.count]
    }

    private static func slices(_ lines: [Int]) -> [ArraySlice<UInt8>] { lines.map { Array("\($0)".utf8)[...] } }

    @Test("As many lines are kept as can be, and they are the same on both sides", arguments: UInt64(1)...400)
    func fewest(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let letters = random.below(6) + 1
        let old = (0..<random.below(40)).map { _ in random.below(letters) }
        let new = (0..<random.below(40)).map { _ in random.below(letters) }
        let (left, right) = (Self.slices(old), Self.slices(new))
        let difference = DiffLines(left, right)
        let kept = left.indices.filter { !difference.deleted[$0] }.map { left[$0] }
        let there = right.indices.filter { !difference.inserted[$0] }.map { right[$0] }
        #expect(kept == there, "seed \(seed)")
        #expect(kept.count == Self.common(left, right), "seed \(seed)")
    }

    @Test("A search that takes too long ends with more lines than needed, but right ones", arguments: UInt64(1)...50)
    func impatient(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let left = Self.slices((0..<60).map { _ in random.below(9) })
        let right = Self.slices((0..<60).map { _ in random.below(9) })
        let difference = DiffLines(left, right, steps: random.below(200))
        let kept = left.indices.filter { !difference.deleted[$0] }.map { left[$0] }
        #expect(kept == right.indices.filter { !difference.inserted[$0] }.map { right[$0] }, "seed \(seed)")
    }

    @Test("Two large texts without a line in common, and two that are shuffled, take no time and little memory")
    func large() {
        let count = 60_000
        let left = Self.slices(Array(0..<count))
        let other = DiffLines(left, Self.slices(Array(count..<(2 * count))))
        #expect(other.deleted.allSatisfy(\.self) && other.inserted.allSatisfy(\.self))
        var random = SeededGenerator(seed: 1)
        let shuffled = DiffLines(left, Self.slices(Array(0..<count).shuffled(using: &random)), steps: 1_000_000)
        #expect(shuffled.deleted.count { $0 } == shuffled.inserted.count { $0 })
    }

    @Test("Hunks have three lines around changes, and near ones are one")
    func hunks() {
        var new = Array(1...30)
        new[4] = 100
        new.insert(200, at: 9)
        new.remove(at: 25)
        let hunks = UnifiedDiff.hunks(
            from: Self.text(Array(1...30), endsWithFeed: true), to: Self.text(new, endsWithFeed: true))
        let heads = String(decoding: hunks, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("@@") }
        #expect(heads == ["@@ -2,11 +2,12 @@", "@@ -22,7 +23,6 @@"])
    }

    @Test("Texts without a last line feed, and empty ones, are told as patch expects them")
    func ends() {
        func hunks(_ old: String, _ new: String) -> String {
            String(decoding: UnifiedDiff.hunks(from: Array(old.utf8), to: Array(new.utf8)), as: UTF8.self)
        }
        let mark = "\\ No newline at end of file\n"
        #expect(hunks("a", "a\n") == "@@ -1 +1 @@\n-a\n\(mark)+a\n")
        #expect(hunks("", "a\nb") == "@@ -0,0 +1,2 @@\n+a\n+b\n\(mark)")
        #expect(hunks("a\n", "") == "@@ -1 +0,0 @@\n-a\n")
        #expect(hunks("a", "a").isEmpty)
    }

    @Test("Names are quoted as git quotes them")
    func names() {
        #expect(quotedName(of: Array("a b".utf8)) == "a b")
        #expect(quotedName(of: Array("a/ä".utf8)) == "\"a/\\303\\244\"")
        #expect(quotedName(of: Array("t\t\"\\\n\u{1}".utf8)) == "\"t\\t\\\"\\\\\\n\\001\"")
    }
}
