import FerryCore
import FerryTesting
import Testing

/// The planner against a model that knows paths only: for each path, what is there in the end follows from a few rules.
@Suite("Plans on random worlds")
struct PlannerModelTests {
    static let policies: [(String, PlanPolicy)] = [
        ("mirror", PlanPolicy(differing: .replace, extra: .delete)),
        ("push", PlanPolicy(differing: .replace, extra: .keep)),
        ("pull", PlanPolicy(differing: .keep, extra: .keep)),
    ]

    @Test("what a plan leaves behind is what the rules say, path by path", arguments: policies)
    func agreesWithModel(name: String, policy: PlanPolicy) {
        for seed in UInt64(1)...2_000 {
            let (source, destination) = (World(seed: seed, isSource: true), World(seed: seed, isSource: false))
            var plan = Planner.plan(source: source.snapshot(), destination: destination.snapshot(), policy: policy)
            plan.settle(
                equal: plan.comparisons.map { index in
                    let path = plan.path(of: plan.steps[index])
                    return source.entries[path]?.content == destination.entries[path]?.content
                })
            let result = destination.applying(plan, from: source)
            let expected = Model(source: source, destination: destination, policy: policy).outcome()
            #expect(result == expected, "seed \(seed), \(name)")
            if result != expected { return }
        }
    }

    @Test("a plan made again after it was carried out is empty", arguments: policies.filter { $0.0 != "pull" })
    func settles(name: String, policy: PlanPolicy) {
        for seed in UInt64(3_000)...3_500 {
            let (source, destination) = (World(seed: seed, isSource: true), World(seed: seed, isSource: false))
            var plan = Planner.plan(source: source.snapshot(), destination: destination.snapshot(), policy: policy)
            plan.settle(equal: plan.comparisons.map { _ in false })
            var after = World(entries: destination.applying(plan, from: source).mapValues(\.entry))
            for (path, entry) in destination.entries { after.entries[path]?.flags = entry.flags }
            var again = Planner.plan(source: source.snapshot(), destination: after.snapshot(), policy: policy)
            again.settle(equal: again.comparisons.map { _ in true })
            let left = again.steps.filter { ![.descend, .unchanged, .blocked, .compare].contains($0.action) }
            #expect(left.isEmpty, "seed \(seed), \(name): \(left.map { displayName(of: again.path(of: $0)) })")
            if !left.isEmpty { return }
        }
    }

    @Test("a directory counts as idle only when nothing is done in it, below it or to it", arguments: policies)
    func idleDirectories(name: String, policy: PlanPolicy) {
        for seed in UInt64(6_000)...6_500 {
            var plan = Planner.plan(
                source: World(seed: seed, isSource: true).snapshot(),
                destination: World(seed: seed, isSource: false).snapshot(), policy: policy)
            plan.settle(equal: plan.comparisons.map { $0.isMultiple(of: 2) })
            let busy = BusyGroups(of: plan)
            var expected: Set<Int> = [0]
            for (number, group) in plan.groups.enumerated() {
                for step in group.steps.map({ plan.steps[$0] }) where !Self.isIdle(step) {
                    expected.insert(number)
                    expected.insert(Int(step.childGroup))
                    expected.formUnion(Self.groups(above: plan.path(of: step), in: plan))
                }
            }
            let found = Set(plan.groups.indices.filter { busy.contains($0) })
            #expect(found == expected, "seed \(seed), \(name)")
            if found != expected { return }
        }
    }

    private static func isIdle(_ step: PlanStep) -> Bool {
        [.descend, .unchanged].contains(step.action) && step.source != nil && step.destination != nil
    }

    /// The groups of all directories that a path is below.
    private static func groups(above path: [UInt8], in plan: Plan) -> [Int] {
        plan.steps.filter { $0.childGroup != 0 && path.starts(with: plan.path(of: $0) + [RelativePath.separator]) }
            .map { Int($0.childGroup) }
    }

