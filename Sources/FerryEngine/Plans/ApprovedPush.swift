import FerryCore
import FerryFileSystem

/// A push that somebody has seen and lets through: it does that and nothing else.
struct ApprovedPush: Sendable {
    let stored: StoredPushPlan
    /// The part to carry out; empty for all of it.
    let paths: [RelativePath]

    /// How many stale paths an error lists.
    private static let listedPaths = 20

    /// Withdraws what was not seen, and refuses the push where a side is not any more what was seen.
    ///
    /// - Parameters:
    ///   - plan: The plan of the push as both sides are now, with nothing left to compare.
    ///   - workspace: The workspace's root.
    ///   - stamp: When its scan began.
    ///   - baseline: The baseline, which knows which sandbox it is.
    /// - Throws: ``SyncError``; nothing was changed.
    func approve(
        _ plan: inout Plan, in workspace: OpenDirectory, _ stamp: ScanStamp, _ baseline: SyncBaseline
    ) throws(SyncError) {
        let identity = baseline.header.sandboxIdentity
        // A directory that was not there yet was made when a part was applied.
        let isOwn = stored.sandboxIdentity.isEmpty && baseline.old?.header.sandboxIdentity == identity
        guard identity == stored.sandboxIdentity || isOwn else {
            throw SyncError(
                .halted,
                "the plan is stale: the sandbox is not the one that it was made for; nothing was changed: make a"
                    + " new plan")
        }
        let hashed = Set(stored.steps.filter { !$0.local.witness.isEmpty }.map(\.path))
        let sides = PushSides(plan: plan, workspace: workspace, stamp: stamp)
        var now: [[UInt8]: StoredPushPlan.Step] = [:]
        for step in sides.steps(wanting: hashed) { now[step.path] = step }
        var stale = Stale()
        var wanted: Set<[UInt8]> = []
        for step in stored.steps where isWanted(step) {
            wanted.insert(step.path)
            guard let current = now[step.path] else {
                if !isDone(step, in: plan) { stale.add(step.path, isLocal: true, isRemote: true) }
                continue
            }
            let isLocalSame = isSame(step.local, current.local)
            let isRemoteSame =
                isSame(step.remote, current.remote) && (step.overwritesUnpulled || !current.overwritesUnpulled)
            let isSameAction = current.action == step.action
            if isLocalSame && isRemoteSame && isSameAction { continue }
            stale.add(step.path, isLocal: !isLocalSame, isRemote: !isRemoteSame)
        }
        // A directory that has to be made by now for what was seen was not seen itself.
        for path in now.keys where !wanted.contains(path) {
            let above = RelativePath(unchecked: path)
            let isNeeded = wanted.contains { RelativePath(unchecked: $0).isSameOrBelow(above) }
            let isSeen = stored.steps.contains { $0.path == path }
            if isNeeded, !isSeen { stale.add(path, isLocal: false, isRemote: true) }
        }
        guard stale.paths.isEmpty else { throw stale.error(listing: Self.listedPaths) }
        try checkLinks(plan, wanted)
        plan.restrict { wanted.contains($0) }
    }

    /// Whether a step belongs to the part, or makes a directory that the part needs.
    private func isWanted(_ step: StoredPushPlan.Step) -> Bool {
        if paths.isEmpty { return true }
        let path = RelativePath(unchecked: step.path)
        if paths.contains(where: { path.isSameOrBelow($0) }) { return true }
        guard step.action == .create || step.action == .changeKind else { return false }
        return paths.contains { $0.isSameOrBelow(path) }
    }

    private func isSame(_ then: StoredPushPlan.Side, _ now: StoredPushPlan.Side) -> Bool {
        guard then.print == now.print else { return false }
        // A sandbox is not asked for a digest each time.
        return then.witness.isEmpty || now.witness.isEmpty || then.witness == now.witness
    }

    /// Whether the sandbox already has what a step would bring.
    private func isDone(_ step: StoredPushPlan.Step, in plan: Plan) -> Bool {
        let path = RelativePath(unchecked: step.path)
        let (source, destination) = (plan.source.entry(at: path), plan.destination.entry(at: path))
        switch step.action {
        case .delete: return source == nil && destination == nil
        case .blocked, .conflict, .held: return true
        default:
            guard let source, let destination else { return false }
            let (ours, theirs) = (plan.source[source], plan.destination[destination])
            let isSeen = ours.kind == .directory || Fingerprint(of: source, in: plan.source) == step.local.print
            return isSeen && ours.kind == theirs.kind && (ours.kind == .symlink || ours.mode == theirs.mode)
                && (ours.kind != .file || ours.size == theirs.size)
        }
    }

    /// Refuses a part that has one name of a file and not the one that its content travels by.
    private func checkLinks(_ plan: Plan, _ wanted: Set<[UInt8]>) throws(SyncError) {
        guard !paths.isEmpty else { return }
        let changed = Set(plan.steps.filter(PushSides.does).compactMap(\.source))
        for step in plan.steps where PushSides.does(step) {
            guard let id = step.source, plan.source[id].kind == .file, wanted.contains(plan.path(of: step)) else {
                continue
            }
            let first = plan.source.firstName(of: id)
            let name = plan.source.path(of: first)
            guard first != id, changed.contains(first), !wanted.contains(name) else { continue }
            throw SyncError(
                .usage,
                "'\(displayName(of: plan.path(of: step)))' is another name of '\(displayName(of: name))'; name both")
        }
    }
}

/// What changed since a plan was made.
private struct Stale {
    private(set) var paths: [[UInt8]] = []
    private var local = 0
    private var remote = 0

    mutating func add(_ path: [UInt8], isLocal: Bool, isRemote: Bool) {
        paths.append(path)
        if isLocal { local += 1 }
        if isRemote { remote += 1 }
    }

    func error(listing count: Int) -> SyncError {
        var sides: [String] = []
        if local > 0 { sides.append("in the workspace") }
        if remote > 0 { sides.append("in the sandbox") }
        let place = sides.isEmpty ? "" : " " + sides.joined(separator: " or ")
        return SyncError(
            .halted,
            "the plan is stale: \(counted(paths.count, "path is", "paths are"))\(place) not any more what it was made from;"
                + " nothing was changed: make a new plan, or apply only the other paths",
            examples: Array(paths.sorted { $0.lexicographicallyPrecedes($1) }.prefix(count)))
    }
}

extension SyncSession {
    /// Withdraws from a push what was not approved, where only an approved one may be carried out.
    ///
    /// - Parameters:
    ///   - plan: The plan, with nothing left to compare.
    ///   - workspace: The workspace's root.
    ///   - stamp: When its scan began.
    ///   - baseline: The baseline, which knows which sandbox it is.
    /// - Throws: ``SyncError``: it is not any more what was approved.
    func approve(
        _ plan: inout Plan, in workspace: OpenDirectory, _ stamp: ScanStamp, _ baseline: SyncBaseline
    ) throws(SyncError) {
        guard let approved = options.approvedPush else { return }
        try approved.approve(&plan, in: workspace, stamp, baseline)
    }
}
