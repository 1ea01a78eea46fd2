import FerryCore
import FerryFileSystem

/// Finds what is not the same on two sides, whoever changed it.
struct TreeComparison {
    private let survey: Survey
    private(set) var plan: Plan

    /// Compares.
    ///
    /// - Parameters:
    ///   - survey: Both sides.
    ///   - readsAll: Whether every byte counts; otherwise what the baseline knows to be untouched is not read.
    ///   - session: What is being done.
    /// - Throws: ``SyncError``.
    init(_ survey: Survey, readsAll: Bool, _ session: inout SyncSession) throws(SyncError) {
        self.survey = survey
        var policy = PlanPolicy(differing: .replace, extra: .delete, comparesAllContent: readsAll, merge: .pull)
        policy.isMirror = true
        var base: Baseline?
        if !readsAll, let baseline = survey.baseline {
            do throws(SyncError) {
                if let known = try survey.identified(isPush: false, session.options) {
                    policy = known.policy(policy)
                    base = known.old
                }
            } catch {
                // Of another sandbox than that of the baseline nothing is known.
                guard error.code == .halted else { throw error }
            }
            if base != nil {
                let digests = try survey.view.digests(for: baseline)
                policy.remoteDigest = { digests[$0] }
            }
        }
        var plans = [
            try SyncBaseline.plan(source: survey.remote, destination: survey.local, policy: policy, base: base)
        ]
        try survey.view.settle(&plans, with: survey.workspace, &session)
        plan = plans[0]
    }

    /// The entries that are not the same, in the order of paths, each with the step that would carry it over.
    ///
    /// What the sandbox had before the first sync is not the workspace's business.
    func differences() -> [(difference: TreeDifference, step: PlanStep)] {
        var result: [(TreeDifference, PlanStep)] = []
        var foreign: RelativePath?
        for step in plan.orderedSteps {
            guard let sort = sort(of: step) else { continue }
            let path = plan.path(of: step)
            if sort == .onlyInSandbox {
                let relative = RelativePath(unchecked: path)
                if let foreign, relative.isSameOrBelow(foreign) { continue }
                if survey.baseline?.old?.entry(at: relative)?.flags.contains(.foreign) ?? false {
                    foreign = relative
                    continue
                }
            }
            let difference = TreeDifference(
                sort: sort, path: path, workspace: step.destination.map { side($0, plan.destination) },
                sandbox: step.source.map { side($0, plan.source) })
            result.append((difference, step))
        }
        return result
    }

    private func side(_ id: EntryID, _ tree: Snapshot) -> TreeDifference.Side {
        TreeDifference.Side(
            kind: tree[id].kind, mode: tree[id].mode, size: tree[id].kind == .file ? tree[id].size : 0)
    }

    private func sort(of step: PlanStep) -> TreeDifference.Sort? {
        switch step.action {
        case .create: return .onlyInSandbox
        case .delete: return .onlyInWorkspace
        case .descend: return step.source == nil ? .onlyInWorkspace : nil
        case .changeKind, .blocked, .conflict, .held:
            return step.source == nil ? .onlyInWorkspace : step.destination == nil ? .onlyInSandbox : .kind
        case .update, .changeMode:
            if step.changes.contains(.content) { return .content }
            // Which names belong to one file is not a matter of content.
            return step.changes.contains(.mode) ? .mode : nil
        case .compare, .unchanged, .withheld: return nil
        }
    }
}
