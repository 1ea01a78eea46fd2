import FerryCore
import FerryTesting
import Foundation
import Testing

/// The planner against ``MergeModel`` on random small worlds.
///
/// `FERRY_MERGE_WORLDS` sets how many worlds each test makes.
@Suite("Merges on random worlds")
struct MergeModelTests {
    static let count = ProcessInfo.processInfo.environment["FERRY_MERGE_WORLDS"].flatMap(Int.init) ?? 10_000

    /// Runs a check on many worlds; the first that fails is made as small as it can be.
    private func check(flags: Bool, name: String = #function, _ fault: (MergePair, MergeModel) -> String?) {
        for seed in 1...UInt64(Self.count) {
            var edits = RandomEdits(seed: seed, hasFlags: flags).edits
            guard fails(edits, fault) != nil else { continue }
            var index = 0
            while index < edits.count {
                var fewer = edits
                fewer.remove(at: index)
                if fails(fewer, fault) == nil { index += 1 } else { edits = fewer }
            }
            Issue.record(
                "seed \(seed): \(fails(edits, fault) ?? "")\n\(edits.map(\.description).joined(separator: "\n"))")
            return
        }
        let kind = flags ? " with unknown and preserved entries" : ""
        print("merges, \(name)\(kind): seeds 1 to \(Self.count), no fault")
    }

    private func fails(_ edits: [Edit], _ fault: (MergePair, MergeModel) -> String?) -> String? {
        let (pair, base) = Edit.worlds(edits)
        return fault(pair, MergeModel(base: base, local: pair.local.entries, remote: pair.remote.entries))
    }

    private func difference(_ found: MergeModel.Table, _ wanted: MergeModel.Table) -> String? {
        for path in Set(found.keys).union(wanted.keys).sorted() where found[path] != wanted[path] {
            return "\(path) is \(String(describing: found[path])) and not \(String(describing: wanted[path]))"
        }
        return nil
    }

    @Test("a pull leaves what the contract says, and a second one finds nothing", arguments: [false, true])
    func pull(flags: Bool) {
        check(flags: flags) { pair, model in
            var pair = pair
            let before = pair.local.entries
            pair.pull()
            if let trouble = pair.trouble.first { return trouble }
            if let difference = difference(pair.local.entries, model.pulled()) { return difference }
            for (path, entry) in before where entry.kind != .directory && model.base[path]?.content != entry.content {
                if pair.local[path]?.content != entry.content { return "the edit of \(path) is lost" }
            }
            let again = MergePair.actions(pair.plan(.pull)).filter { !$0.hasPrefix("blocked") }
            return again.isEmpty ? nil : "the second pull does \(again)"
        }
    }

    @Test("a push leaves what the contract says and stops where it would take results", arguments: [false, true])
    func push(flags: Bool) {
        check(flags: flags) { pair, model in
            var pair = pair
            let expected = model.pushed()
            let plan = pair.push()
            if let trouble = pair.trouble.first { return trouble }
            if let difference = difference(pair.remote.entries, expected.table) { return difference }
            if (plan.summary().overwritesUnpulled > 0) != expected.takesUnpulled {
                return "takes unpulled: \(!expected.takesUnpulled) and not \(expected.takesUnpulled)"
            }
            let again = MergePair.actions(pair.plan(.push)).filter { !$0.hasPrefix("blocked") }
            return again.isEmpty ? nil : "the second push does \(again)"
        }
    }

    @Test("a push after a pull stops for nothing, and a pull after that does nothing")
    func pullPushPull() {
        check(flags: false) { pair, _ in
            var pair = pair
            pair.pull()
            let push = pair.push()
            if push.summary().overwritesUnpulled > 0 { return "the push after the pull stops" }
            if let difference = difference(pair.remote.entries, pair.local.entries) { return difference }
            let again = MergePair.actions(pair.pull())
            return again.isEmpty ? nil : "the pull after the push does \(again)"
        }
    }

    @Test("a sync without a baseline loses nothing on either side")
    func lostBaseline() {
        check(flags: false) { pair, _ in
            var pair = pair
            pair.baseline = nil
            let before = pair.local.entries
            pair.pull()
            for (path, entry) in before where pair.local[path] != entry { return "\(path) was changed" }
            let again = MergePair.actions(pair.plan(.pull))
            return again.isEmpty ? nil : "the second pull does \(again)"
        }
    }

    @Test("marks beside a baseline say what it says with all of them in it", arguments: [false, true])
    func marks(flags: Bool) {
        check(flags: flags) { pair, _ in
            var pair = pair
            // What only the sandbox has is foreign after the first push of the half of all worlds that begin with one.
            if pair.remote.paths.count % 2 == 0 {
                pair.baseline = nil
                pair.push()
                for path in pair.local.paths.prefix(2) { pair.local[path]?.mode ^= 0o022 }
            }
            let plan = pair.plan(.push)
            guard let old = pair.baseline, old.takesMarks(of: plan) else { return nil }
            let whole = Baseline.markingPush(plan, from: old, header: BaselineHeader())
            let marked = old.marked(by: Baseline.marks(of: plan, header: BaselineHeader()))
            guard (try? Baseline(encoded: marked.encoded())) != nil else { return "the baseline is malformed" }
            guard marked.header == whole.header else { return "the header is \(marked.header)" }
            let (found, wanted, before) = (Self.entries(marked), Self.entries(whole), Self.entries(old))
            for path in Set(found.keys).union(wanted.keys).sorted() where found[path] != wanted[path] {
                // Where both sides put a directory in the place of another kind, and nothing is written into it, that is still told.
                let isPassed = wanted[path]?.kind == .directory && before[path].map { $0.kind != .directory } ?? false
                if isPassed, found[path] == before[path], !wanted.keys.contains(where: { $0.hasPrefix(path + "/") }) {
                    continue
                }
                return "of \(path) it says \(String(describing: found[path]))"
            }
            return nil
        }
    }