    @Test("the steps of a plan come in the order of paths, each path once")
    func order() throws {
        for seed in UInt64(5_000)...5_300 {
            let plan = Planner.plan(
                source: World(seed: seed, isSource: true).snapshot(),
                destination: World(seed: seed, isSource: false).snapshot(),
                policy: PlanPolicy(differing: .replace, extra: .delete))
            let paths = try plan.orderedSteps.map { try RelativePath(validating: plan.path(of: $0)) }
            #expect(paths == paths.sorted() && Set(paths).count == paths.count, "seed \(seed)")
            #expect(paths.count == plan.steps.count, "seed \(seed)")
        }
    }
}

/// A small tree as a table, with what a scan would say of each entry.
private struct World {
    struct Entry: Equatable {
        var kind: EntryKind
        var mode: UInt16
        var content: Int
        var mtime: Int64
        var flags: EntryFlags = []

        static func == (left: Entry, right: Entry) -> Bool {
            (left.kind, left.mode, left.content) == (right.kind, right.mode, right.content)
        }
    }

    /// What is compared of an entry, and the entry.
    struct Outcome: Equatable {
        var entry: Entry
    }

    var entries: [[UInt8]: Entry] = [:]

    init(entries: [[UInt8]: Entry]) { self.entries = entries }

    init(seed: UInt64, isSource: Bool) {
        // Both worlds grow from the same seed for a while, so that they have much in common.
        var random = SeededGenerator(seed: seed)
        grow(random.below(8), isSource: isSource, &random)
        var own = SeededGenerator(seed: seed * 2 + (isSource ? 1 : 0))
        grow(own.below(8), isSource: isSource, &own)
        for path in entries.keys where entries[path]?.flags.contains(.isPreserved) == true {
            for below in entries.keys where below.starts(with: path + [0x2F]) {
                entries[below]?.flags.insert(.isPreserved)
            }
        }
    }

    private mutating func grow(_ count: Int, isSource: Bool, _ random: inout SeededGenerator) {
        for _ in 0..<count {
            var parents: [[UInt8]] = [[]]
            for (path, entry) in entries
            where entry.kind == .directory && !entry.flags.contains(.unreadable) && path.count < 6 {
                parents.append(path)
            }
            parents.sort { $0.lexicographicallyPrecedes($1) }
            let parent = parents[random.below(parents.count)]
            let name = UInt8(ascii: "a") + UInt8(random.below(4))
            let path = parent.isEmpty ? [name] : parent + [0x2F, name]
            let (roll, content, mode, extra) = (random.below(10), random.below(2), random.below(3), random.below(6))
            guard entries[path] == nil else { continue }
            let kind: EntryKind = roll < 4 ? .directory : roll < 7 ? .file : roll < 9 ? .symlink : .fifo
            var entry = Entry(
                kind: kind, mode: kind == .symlink || kind == .fifo ? 0 : [0o644, 0o755, 0o700][mode],
                content: kind == .directory || kind == .fifo ? 0 : content + 1, mtime: Int64(content))
            if extra == 0, kind != .fifo { entry.flags.insert(.unreadable) }
            if extra == 1, !isSource { entry.flags.insert(.isPreserved) }
            if extra == 2, !isSource, kind == .directory { entry.flags.insert(.holdsUnlisted) }
            if extra == 3 { entry.mtime = 7 }
            entries[path] = entry
        }
    }

