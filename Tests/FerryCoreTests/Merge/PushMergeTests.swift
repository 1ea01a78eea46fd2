import FerryCore
import Testing

@Suite("A push with a baseline")
struct PushMergeTests {
    private typealias World = MergeWorld

    private func halt(_ pair: MergePair, _ overrides: HaltOverrides = HaltOverrides()) -> Halt.Reason? {
        let plan = pair.plan(.push)
        return plan.halt(summary: plan.summary(), overrides: overrides, isMirror: false)?.reason
    }

    @Test("edits, additions and deletions of the workspace go, and nothing else")
    func sends() {
        var pair = MergePair(synced: [
            "a": World.file(1), "b": World.file(1), "d": World.directory(), "d/x": World.file(1), "k": World.file(1),
            "l": World.link(1), "m": World.file(1),
        ])
        #expect(
            MergePair.actions(pair.plan(.push)).isEmpty && pair.plan(.push).steps.allSatisfy { $0.action == .descend })
        pair.local["a"] = World.file(2)
        pair.local["b"] = nil
        pair.local["d"] = nil
        pair.local["k"] = World.directory()
        pair.local["l"] = World.link(2)
        pair.local["m"] = World.file(1, mode: 0o755)
        pair.local["n"] = World.file(1)
        #expect(halt(pair) == nil)
        #expect(
            MergePair.actions(pair.push()) == [
                "update a", "delete b", "delete d", "delete d/x", "changeKind k", "update l", "changeMode m",
                "create n",
            ])
        #expect(pair.remote.entries == pair.local.entries)
        #expect(MergePair.actions(pair.plan(.push)).isEmpty && MergePair.actions(pair.plan(.pull)).isEmpty)
    }

    @Test(
        "a sandbox's change that was never pulled stops a push: edit, deletion, chmod, change of kind, edit under a deletion"
    )
    func unpulled() {
        let pair = MergePair(synced: ["a": World.file(1), "d": World.directory(), "d/x": World.file(1)])
        var edit = pair
        edit.remote["a"] = World.file(2)
        var deletion = pair
        deletion.remote["a"] = nil
        var mode = pair
        mode.remote["a"] = World.file(1, mode: 0o600)
        var kind = pair
        kind.remote["a"] = World.link()
        var below = pair
        below.remote["d/x"] = World.file(2)
        below.local["d"] = nil
        var inTheWay = pair
        inTheWay.remote["new"] = World.file(1)
        inTheWay.local["new"] = World.file(2)
        var under = pair
        under.remote["d/new"] = World.file(1)
        under.local["d"] = World.file(1)
        for case let pair in [edit, deletion, mode, kind, below, inTheWay, under] {
            #expect(halt(pair) == .overwriteSandbox)
            #expect(halt(pair, HaltOverrides(allowed: [.overwriteSandbox])) == nil)
            // Only it is overwritten.
            #expect(pair.plan(.push).summary().overwritesUnpulled == 1)
            // And a pull first lets the push through.
            var pulled = pair
            pulled.pull()
            #expect(halt(pulled) == nil)
        }
    }

    @Test("results that are not in the way stay, and are told")
    func results() {
        var pair = MergePair(synced: ["a": World.file(1), "d": World.directory(), "d/x": World.file(1)])
        pair.remote["out"] = World.directory()
        pair.remote["out/log"] = World.file(1)
        pair.remote["d/new"] = World.file(1)
        pair.local["d"] = nil
        let plan = pair.plan(.push)
        #expect(halt(pair) == nil && plan.summary().notPulled == 2)
        #expect(MergePair.actions(pair.push()) == ["delete d/x"])
        #expect(pair.remote.paths == ["a", "d", "d/new", "out", "out/log"])
        #expect(MergePair.actions(pair.pull()) == ["create d", "create d/new", "create out", "create out/log"])
    }

    @Test("a first push adopts what is equal, leaves the rest as foreign for ever, and stops where they differ")
    func foreign() {
        var pair = MergePair()
        pair.local["same"] = World.file(1)
        pair.local["d"] = World.directory()
        pair.local["d/a"] = World.file(1)
        pair.remote["same"] = World.file(1)
        pair.remote[".cache"] = World.directory()
        pair.remote[".cache/x"] = World.file(1)
        pair.remote["d"] = World.directory()
        pair.remote["d/theirs"] = World.file(1)
        #expect(MergePair.actions(pair.push()) == ["create d/a"])
        #expect(pair.entry(".cache")?.flags == .foreign && pair.entry("d/theirs")?.flags == .foreign)
        // They change, they come and go: neither stops anything nor comes back.
        pair.remote[".cache/y"] = World.file(2)
        pair.remote["d/theirs"] = World.file(2)
        #expect(MergePair.actions(pair.pull()).isEmpty && halt(pair) == nil)
        #expect(MergePair.actions(pair.push()).isEmpty)
        pair.local["d"] = nil
        #expect(MergePair.actions(pair.push()) == ["delete d/a"])
        #expect(pair.remote.paths == [".cache", ".cache/x", ".cache/y", "d", "d/theirs", "same"])
        // What the workspace now wants to have there does stop it.
        pair.local[".cache"] = World.file(1)
        #expect(MergePair.actions(pair.plan(.push)) == ["blocked .cache"])
        pair.local[".cache"] = World.directory()
        pair.local[".cache/x"] = World.file(5)
        #expect(halt(pair) == .overwriteSandbox)
    }

    @Test("a killed push counts as Ferry's own: the next one heals it, a pull leaves it")
    func killed() {
        var pair = MergePair(synced: ["a": World.file(1), "gone": World.file(1)])
        pair.local["a"] = World.file(2)
        pair.local["d"] = World.directory()
        pair.local["d/x"] = World.file(1)
        pair.local["d/y"] = World.file(1)
        let plan = pair.plan(.push)
        pair.baseline = Baseline.markingPush(plan, from: pair.baseline, header: BaselineHeader())
        #expect(pair.baseline?.isPushUnderWay == true && pair.entry("d")?.flags == [.pushUnderWay, .ownsBelow])
        // It got as far as half a file and one new one.
        pair.remote["a"] = World.file(7, size: 5)
        pair.remote["d"] = World.directory(0o700)
        pair.remote["d/x"] = World.file(8, size: 3)
        pair.remote["gone"] = World.file(2)
        #expect(MergePair.actions(pair.plan(.pull)) == ["update gone"])
        #expect(halt(pair) == .overwriteSandbox)
        pair.pull()
        #expect(halt(pair) == nil)
        #expect(MergePair.actions(pair.push()) == ["update a", "changeMode d", "update d/x", "create d/y"])
        #expect(pair.remote.entries == pair.local.entries && pair.baseline?.isPushUnderWay == false)
        #expect(pair.entry("a")?.flags == [])
    }

    @Test(
        "a killed push knows what it wrote into a directory that both sides had put where a file was",
        arguments: [UInt16(0o755), 0o700])
    func killedInChangedKind(mode: UInt16) {
        var pair = MergePair(synced: ["b": World.file(1)])
        for path in ["b", "b/a", "b/c"] { pair.local[path] = path == "b" ? World.directory() : World.file(2) }
        pair.remote["b"] = World.directory(mode)
        let plan = pair.plan(.push)
        #expect((plan.summary().overwritesUnpulled > 0) == (mode != 0o755))
        pair.baseline = Baseline.markingPush(plan, from: pair.baseline, header: BaselineHeader())
        pair.remote["b/c"] = World.file(2, size: 3)
        #expect(halt(pair) == nil && MergePair.actions(pair.plan(.pull)).isEmpty)
        pair.push()
        #expect(pair.remote.entries == pair.local.entries && halt(pair) == nil)
    }

    @Test("a first push that was killed remembers what was foreign")
    func killedFirst() {
        var pair = MergePair()
        pair.local["a"] = World.file(1)
        pair.remote["home"] = World.file(1)
        pair.baseline = Baseline.markingPush(pair.plan(.push), from: nil, header: BaselineHeader())
        #expect(pair.baseline?.header.isComplete == false && pair.entry("home")?.flags == .foreign)
        pair.remote["a"] = World.file(9, size: 1)
        #expect(MergePair.actions(pair.plan(.pull)).isEmpty && halt(pair) == nil)
        pair.push()
        #expect(pair.remote["a"] == World.file(1) && pair.baseline?.header.isComplete == true)
        #expect(pair.entry("home")?.flags == .foreign && MergePair.actions(pair.plan(.pull)).isEmpty)
    }

    @Test("what failed on the way is Ferry's own until it succeeds")
    func failed() {
        var pair = MergePair(synced: ["a": World.file(1)])
        pair.local["a"] = World.file(2)
        let plan = pair.plan(.push)
        pair.remote["a"] = World.file(3, size: 4)
        pair.baseline = Baseline.advanced(
            from: pair.baseline, by: plan,
            applied: AppliedState(
                source: pair.local.snapshot(), destination: pair.remote.snapshot(),
                sourceStamp: MergePair.stamp(pair.local), destinationStamp: MergePair.stamp(pair.remote),
                failed: [Array("a".utf8)]), header: BaselineHeader())
        #expect(pair.entry("a")?.flags == .pushUnderWay && pair.baseline?.isPushUnderWay == true)
        #expect(halt(pair) == nil && MergePair.actions(pair.plan(.pull)).isEmpty)
        #expect(MergePair.actions(pair.push()) == ["update a"])
    }

    @Test("an emptied workspace and a mass of unpulled deletions halt; deleting what both agreed on does not count")
    func halts() {
        let names = (0..<30).map { "f\($0)" }
        let pair = MergePair(synced: Dictionary(uniqueKeysWithValues: names.map { ($0, World.file(1)) }))
        var emptied = pair
        emptied.local.entries = [:]
        #expect(halt(emptied) == .emptiedRoot)
        var most = pair
        for name in names.dropFirst() { most.local[name] = nil }
        #expect(halt(most) == nil)
        #expect(halt(most, HaltOverrides(deletionLimit: .count(5))) == .massDelete)
        for name in names.dropFirst() { most.remote[name] = World.file(2) }
        #expect(halt(most, HaltOverrides(allowed: [.overwriteSandbox])) == .massDelete)
        var pulled = pair
        for name in names.dropFirst() { pulled.remote[name] = nil }
        let plan = pulled.plan(.pull)
        #expect(plan.halt(summary: plan.summary(), overrides: HaltOverrides(), isMirror: true)?.reason == .massDelete)
        var one = MergePair(synced: ["only": World.file(1)])
        one.local.entries = [:]
        #expect(halt(one) == nil)
    }

    @Test("a push that trusts the baseline plans from it what it would plan from a listing")
    func trusting() throws {
        var pair = MergePair(synced: [
            "a": World.file(1), "d": World.directory(), "d/x": World.link(1), "e": World.file(1),
        ])
        pair.local["a"] = World.file(2)
        pair.local["d/x"] = nil
        var policy = pair.policy(.push)
        policy.remoteTrust = .everything
        let baseline = try #require(pair.baseline)
        var plan = Planner.plan(
            source: pair.local.snapshot(), destination: baseline.remoteSnapshot(), policy: policy, base: baseline)
        plan.settle(equal: plan.comparisons.map { _ in false })
        #expect(MergePair.actions(plan) == MergePair.actions(pair.plan(.push)))
        #expect(plan.summary().overwritesUnpulled == 0)
    }

    @Test("without trust in the sandbox's fingerprints content decides")
    func rebooted() {
        var pair = MergePair(synced: ["a": World.file(1), "b": World.file(1)])
        pair.remote["b"] = World.file(2)
        #expect(MergePair.actions(pair.plan(.pull, trust: .nothing)) == ["update b"])
        #expect(MergePair.actions(pair.plan(.push, trust: .nothing)) == ["update b"])
    }

    @Test("a digest tells who changed a file when fingerprints do not")
    func digests() throws {
        var pair = MergePair(synced: ["a": World.file(1)])
        let digest = [UInt8](repeating: 1, count: BaselineEntry.digestLength)
        pair.baseline = Baseline(
            header: BaselineHeader(),
            entries: try #require(pair.baseline).allEntries.map { path, entry in
                var entry = entry
                entry.digest = digest[...]
                return (path, entry)
            })
        pair.local["a"] = World.file(2)
        var policy = pair.policy(.pull)
        policy.remoteTrust = .nothing
        for (sourceIsBase, action) in [(true, PlanAction.unchanged), (false, .conflict)] {
            var plan = Planner.plan(
                source: pair.remote.snapshot(), destination: pair.local.snapshot(), policy: policy, base: pair.baseline)
            #expect(plan.comparisons.count == 1 && plan.agreedDigest(ofComparison: 0).elementsEqual(digest))
            plan.settle([ContentAnswer(isEqual: false, sourceIsBase: sourceIsBase, destinationIsBase: false)])
            #expect(plan.steps[0].action == action)
        }
    }
}