    private static func entries(_ baseline: Baseline) -> [String: BaselineEntry] {
        Dictionary(uniqueKeysWithValues: baseline.allEntries.map { ("\($0.path)", $0.entry) })
    }

    @Test("a push that is killed anywhere is healed by the same push")
    func killedPush() {
        check(flags: false) { pair, model in
            var pair = pair
            let plan = pair.plan(.push)
            if plan.summary().overwritesUnpulled > 0 { return nil }
            let expected = model.pushed().table
            if let old = pair.baseline, old.takesMarks(of: plan) {
                pair.baseline = old.marked(by: Baseline.marks(of: plan, header: BaselineHeader()))
            } else {
                pair.baseline = Baseline.markingPush(plan, from: pair.baseline, header: BaselineHeader())
            }
            // As far as half of the entries got, in any order that makes directories first.
            for (number, path) in pair.local.paths.enumerated() where number % 2 == 0 {
                guard expected[path] == pair.local[path], pair.remote[path]?.kind != .directory else { continue }
                let parent = MergeWorld.parent(path)
                guard parent.isEmpty || pair.remote[parent]?.kind == .directory,
                    plan.orderedSteps.contains(where: { step in
                        plan.path(of: step) == Array(path.utf8) && [.create, .update].contains(step.action)
                    })
                else { continue }
                var half = pair.local[path]
                if half?.kind == .file { half?.size = 3 }
                pair.remote[path] = half
            }
            let again = pair.push()
            if again.summary().overwritesUnpulled > 0 { return "it stops" }
            return difference(pair.remote.entries, expected)
        }
    }
}

/// One change of a world, so that a failing one can be made smaller.
struct Edit: CustomStringConvertible {
    enum Side: Int { case base, local, remote }

    var side: Side
    var path: String
    var entry: MergeWorld.Entry?
    var flag: EntryFlags = []

    var description: String {
        guard let entry else { return "\(side) \(flag.isEmpty ? "deletes" : "flags \(flag.rawValue)") \(path)" }
        return "\(side) \(path) = \(entry.kind) \(entry.content) \(String(entry.mode, radix: 8))"
    }

    private func apply(to world: inout MergeWorld) {
        let parent = MergeWorld.parent(path)
        guard parent.isEmpty || world[parent]?.kind == .directory else { return }
        if !flag.isEmpty {
            guard world.entries[path] != nil else { return }
            if flag == .unreadable {
                guard world[path]?.kind == .directory else { return }
                for child in world.children(of: path) { world[child] = nil }
            }
            world.entries[path]?.flags = flag
            if flag == .isPreserved {
                for below in world.paths where below.hasPrefix(path + "/") { world.entries[below]?.flags = flag }
            }
        } else if let entry, world.entries[path]?.flags.isEmpty ?? true,
            world.entries[parent]?.flags != .unreadable
        {
            // The same again is no edit.
            if world[path] != entry { world[path] = entry }
        } else if entry == nil {
            world[path] = nil
        }
    }

    static func worlds(_ edits: [Edit]) -> (MergePair, MergeModel.Table) {
        var base = MergeWorld()
        for edit in edits where edit.side == .base { edit.apply(to: &base) }
        var pair = MergePair(synced: base.entries)
        for edit in edits where edit.side == .local { edit.apply(to: &pair.local) }
        for edit in edits where edit.side == .remote { edit.apply(to: &pair.remote) }
        return (pair, base.entries)
    }
}

private struct RandomEdits {
    var edits: [Edit] = []

    init(seed: UInt64, hasFlags: Bool) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<random.below(9) { edits.append(Edit(side: .base, path: path(&random), entry: entry(&random, 0))) }
        var known = Array(Set(edits.map(\.path))).sorted()
        for _ in 0..<random.below(8) {
            let side: Edit.Side = random.oneIn(2) ? .local : .remote
            let isNew = known.isEmpty || random.oneIn(4)
            let path = isNew ? path(&random) : known[random.below(known.count)]
            known.append(path)
            switch random.below(7) {
            case 0, 1: edits.append(Edit(side: side, path: path))
            case 2 where hasFlags:
                let flags: [EntryFlags] = [.isPreserved, .holdsUnlisted, .unreadable]
                let flag = flags[random.below(3)]
                // The marks of a destination are of no use at a source, and the other way round.
                edits.append(Edit(side: side, path: path, flag: flag))
            default: edits.append(Edit(side: side, path: path, entry: entry(&random, 1)))
            }
        }
    }

    private func path(_ random: inout SeededGenerator) -> String {
        let names = (0..<(1 + random.below(3))).map { _ in ["a", "b", "c"][random.below(3)] }
        return names.joined(separator: "/")
    }

    private func entry(_ random: inout SeededGenerator, _ generation: Int) -> MergeWorld.Entry {
        // What a side writes is never what was agreed on before, so that values alone say who changed what.
        let content = generation == 0 ? 1 : 2 + random.below(2)
        switch random.below(5) {
        case 0, 1: return MergeWorld.directory([0o755, 0o700][generation == 0 ? 0 : random.below(2)])
        case 2: return MergeWorld.link(content)
        default: return MergeWorld.file(content, mode: [0o644, 0o755][generation == 0 ? 0 : random.below(2)])
        }
    }
}