    func children(of path: [UInt8]) -> [[UInt8]] {
        entries.keys.filter { child in
            guard child.count > path.count, child.starts(with: path) else { return false }
            let rest = path.isEmpty ? child[...] : child[(path.count + 1)...]
            return (path.isEmpty || child[path.count] == 0x2F) && !rest.contains(0x2F)
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// The world as a scan gives it.
    func snapshot() -> Snapshot {
        var segment = SnapshotSegment(number: 0)
        let root = segment.append(name: [], parent: segment.nextID, status: EntryStatus(kind: .directory, mode: 0o755))
        var pending: [(id: EntryID, path: [UInt8])] = [(root, [])]
        while let (id, path) = pending.popLast() {
            let names = children(of: path)
            let first = segment.nextID
            for child in names {
                guard let entry = entries[child] else { continue }
                let name = child.split(separator: 0x2F).last ?? []
                let status = EntryStatus(
                    kind: entry.kind, mode: entry.mode, size: 10, mtime: Timestamp(seconds: entry.mtime),
                    ctime: Timestamp(seconds: 100), inode: UInt64(child.count), device: 1)
                let target = Array("target\(entry.content)".utf8)
                let made = segment.append(
                    name: name, parent: id, status: status, target: target[...], flags: entry.flags)
                if entry.kind == .directory { pending.append((made, child)) }
            }
            segment.amend(directory: id, status: nil, firstChild: first, childCount: names.count)
        }
        return Snapshot(merging: [segment])
    }

    /// What is there when a plan has been carried out, step by step.
    func applying(_ plan: Plan, from source: World) -> [[UInt8]: Outcome] {
        var result = entries
        for step in plan.orderedSteps {
            let path = plan.path(of: step)
            let new = source.entries[path]
            switch step.action {
            case .create, .update: result[path] = new
            case .changeKind:
                result = result.filter { $0.key != path && !$0.key.starts(with: path + [0x2F]) }
                result[path] = new
            case .changeMode: result[path]?.mode = new?.mode ?? 0
            case .delete: result[path] = nil
            default: continue
            }
        }
        return result.mapValues(Outcome.init)
    }
}

/// The rules, each path for itself.
private struct Model {
    let source: World
    let destination: World
    let policy: PlanPolicy

    func outcome() -> [[UInt8]: World.Outcome] {
        var result: [[UInt8]: World.Outcome] = [:]
        for path in Set(source.entries.keys).union(destination.entries.keys) {
            if let entry = final(path) { result[path] = World.Outcome(entry: entry) }
        }
        return result
    }

    private func final(_ path: [UInt8]) -> World.Entry? {
        let (ours, theirs) = (source.entries[path], destination.entries[path])
        // From the top: the first place where the two cannot be the same decides for all below it.
        for place in ancestorsAndSelf(of: path) {
            guard let left = source.entries[place], let right = destination.entries[place] else { continue }
            if !isUsable(left) { return theirs }
            guard left.kind != right.kind else { continue }
            let isReplaced = policy.differing == .replace && right.kind.isCarried && !isProtected(place)
            return isReplaced ? ours.flatMap { isUsable($0) ? $0 : nil } : theirs
        }
        guard let theirs else { return ours.flatMap { isUsable($0) ? $0 : nil } }
        guard let ours else { return staysThoughAbsent(path) ? theirs : nil }
        guard policy.differing == .replace else { return theirs }
        if ours.kind == .directory, ours.flags.contains(.unreadable) { return theirs }
        // The same size and time, and not older at the source than at the destination: compared, so content decides.
        return ours
    }

    private func staysThoughAbsent(_ path: [UInt8]) -> Bool {
        guard policy.extra == .delete else { return true }
        for place in ancestorsAndSelf(of: path) {
            if let left = source.entries[place] {
                if left.flags.contains(.unreadable) { return true }
            } else if let right = destination.entries[place] {
                if !right.kind.isCarried || !right.flags.isDisjoint(with: [.isPreserved, .unreadable]) { return true }
            }
        }
        return isProtected(path)
    }

    private func isUsable(_ entry: World.Entry) -> Bool {
        entry.kind.isCarried && (entry.kind == .directory || !entry.flags.contains(.unreadable))
    }

    /// Whether it is, or holds at any depth, something that must not be deleted.
    private func isProtected(_ path: [UInt8]) -> Bool {
        destination.entries.contains { below, entry in
            (below == path || below.starts(with: path + [0x2F]))
                && (!entry.kind.isCarried
                    || !entry.flags.isDisjoint(with: [.holdsUnlisted, .isPreserved, .unreadable]))
        }
    }

    private func ancestorsAndSelf(of path: [UInt8]) -> [[UInt8]] {
        path.indices.filter { path[$0] == 0x2F }.map { Array(path[..<$0]) } + [path]
    }
}
