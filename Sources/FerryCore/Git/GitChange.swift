/// Who changed a part of a repository, as the steps of a merge tell.
struct GitChange {
    /// The workspace did.
    var isLocal = false
    /// The sandbox did.
    var isRemote = false
    /// It cannot be taken, or nobody knows what it is: then none of the repository may be taken.
    var isBarred = false

    init() {}

    /// What one step says.
    ///
    /// A directory says nothing by itself, and permission bits are no change of a repository.
    init(_ step: PlanStep, in plan: Plan) {
        guard !step.isAboutDirectory(in: plan), !step.isModeConflict else { return }
        switch step.action {
        case .descend, .changeMode, .withheld: return
        case .compare: (isLocal, isRemote) = (step.reason != .changedRemotely, step.reason != .changedLocally)
        case .held, .blocked: (isRemote, isBarred) = (true, true)
        case .unchanged:
            switch step.reason {
            case .deletedLocally: isLocal = true
            case .changedLocally: isLocal = step.fixedOutcome == .kept || step.changes.contains(.content)
            case .none: isLocal = step.source == nil
            // It could not be compared.
            default: isBarred = true
            }
        case .create, .update, .changeKind, .delete, .conflict:
            isRemote = true
            isLocal = ![.changedRemotely, .deletedRemotely, .neededByContent].contains(step.reason)
        }
    }

    mutating func formUnion(_ other: GitChange) {
        isLocal = isLocal || other.isLocal
        isRemote = isRemote || other.isRemote
        isBarred = isBarred || other.isBarred
    }
}

extension PlanStep {
    /// Whether it is about a directory, and about nothing of another kind.
    func isAboutDirectory(in plan: Plan) -> Bool {
        (source.map { plan.source[$0].kind == .directory } ?? true)
            && (destination.map { plan.destination[$0].kind == .directory } ?? true)
    }

    /// Whether only permission bits conflict.
    var isModeConflict: Bool {
        action == .conflict && !changes.isEmpty && changes.isDisjoint(with: [.content, .size])
    }
}
