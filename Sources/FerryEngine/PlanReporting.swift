import FerryCore

extension SyncSession {
    /// Tells a plan: its counts, then its items in the order of paths.
    mutating func announce(_ plan: Plan, _ summary: PlanSummary) {
        report.summary.add(summary)
        report.sourceEntries += plan.source.entryCount
        report.sourceBytes += plan.source.byteCount
        observer(.plan(summary))
        for step in plan.orderedSteps where isTold(step) {
            observer(.item(item(step, in: plan)))
        }
        note(plan.problems)
    }

    func isTold(_ step: PlanStep) -> Bool {
        switch step.action {
        case .descend, .compare, .unchanged, .withheld: false
        case .conflict, .held, .blocked: true
        default: options.reportsItems
        }
    }

    func item(_ step: PlanStep, in plan: Plan) -> SyncItem {
        let (snapshot, id) =
            step.source.map { (plan.source, $0) } ?? (plan.destination, step.destination ?? plan.destination.root)
        let record = snapshot[id]
        let first = snapshot.firstName(of: id)
        return SyncItem(
            action: step.action, kind: record.kind, changes: step.changes, path: here(snapshot.path(of: id)),
            size: record.size,
            linkTarget: record.kind == .symlink ? Array(snapshot.target(of: id)) : nil,
            hardLinkTarget: first == id || step.source == nil ? nil : here(snapshot.path(of: first)),
            heldReason: step.heldReason,
            conflictReason: conflictReason(of: step))
    }

    /// An entry that no sync knew of is one of both sides; that it is new there is not known without a baseline.
    private func conflictReason(of step: PlanStep) -> PlanReason? {
        guard step.action == .conflict else { return nil }
        return [.none, .newOnBothSides].contains(step.reason) ? nil : step.reason
    }
}
