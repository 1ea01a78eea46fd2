import FerryCore

/// A small tree as a table, with the metadata that a scan would find.
struct MergeWorld {
    struct Entry: Equatable {
        var kind: EntryKind
        var mode: UInt16 = 0o644
        /// Stands for the content of a file, or a link's target.
        var content = 0
        var size: Int64 = 10
        var mtime: Int64 = 1
        /// Moves with every change; nobody can set it.
        var ctime: Int64 = 1
        var inode: UInt64 = 0
        var flags: EntryFlags = []

        /// What a sync carries.
        func isSame(as other: Entry) -> Bool {
            guard kind == other.kind else { return false }
            switch kind {
            case .directory: return mode == other.mode
            case .symlink: return content == other.content
            default: return content == other.content && size == other.size && mode == other.mode
            }
        }

        static func == (left: Entry, right: Entry) -> Bool { left.isSame(as: right) }
    }

    var entries: [String: Entry] = [:]
    /// The clock of the side; far from the scans of the baseline, so that nothing is racy.
    var clock: Int64 = 100

    static func file(_ content: Int = 1, mode: UInt16 = 0o644, size: Int64 = 10) -> Entry {
        Entry(kind: .file, mode: mode, content: content, size: size)
    }
    static func directory(_ mode: UInt16 = 0o755) -> Entry { Entry(kind: .directory, mode: mode) }
    static func link(_ target: Int = 1) -> Entry { Entry(kind: .symlink, mode: 0o777, content: target) }

    subscript(path: String) -> Entry? {
        get { entries[path] }
        set {
            guard var new = newValue else {
                entries = entries.filter { $0.key != path && !$0.key.hasPrefix(path + "/") }
                return
            }
            clock += 1
            new.ctime = clock
            new.inode = UInt64(clock)
            if let old = entries[path] {
                if old.kind == .directory, new.kind != .directory { self[path] = nil }
                if old.kind == new.kind { new.inode = old.inode }
            }
            entries[path] = new
        }
    }

    /// A copy as another machine makes it: the same content and times, other inodes.
    func copied(at time: Int64) -> MergeWorld {
        var result = MergeWorld(clock: time)
        for path in paths {
            guard let entry = entries[path] else { continue }
            result[path] = entry
        }
        return result
    }

    var paths: [String] {
        entries.keys.sorted { left, right in
            guard let left = try? RelativePath(validating: left.utf8),
                let right = try? RelativePath(validating: right.utf8)
            else { return false }
            return left < right
        }
    }

    static func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    func children(of path: String) -> [String] { paths.filter { Self.parent($0) == path } }

    /// The world as a scan gives it.
    func snapshot() -> Snapshot {
        var segment = SnapshotSegment(number: 0)
        let root = segment.append(name: [], parent: segment.nextID, status: EntryStatus(kind: .directory, mode: 0o755))
        var pending: [(id: EntryID, path: String)] = [(root, "")]
        while let (id, path) = pending.popLast() {
            let names = children(of: path)
            let first = segment.nextID
            for child in names {
                guard let entry = entries[child] else { continue }
                let name = Array((child.split(separator: "/").last ?? "").utf8)
                let status = EntryStatus(
                    kind: entry.kind, mode: entry.mode, size: entry.size, mtime: Timestamp(seconds: entry.mtime),
                    ctime: Timestamp(seconds: entry.ctime), inode: entry.inode, device: 1)
                let target = Array("t\(entry.content)".utf8)
                let made = segment.append(
                    name: name[...], parent: id, status: status, target: target[...], flags: entry.flags)
                if entry.kind == .directory { pending.append((made, child)) }
            }
            segment.amend(directory: id, status: nil, firstChild: first, childCount: names.count)
        }
        return Snapshot(merging: [segment])
    }

    /// Carries a plan out on this world.
    ///
    /// - Parameters:
    ///   - plan: The plan, settled.
    ///   - source: Where it takes from.
    /// - Returns: Steps that could not be done, as an executor would report.
    mutating func apply(_ plan: Plan, from source: MergeWorld) -> [String] {
        var trouble: [String] = []
        var deleted: [String] = []
        for step in plan.orderedSteps {
            let path = String(decoding: plan.path(of: step), as: UTF8.self)
            switch step.action {
            case .create:
                if entries[path] != nil { trouble.append("\(path) is there") }
                let parent = Self.parent(path)
                if !parent.isEmpty, entries[parent]?.kind != .directory { trouble.append("nothing holds \(path)") }
                self[path] = source[path].map(Self.carried)
            case .update, .changeKind:
                if entries[path] == nil { trouble.append("\(path) is not there") }
                if step.action == .changeKind { self[path] = nil }
                var new = source[path].map(Self.carried)
                // A file is replaced by another.
                clock += 1
                new?.inode = UInt64(clock)
                self[path] = nil
                self[path] = new
            case .changeMode:
                guard var entry = entries[path], let new = source[path] else { continue }
                entry.mode = new.mode
                self[path] = entry
            case .delete: deleted.append(path)
            case .compare: trouble.append("\(path) is undecided")
            default: continue
            }
        }
        for path in deleted.reversed() {
            if !children(of: path).isEmpty { trouble.append("\(path) is not empty") }
            entries[path] = nil
        }
        return trouble
    }

