import Testing

@testable import FerryCore

@Suite("Names that a file system may merge")
struct NameFoldingTests {
    private func areOne(_ left: String, _ right: String, _ folding: NameFolding) -> Bool {
        folding.key(of: Array(left.utf8)[...]) == folding.key(of: Array(right.utf8)[...])
    }

    @Test(
        "Case and normalisation are looked at apart",
        arguments: [
            ("README", "readme", true, false), ("\u{E9}", "e\u{301}", false, true),
            ("STRASSE", "stra\u{DF}e", true, false),
            ("\u{3A3}", "\u{3C2}", true, false), ("\u{212A}", "k", true, false), ("a\u{200D}b", "ab", false, true),
            ("a", "b", false, false), ("\u{1F600}", "\u{1F601}", false, false),
        ])
    func apart(left: String, right: String, byCase: Bool, byNormalization: Bool) {
        #expect(areOne(left, right, .letterCase) == byCase)
        #expect(areOne(left, right, .normalization) == byNormalization)
        #expect(areOne(left, right, [.letterCase, .normalization]) == (byCase || byNormalization))
        #expect(!areOne(left, right, []))
    }

    @Test("Both together meet what neither does alone, and bytes that are no text are only themselves")
    func together() {
        #expect(areOne("\u{C9}", "e\u{301}", [.letterCase, .normalization]))
        #expect(!areOne("\u{C9}", "e\u{301}", .letterCase) && !areOne("\u{C9}", "e\u{301}", .normalization))
        let all: NameFolding = [.letterCase, .normalization]
        #expect(all.key(of: [0xFF, 0x41]) != all.key(of: [0xFF, 0x61]))
        #expect(all.key(of: [0xFF, 0x41]) == all.key(of: [0xFF, 0x41]))
    }

    private func twins(_ source: [String], _ destination: [String], _ merge: PlanPolicy.Extra = .keep) -> [String] {
        var (remote, local) = (MergeWorld(), MergeWorld())
        for (world, paths) in [(0, source), (1, destination)] {
            for path in paths {
                let entry = path.hasSuffix("/") ? MergeWorld.directory() : MergeWorld.file()
                let name = path.hasSuffix("/") ? String(path.dropLast()) : path
                if world == 0 { remote[name] = entry } else { local[name] = entry }
            }
        }
        let plan = Planner.plan(
            source: remote.snapshot(), destination: local.snapshot(), policy: PlanPolicy(differing: .keep, extra: merge)
        )
        return plan.twins(under: .letterCase, limit: 9).map { twins in
            [twins.directory, twins.existing, twins.first, twins.second].map { String(decoding: $0, as: UTF8.self) }
                .joined(separator: "|")
        }
    }

    @Test("What a plan brings meets what it brings besides, and what is there already; what goes is in nobody's way")
    func plans() {
        #expect(twins(["a", "A"], []) == ["||A|a"])
        #expect(twins(["A"], ["a"]) == ["||a|A"])
        #expect(twins(["A"], ["a"], .delete).isEmpty)
        #expect(twins(["a", "A"], ["a", "A"]).isEmpty)
        #expect(twins(["d/", "d/e/", "d/e/x", "d/e/X"], ["d/"]) == ["d/e|d|X|x"])
        #expect(twins(["d/", "d/x", "D/", "D/X"], []) == ["||D|d"])
    }
}
