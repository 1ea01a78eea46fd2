extension Plan {
    /// Withdraws what needs something to be removed at the destination, for a way there that can only add and replace.
    ///
    /// That is every deletion, and every change of kind from or to a directory with all that is in it. Each is a problem, told once for
    /// a directory; a later sync by another way does it.
    ///
    /// - Parameter reason: Why nothing can be removed, and what helps, as a clause.
    public mutating func blockRemovals(because reason: String) {
        let removed = removedDirectories
        for step in steps where needsRemoval(step) {
            // A directory that goes is told once for all that is in it.
            if let parent = step.destination.flatMap({ destination.parent(of: $0) }), removed.contains(parent) {
                continue
            }
            let what = step.action == .delete ? "not removed" : "not replaced by an entry of another kind"
            problems.append(Problem(.unwritable, path: path(of: step), message: "\(what): \(reason)"))
        }
        for index in steps.indices where needsRemoval(steps[index]) { block(index) }
        problems.sort { $0.path.lexicographicallyPrecedes($1.path) }
    }

    private func needsRemoval(_ step: PlanStep) -> Bool {
        switch step.action {
        case .delete: true
        case .changeKind:
            step.source.map { source[$0].kind == .directory } ?? false
                || step.destination.map { destination[$0].kind == .directory } ?? false
        default: false
        }
    }

    /// The directories that are deleted.
    private var removedDirectories: Set<EntryID> {
        Set(
            steps.compactMap { step in
                step.action == .delete
                    ? step.destination.flatMap { destination[$0].kind == .directory ? $0 : nil } : nil
            })
    }

    /// Blocks a step and all that is below it.
    private mutating func block(_ index: Int) {
        var stack = [index]
        while let next = stack.popLast() {
            steps[next].action = .blocked
            steps[next].overwritesUnpulled = false
            steps[next].fixedOutcome = .kept
            let group = Int(steps[next].childGroup)
            if group != 0 { stack.append(contentsOf: groups[group].steps) }
        }
    }
}