    private static func carried(_ entry: Entry) -> Entry {
        var entry = entry
        entry.flags = []
        return entry
    }
}

/// A workspace, a sandbox and what they agreed on.
struct MergePair {
    var local = MergeWorld()
    var remote = MergeWorld()
    var baseline: Baseline?
    var review: HeldReview?
    var conflicts = PlanPolicy.Differing.keep
    var deletes = true

    init() {}

    /// Both sides after a push of some entries, long ago.
    init(synced entries: [String: MergeWorld.Entry]) {
        var base = MergeWorld(clock: 100)
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) { base[path] = entry }
        local = base
        remote = base.copied(at: 10_000)
        // The first push, as a sync does it.
        var empty = MergePair()
        empty.local = local
        empty.remote.clock = 10_000
        empty.push()
        (remote, baseline) = (empty.remote, empty.baseline)
    }

    static func stamp(_ world: MergeWorld) -> ScanStamp {
        ScanStamp(start: Timestamp(seconds: world.clock + 10), granularity: 1_000_000_000)
    }

    func policy(_ merge: PlanPolicy.Merge) -> PlanPolicy {
        PlanPolicy(
            differing: merge == .push ? .replace : conflicts, extra: deletes ? .delete : .keep,
            review: merge == .pull ? review : nil, merge: merge)
    }

    /// The plan of a sync, with every comparison made.
    func plan(_ merge: PlanPolicy.Merge, trust: PlanPolicy.RemoteTrust = .fingerprints) -> Plan {
        let (source, destination) = merge == .pull ? (remote, local) : (local, remote)
        var policy = policy(merge)
        policy.remoteTrust = trust
        var plan = Planner.plan(
            source: source.snapshot(), destination: destination.snapshot(), policy: policy, base: baseline)
        plan.settle(
            equal: plan.comparisons.map { index in
                let path = String(decoding: plan.path(of: plan.steps[index]), as: UTF8.self)
                return source[path]?.content == destination[path]?.content
            })
        return plan
    }

    @discardableResult
    mutating func pull() -> Plan { run(.pull) }

    @discardableResult
    mutating func push() -> Plan { run(.push) }

    /// What could not be carried out.
    private(set) var trouble: [String] = []

    private mutating func run(_ merge: PlanPolicy.Merge) -> Plan {
        let plan = plan(merge)
        trouble = merge == .pull ? local.apply(plan, from: remote) : remote.apply(plan, from: local)
        let (source, destination) = merge == .pull ? (remote, local) : (local, remote)
        let applied = AppliedState(
            source: source.snapshot(), destination: destination.snapshot(), sourceStamp: Self.stamp(source),
            destinationStamp: Self.stamp(destination))
        let next = Baseline.advanced(from: baseline, by: plan, applied: applied, header: BaselineHeader())
        // Much of it was taken over from the old one as bytes: they must be sound, and those that writing it all anew gives.
        if let read = try? Baseline(encoded: next.encoded()) {
            let anew = Baseline(header: next.header, entries: read.allEntries)
            if anew.encodedBlocks != read.encodedBlocks { trouble.append("the next baseline is not in its usual form") }
        } else {
            trouble.append("the next baseline cannot be read back")
        }
        // Every other one is read by windows from now on, as a large one is.
        baseline = local.clock % 2 == 0 ? next : NarrowBlocks.baseline(next)
        local.clock += 100
        remote.clock += 100
        return plan
    }

    /// What a plan does, as `action path`, without what it leaves alone.
    static func actions(_ plan: Plan) -> [String] {
        plan.orderedSteps.filter { ![.descend, .unchanged].contains($0.action) }
            .map { "\($0.action) \(String(decoding: plan.path(of: $0), as: UTF8.self))" }
    }

    /// The reasons of what a plan does, path by path.
    static func reasons(_ plan: Plan) -> [String: PlanReason] {
        Dictionary(
            plan.orderedSteps.map { (String(decoding: plan.path(of: $0), as: UTF8.self), $0.reason) },
            uniquingKeysWith: { first, _ in first })
    }

    func entry(_ path: String) -> BaselineEntry? {
        (try? RelativePath(validating: path.utf8)).flatMap { baseline?.entry(at: $0) }
    }
}
