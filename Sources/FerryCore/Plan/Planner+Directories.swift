/// What becomes of directories follows from what becomes of their content.
extension Planner {
    /// A directory in which nothing is done.
    mutating func finishEmpty(_ step: Int, _ directory: Pending) {
        guard plan.steps[step].action == .delete, let id = directory.destination,
            !plan.destination.children(of: id).isEmpty
        else { return }
        stay(step)
    }

    /// From the deepest upwards: a directory stays while something in it stays, and comes back for what is new in it.
    mutating func settleDirectories() {
        for group in plan.groups.indices.reversed() {
            guard let owner = owners[group] else { continue }
            let steps = plan.groups[group].steps
            switch plan.steps[owner].action {
            case .delete:
                guard let id = plan.groups[group].destination else { continue }
                let gone = steps.count { plan.steps[$0].action == .delete }
                if gone < plan.destination.children(of: id).count { stay(owner) }
            case .descend where isPull && plan.steps[owner].destination == nil:
                guard steps.contains(where: { plan.steps[$0].action == .create }) else { continue }
                plan.steps[owner].action = .create
                plan.steps[owner].reason = .neededByContent
                plan.steps[owner].fixedOutcome = nil
            default: continue
            }
        }
    }

    private mutating func stay(_ step: Int) {
        plan.steps[step].action = .descend
        // What a pull leaves is the workspace's alone by then; what a push leaves may still go next time.
        plan.steps[step].fixedOutcome = isPull ? .dropped : .kept
    }
}
