import FerryCore
import FerryFileSystem

/// Carries out a plan that was kept, from the results that are kept with it: the sandbox is not needed any more.
struct PlanApply {
    let name: String
    let stored: StoredPlan
    /// The part to carry out; empty for all of it.
    let paths: [RelativePath]

    /// How many stale paths an error lists.
    private static let listedPaths = 20

    func run(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        guard let state = options.stateDirectory else {
            throw SyncError(.usage, "without a state directory there is no plan; name the one that has it")
        }
        let store = PlanStore(in: state)
        let target = try PullTarget.open(stored.workspace, session)
        let key = try SyncLocks.key(of: target.directory, at: stored.workspace)
        let directoryKey = SyncBaseline.key(of: [])
        let endpoint =
            stored.endpointKey.starts(with: directoryKey)
            ? Array(stored.endpointKey.dropFirst(directoryKey.count)) : stored.endpointKey
        session.locks = try SyncLocks.take(
            workspace: .init(key: key, mode: .exclusive, noun: "the workspace"),
            endpoint: endpoint.isEmpty ? nil : .init(key: endpoint, mode: .exclusive, noun: "the sandbox"), session)
        let results = try results(in: store)
        try Recovery.recover(target.directory, &session)
        var baseline: SyncBaseline?
        if !stored.endpointKey.isEmpty {
            var known = try SyncBaseline.load(workspace: key, endpoint: stored.endpointKey, &session)
            let identity = SyncBaseline.Identity(
                id: stored.sandboxIdentity, boot: stored.sandboxBoot, isEmpty: false)
            try known.identify(identity, isPush: false, options)
            baseline = known
        }
        try session.begin(.scanning)
        let stamp = ScanStamp.now
        let local = try target.scan(&session)
        var tree = local.snapshot
        let untouched = untouched(in: &tree, target.directory, baseline?.old)
        let plan = try plan(tree, baseline, untouched, results, in: target, options)
        let summary = plan.summary()
        session.announce(plan, summary)
        try PullTarget.checkHalts(plan, summary, options)
        try FoldingCheck.check(plan, on: target.place(), target, options)
        if options.isDryRun { return }
        try checkResults(plan, results, options)
        // What is staged moves into the workspace.
        let indexes = GitIndexDigests(of: plan)
        let first = session.report.problems.count
        var workspace = target.directory
        var failed: Set<[UInt8]> = []
        if !summary.changesNothing || summary.conflicts + summary.held > 0 {
            try session.begin(.transferring)
            let made = try target.create()
            workspace = made
            try DirectoryEndpoints.checkSpace(summary, on: made, options)
            var staging = try StagedTree(for: made, options)
            defer { staging.discard() }
            try staging.copy(plan, summary, from: results, workspace: made, &session)
            failed = try staging.apply(plan, to: made, at: stored.workspace, from: stored.endpoint, &session)
        }
        if let workspace, let baseline, baseline.isKept {
            var applied = PulledState.of(
                plan, in: workspace, scanned: stamp, changed: !summary.changesNothing,
                failed: failed.union(session.failures(since: first)))
            applied.sourceStamp = stored.remoteStamp
            let digests = Self.lookup(stored.fetchedDigests)
            applied.digest = { [source = plan.source] in digests[source.path(of: $0)] }
            try baseline.advance(plan, indexes: indexes, applied)
        }
        // What was left out, and what failed, can be applied later.
        let isWhole = failed.isEmpty && session.failures(since: first).isEmpty
        if paths.isEmpty, isWhole { store.remove(name) }
    }

