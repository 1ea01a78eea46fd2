extension Plan {
    /// Decides the steps that waited for a comparison by what was found out before.
    ///
    /// - Parameter answer: What is known of a path; where that is nothing, the step is withdrawn.
    public mutating func settle(by answer: (_ path: [UInt8], _ local: EntryID) -> ContentAnswer?) {
        settle(
            comparisons.map { index in
                let step = steps[index]
                let local = policy.merge == .push ? step.source : step.destination
                return local.flatMap { answer(path(of: step), $0) } ?? ContentAnswer(isEqual: nil)
            })
    }

    /// Withdraws all that is not at or below some paths.
    ///
    /// A directory that has to be made, or to take the place of something else, for what is left comes with it.
    ///
    /// - Parameter paths: The paths.
    public mutating func restrict(to paths: [RelativePath]) {
        for index in steps.indices where steps[index].action != .descend && steps[index].action != .unchanged {
            let path = RelativePath(unchecked: path(of: steps[index]))
            if paths.contains(where: { path.isSameOrBelow($0) }) { continue }
            let isAbove = paths.contains { $0.isSameOrBelow(path) }
            switch steps[index].action {
            case .create where isAbove, .changeKind where isAbove: continue
            case .delete, .changeMode, .conflict, .create, .update, .changeKind, .held, .blocked, .compare, .descend,
                .unchanged, .withheld:
                withdraw(index)
            }
        }
    }

    /// Withdraws all that something is to be done about and that is not wanted.
    ///
    /// - Parameter isWanted: Whether a path is wanted.
    public mutating func restrict(_ isWanted: (_ path: [UInt8]) -> Bool) {
        for index in steps.indices where steps[index].action != .descend && steps[index].action != .unchanged {
            if !isWanted(path(of: steps[index])) { withdraw(index) }
        }
    }

    private mutating func withdraw(_ index: Int) {
        // What is in it is gone into all the same.
        steps[index].action = steps[index].childGroup == 0 ? .unchanged : .descend
        steps[index].overwritesUnpulled = false
        steps[index].fixedOutcome = .kept
        steps[index].changes = []
    }
}
