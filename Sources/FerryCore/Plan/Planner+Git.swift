/// Where in a repository a directory of the merge is.
struct GitPlace {
    var role = GitRole.none
    /// The unit that it belongs to, as an index into the plan's; nil where no unit is watched.
    var unit: Int?
}

/// Notes, path by path, what belongs to a repository; what becomes of it is decided when the whole of it is known.
extension Planner {
    /// The place of a directory that is about to be walked, below the one at hand.
    ///
    /// - Parameters:
    ///   - source: The directory at the source.
    ///   - destination: The same at the destination.
    ///   - step: The step about it, which comes next in the plan.
    ///   - base: What the baseline knows of it.
    /// - Returns: Its place; a repository that is new on one side, or that a mirror or a push meets, has no unit.
    mutating func placeBelow(
        _ source: EntryID?, _ destination: EntryID?, _ step: PlanStep, _ base: InheritedBase
    ) -> GitPlace {
        let name = source.map { plan.source.name(of: $0) } ?? destination.map { plan.destination.name(of: $0) } ?? []
        var below = GitPlace(role: place.role.role(of: name, isDirectory: true), unit: place.unit)
        let mayBeRepository = below.role == .modules || (below.role == .none && name.elementsEqual(GitNames.repository))
        guard mayBeRepository,
            GitNames.isRepository(source, in: plan.source) || GitNames.isRepository(destination, in: plan.destination)
        else { return below }
        below = GitPlace(role: .repository)
        // A repository that is new on one side, or in conflict with something that is none, has nothing to be held together with.
        guard plan.isMerged, isPull, !base.isConflict, step.action != .create, step.action != .changeKind else {
            return below
        }
        below.unit = plan.gitUnits.count
        plan.gitUnits.append(
            GitUnit(step: plan.steps.count, parent: place.unit, source: source, destination: destination))
        return below
    }

    /// Notes what the merge made of an entry inside a repository.
    ///
    /// - Parameters:
    ///   - source: The source's entry.
    ///   - destination: The destination's entry.
    ///   - base: What was agreed on.
    ///   - first: The number of steps before it was merged.
    mutating func noteGit(_ source: EntryID?, _ destination: EntryID?, _ base: MergeBase?, stepsBefore first: Int) {
        guard place.role != .none else { return }
        let name = source.map { plan.source.name(of: $0) } ?? destination.map { plan.destination.name(of: $0) } ?? []
        let isDirectory =
            source.map { plan.source[$0].kind == .directory } ?? false
            || destination.map { plan.destination[$0].kind == .directory } ?? false
        let role = place.role.role(of: name, isDirectory: isDirectory)
        if role == .index, let source, plan.source[source].kind == .file {
            plan.gitIndexes.append(GitIndexFile(source: source, isUntouched: plan.steps.count == first))
        }
        guard let unit = place.unit, let base else { return }
        if plan.steps.count == first, !appendStill(source, destination, base, role, unit) { return }
        let step = plan.steps.count - 1
        switch role {
        case .state: plan.gitUnits[unit].state.append(step)
        case .index:
            plan.gitUnits[unit].state.append(step)
            plan.gitUnits[unit].indexes.append(GitIndexStep(step: step, agreed: base.entry?.indexDigest ?? []))
        case .scratch: plan.gitUnits[unit].scratch.append(step)
        case .objects: plan.gitUnits[unit].objects.append(step)
        default: plan.gitUnits[unit].other.append(step)
        }
    }

    /// Adds a step for an entry in which the merge has nothing to do, where its repository may still have.
    ///
    /// Returns whether it did.
    private mutating func appendStill(
        _ source: EntryID?, _ destination: EntryID?, _ base: MergeBase, _ role: GitRole, _ unit: Int
    ) -> Bool {
        guard !base.isForeign, !base.isOwn else { return false }
        let isState = role == .state || role == .index
        if let source, let destination {
            guard isState else { return false }
            let (theirs, ours) = (plan.source[source], plan.destination[destination])
            let isKnown =
                theirs.kind == ours.kind && theirs.kind.isCarried
                && !theirs.flags.union(ours.flags).contains(.unreadable)
            guard isKnown, theirs.kind != .directory else {
                if theirs.kind != .directory || ours.kind != .directory { plan.gitUnits[unit].hasUnknownState = true }
                return false
            }
            append(PlanStep(.unchanged, source: source, destination: destination), descendInto: nil)
            return true
        }
        guard let destination else {
            if isState, let source, plan.source[source].flags.contains(.unreadable) {
                plan.gitUnits[unit].hasUnknownState = true
            }
            return false
        }
        // Only the workspace has it.
        if role == .objects, plan.destination[destination].kind != .directory || holdsFiles(destination) {
            plan.gitUnits[unit].hasOwnObjects = true
        }
        guard isState, plan.destination[destination].kind.isCarried else { return false }
        guard plan.destination[destination].kind == .directory else {
            append(kept(.unchanged, nil, destination), descendInto: nil)
            return true
        }
        append(kept(.descend, nil, destination), descendInto: (nil, destination), base: base.below)
        return true
    }

    private func holdsFiles(_ directory: EntryID) -> Bool {
        var stack = [directory]
        while let next = stack.popLast() {
            for child in plan.destination.children(of: next) {
                if plan.destination[child].kind != .directory { return true }
                stack.append(child)
            }
        }
        return false
    }
}

extension Planner {
    /// Whether a file of the directory at hand is a part of the state of a repository that is watched.
    func isGitState(_ destination: EntryID) -> Bool {
        guard place.unit != nil else { return false }
        let role = place.role.role(of: plan.destination.name(of: destination), isDirectory: false)
        return role == .state || role == .index
    }
}