    /// Refuses results of which something is missing or was cut, as by a power failure: nothing may be taken for what it is not.
    ///
    /// Only kinds, sizes and targets are looked at; the plan itself has a digest, but nobody reads all content twice.
    private func checkResults(
        _ plan: Plan, _ results: OpenDirectory, _ options: SyncOptions
    ) throws(SyncError) {
        let found: Snapshot
        do throws(FileSystemError) {
            let scan = ScanOptions(rules: IgnoreRules(defaults: .none), threads: options.threads)
            found = try TreeScanner.scan(results, options: scan).snapshot
        } catch {
            throw SyncError(.failed, "\(error); nothing was changed")
        }
        var damaged: [[UInt8]] = []
        for step in plan.steps {
            guard [.create, .update, .changeKind].contains(step.action), let id = step.source else { continue }
            let wanted = plan.source[id]
            // Another name of a file is made when it comes in.
            guard wanted.kind == .file && !wanted.flags.contains(.hasSeveralNames) || wanted.kind == .symlink else {
                continue
            }
            let path = plan.source.path(of: id)
            guard let kept = found.entry(at: RelativePath(unchecked: path)), found[kept].kind == wanted.kind,
                wanted.kind == .symlink
                    ? found.target(of: kept).elementsEqual(plan.source.target(of: id)) : found[kept].size == wanted.size
            else {
                damaged.append(path)
                continue
            }
        }
        guard !damaged.isEmpty else { return }
        damaged.sort { $0.lexicographicallyPrecedes($1) }
        throw SyncError(
            .halted,
            "\(counted(damaged.count, "result", "results")) of plan \(name) in the state directory"
                + " \(damaged.count == 1 ? "is" : "are") missing or of another size than the plan says; nothing was changed: make a new plan, or"
                + " apply only the other paths",
            examples: Array(damaged.prefix(Self.listedPaths)))
    }

    private func results(in store: PlanStore) throws(SyncError) -> OpenDirectory {
        do throws(FileSystemError) {
            if let tree = try store.tree(of: name) { return tree }
        } catch {
            throw SyncError(.failed, "\(error); nothing was changed")
        }
        throw SyncError(
            .halted,
            "the results of plan \(name) are not in the state directory any more: it was applied, or is one of many;"
                + " nothing was changed: make a new plan")
    }

    /// What to do: the same plan again, or, where conflicts are decided in another way than it was told, one that does that.
    private func plan(
        _ tree: Snapshot, _ baseline: SyncBaseline?, _ untouched: Set<[UInt8]>, _ results: OpenDirectory,
        in target: PullTarget, _ options: SyncOptions
    ) throws(SyncError) -> Plan {
        func make(_ conflicts: ConflictPolicy) throws(SyncError) -> Plan {
            var options = options
            options.conflicts = conflicts
            var policy = baseline?.policy(options.pullPolicy) ?? options.pullPolicy
            policy.readIndexes(of: target, tree, results)
            var plan = try self.plan(tree, baseline, untouched, policy)
            if !paths.isEmpty { plan.restrict(to: paths) }
            return plan
        }
        let shown = ConflictPolicy(rawValue: String(decoding: stored.settings.conflicts, as: UTF8.self))
        let plan = try make(shown ?? options.conflicts)
        try checkFresh(plan, untouched)
        return shown == options.conflicts ? plan : try make(options.conflicts)
    }

    /// The same plan again, from the workspace as it is now.
    private func plan(
        _ local: Snapshot, _ baseline: SyncBaseline?, _ untouched: Set<[UInt8]>, _ policy: PlanPolicy
    ) throws(SyncError) -> Plan {
        var policy = policy
        let known = Self.lookup(stored.knownDigests)
        policy.remoteDigest = { known[$0] }
        var plan = try SyncBaseline.plan(source: stored.remote, destination: local, policy: policy, base: baseline?.old)
        var answers: [[UInt8]: StoredPlan.Answer] = [:]
        for answer in stored.answers { answers[answer.path] = answer }
        let tree = plan.destination
        plan.settle { path, id in
            answers[path].flatMap {
                untouched.contains(path) || $0.local == Fingerprint(of: id, in: tree) ? $0.answer : nil
            }
        }
        return plan
    }

    private static func lookup(_ digests: [(path: [UInt8], digest: [UInt8])]) -> [[UInt8]: [UInt8]] {
        Dictionary(digests.map { ($0.path, $0.digest) }, uniquingKeysWith: { $1 })
    }

