import FerryCore
import FerryTesting
import Testing

@Suite("Halts")
struct HaltTests {
    private func snapshot(_ names: [String], size: Int64 = 1) throws -> Snapshot {
        var tree = TreeBuilder()
        for name in names {
            _ = try tree.insert(
                RelativePath(validating: name.utf8),
                status: EntryStatus(kind: .file, mode: 0o644, size: size, mtime: Timestamp(seconds: size)),
                madeUp: { _ in })
        }
        return tree.finish()
    }

    private func halt(
        _ source: [String], _ destination: [String], size: Int64 = 1, _ overrides: HaltOverrides = HaltOverrides(),
        isMirror: Bool = true
    ) throws -> Halt.Reason? {
        var plan = Planner.plan(
            source: try snapshot(source, size: size), destination: try snapshot(destination),
            policy: PlanPolicy(differing: .replace, extra: isMirror ? .delete : .keep))
        plan.settle(equal: plan.comparisons.map { _ in true })
        return plan.halt(summary: plan.summary(), overrides: overrides, isMirror: isMirror)?.reason
    }

    @Test("an empty source does not empty a destination with two or more children")
    func emptied() throws {
        #expect(try halt([], ["a", "b"]) == .emptiedRoot)
        #expect(try halt([], ["a"]) == nil)
        #expect(try halt([], []) == nil)
        #expect(try halt(["x"], ["a", "b"]) == nil)
        #expect(try halt([], ["d/a", "d/b"]) == nil)
        #expect(try halt([], ["a", "b"], HaltOverrides(allowed: [.emptiedRoot])) == nil)
        #expect(try halt([], ["a", "b"], HaltOverrides(allowed: [.massDelete, .overwriteSandbox])) == .emptiedRoot)
    }

    @Test("more than ten and more than half of the destination is too much to delete")
    func massDelete() throws {
        func names(_ range: Range<Int>) -> [String] { range.map { "f\($0)" } }
        #expect(try halt(names(0..<1), names(0..<11)) == nil)
        #expect(try halt(names(0..<1), names(0..<12)) == .massDelete)
        #expect(try halt(names(0..<11), names(0..<22)) == nil)
        #expect(try halt(names(0..<10), names(0..<21)) == .massDelete)
        let source = names(0..<1)
        #expect(try halt(source, names(0..<21), HaltOverrides(deletionLimit: .count(20))) == nil)
        #expect(try halt(source, names(0..<21), HaltOverrides(deletionLimit: .count(19))) == .massDelete)
        #expect(try halt(source, names(0..<4), HaltOverrides(deletionLimit: .count(0))) == .massDelete)
        #expect(try halt(source, names(0..<100), HaltOverrides(deletionLimit: .percent(99))) == nil)
        #expect(try halt(source, names(0..<100), HaltOverrides(deletionLimit: .percent(98))) == .massDelete)
        #expect(try halt(source, names(0..<100), HaltOverrides(deletionLimit: .unlimited)) == nil)
        #expect(try halt(source, names(0..<100), HaltOverrides(allowed: [.massDelete])) == nil)
    }

    @Test("without a mirror nothing at the destination is overwritten unasked")
    func overwrite() throws {
        #expect(try halt(["a"], ["a"], size: 2, isMirror: false) == .overwriteSandbox)
        #expect(try halt(["a"], ["a"], isMirror: false) == nil)
        #expect(try halt(["a"], ["b"], size: 2, isMirror: false) == nil)
        #expect(try halt(["a/b"], ["a"], isMirror: false) == .overwriteSandbox)
        #expect(try halt(["a"], ["a"], size: 2, HaltOverrides(allowed: [.overwriteSandbox]), isMirror: false) == nil)
        #expect(try halt(["a"], ["a"], size: 2) == nil)
    }

    @Test("a halt names its own override and some of the paths")
    func messages() throws {
        var plan = Planner.plan(
            source: try snapshot(["a", "b"], size: 2), destination: try snapshot(["a", "b"]),
            policy: PlanPolicy(differing: .replace))
        plan.settle(equal: plan.comparisons.map { _ in false })
        let halt = try #require(plan.halt(summary: plan.summary(), overrides: HaltOverrides(), isMirror: false))
        #expect(halt.message.contains("--allow \(halt.reason.rawValue)"))
        #expect(halt.examples == [Array("a".utf8), Array("b".utf8)])
    }
}