    /// Refuses the plan where the workspace, or what was agreed on, is not any more what it was made from.
    private func checkFresh(_ plan: Plan, _ untouched: Set<[UInt8]>) throws(SyncError) {
        var now: [[UInt8]: StoredPlan.Step] = [:]
        for step in KeptPull.steps(of: plan) { now[step.path] = step }
        var stale: [[UInt8]] = []
        for step in stored.steps where isWanted(step.path) {
            guard let current = now.removeValue(forKey: step.path) else {
                // Equal by now, because a part was applied already; any other way to lose its step is a change.
                if !isDone(step, in: plan) { stale.append(step.path) }
                continue
            }
            // What was held may be let in meanwhile.
            let isSame = current.action == step.action || step.action == .held
            if !isSame || !untouched.contains(step.path) { stale.append(step.path) }
        }
        // Directories that come along were part of it as well.
        let known = Set(stored.steps.map(\.path))
        stale += now.keys.filter { !known.contains($0) }
        guard stale.isEmpty else {
            stale.sort { $0.lexicographicallyPrecedes($1) }
            throw SyncError(
                .halted,
                "the plan is stale: \(counted(stale.count, "path is", "paths are")) not any more what it was made from;"
                    + " nothing was changed: make a new plan, or apply only the other paths",
                examples: Array(stale.prefix(Self.listedPaths)))
        }
    }

    private func isWanted(_ path: [UInt8]) -> Bool {
        paths.isEmpty || paths.contains { RelativePath(unchecked: path).isSameOrBelow($0) }
    }

    /// Whether the workspace already has what a step would bring.
    private func isDone(_ step: StoredPlan.Step, in plan: Plan) -> Bool {
        let path = RelativePath(unchecked: step.path)
        let (source, destination) = (plan.source.entry(at: path), plan.destination.entry(at: path))
        switch step.action {
        case .delete: return destination == nil
        // A conflict that was stored, and what is held, count as looked at.
        case .conflict, .held, .blocked, .withheld: return true
        default:
            guard let source, let destination else { return false }
            let (theirs, ours) = (plan.source[source], plan.destination[destination])
            return theirs.kind == ours.kind && (theirs.kind == .symlink || theirs.mode == ours.mode)
                && (theirs.kind != .file || theirs.size == ours.size)
        }
    }

    /// The paths of steps at which the workspace has what the plan saw; of a directory only what it is counts, not what is in it.
    ///
    /// A run that was taken back gives everything a new ctime; then the content decides, and where it is the same, the tree gets the ctime
    /// that the plan saw: for the merge nothing has happened. It keeps the new one where the baseline knows of that already.
    private func untouched(
        in local: inout Snapshot, _ workspace: OpenDirectory?, _ baseline: Baseline?
    ) -> Set<[UInt8]> {
        var paths: Set<[UInt8]> = []
        var doubtful: [(step: StoredPlan.Step, id: EntryID)] = []
        for step in stored.steps {
            let id = local.entry(at: RelativePath(unchecked: step.path))
            guard let id, let then = step.local else {
                if id == nil, step.local == nil { paths.insert(step.path) }
                continue
            }
            var now = Fingerprint(of: id, in: local)
            if now == then {
                paths.insert(step.path)
            } else if local[id].kind == .directory {
                if now.inode == then.inode, now.mode == then.mode { paths.insert(step.path) }
            } else {
                now.ctime = then.ctime
                guard now == then else { continue }
                if local[id].kind != .symlink {
                    doubtful.append((step, id))
                } else {
                    paths.insert(step.path)
                    local.amend(id, inode: then.inode, ctime: then.ctime)
                }
            }
        }
        guard let workspace, !doubtful.isEmpty else { return paths }
        let hashed = ContentHasher.digests(of: doubtful.map(\.id), in: local, root: workspace)
        for (file, digest) in zip(doubtful, hashed.digests) where digest == file.step.digest {
            paths.insert(file.step.path)
            let known = baseline?.entry(at: RelativePath(unchecked: file.step.path))?.local
            guard let then = file.step.local, known != Fingerprint(of: file.id, in: local) else { continue }
            local.amend(file.id, inode: then.inode, ctime: then.ctime)
        }
        return paths
    }
}
