extension Plan {
    /// Decides about repositories, each as one thing, when it is known of all their files who changed them.
    mutating func settleRepositories() {
        guard !gitUnits.isEmpty else { return }
        var settlement = GitSettlement(plan: self)
        settlement.run()
        self = settlement.plan
        gitUnits = []
    }

    /// The same plan as it is if every open comparison finds a change on both sides.
    ///
    /// - Returns: A plan that names all that has to be fetched to carry this one out; no plan to be carried out itself.
    public func assumingDifferences() -> Plan {
        var plan = self
        plan.settleRepositories()
        return plan
    }
}

/// Makes the steps about each repository fit together.
///
/// Where only one side changed a repository, its state is taken or left as a whole, by the steps that the merge made anyway. Where
/// both did, the workspace's stays as a whole and the sandbox's is withheld as a whole, or is taken as a whole where the policy says
/// so. Objects are deleted and replaced only where the workspace's are all as agreed on; everywhere else they are only added, all that
/// the sandbox has, so that whatever the sandbox's commits need is there.
struct GitSettlement {
    var plan: Plan
    private var conflicts: Set<Int> = []
    private var hasChanges = false

    init(plan: Plan) { self.plan = plan }

    mutating func run() {
        for number in plan.gitUnits.indices { settle(number) }
        if hasChanges { settleDirectories() }
    }

    private mutating func settle(_ number: Int) {
        let unit = plan.gitUnits[number]
        var change = change(of: unit)
        if change.isLocal, change.isRemote, !unit.indexes.isEmpty {
            settleIndexes(unit)
            change = self.change(of: unit)
        }
        // A submodule goes where the repository goes that one side deleted with all that is in it.
        let isInherited = unit.parent.map { conflicts.contains($0) && plan.gitUnits[$0].isGone } ?? false
        if isInherited || (change.isRemote && (change.isLocal || change.isBarred)) {
            return settleConflict(number, isBarred: change.isBarred)
        }
        for index in unit.state where plan.steps[index].isModeConflict { leave(index, .remote) }
        let objects = objectChange(of: unit)
        if change.isLocal || objects.isLocal, objects.isRemote || change.isRemote {
            addObjects(unit, addsDeleted: change.isRemote || objects.adds)
        }
    }

    private func change(of unit: GitUnit) -> GitChange {
        var change = GitChange()
        for index in unit.state { change.formUnion(GitChange(plan.steps[index], in: plan)) }
        if unit.hasUnknownState { change.isBarred = true }
        return change
    }

    private func objectChange(of unit: GitUnit) -> (isLocal: Bool, isRemote: Bool, adds: Bool) {
        var change = GitChange()
        var adds = false
        for index in unit.objects {
            let step = plan.steps[index]
            change.formUnion(GitChange(step, in: plan))
            if [.create, .update, .conflict].contains(step.action) { adds = true }
        }
        return (change.isLocal || unit.hasOwnObjects, change.isRemote, adds)
    }

    // MARK: Indexes

    /// An index that git only wrote anew counts as unchanged.
    private mutating func settleIndexes(_ unit: GitUnit) {
        for index in unit.indexes {
            let step = plan.steps[index.step]
            guard let source = step.source, step.destination != nil, !step.isModeConflict,
                [.conflict, .update, .unchanged].contains(step.action), step.reason != .none
            else { continue }
            let path = plan.source.path(of: source)
            guard let ours = plan.policy.localIndexDigest(path)?[...],
                let theirs = plan.policy.remoteIndexDigest(path)?[...]
            else { continue }
            if ours == theirs {
                leave(index.step, .remote)
                plan.steps[index.step].reason = .none
            } else if ours == index.agreed {
                plan.steps[index.step].action = .update
                plan.steps[index.step].reason = .changedRemotely
                plan.steps[index.step].fixedOutcome = nil
            } else if theirs == index.agreed {
                leave(index.step, .remote)
                plan.steps[index.step].reason = .changedLocally
                plan.steps[index.step].changes = .content
            }
        }
    }

    // MARK: Conflicts

    private mutating func settleConflict(_ number: Int, isBarred: Bool) {
        let unit = plan.gitUnits[number]
        hasChanges = true
        conflicts.insert(number)
        // What cannot be taken as a whole is not taken.
        if plan.policy.differing == .replace, !isBarred { return take(unit) }
        let inside = unit.isGone ? unit.allSteps : unit.state + unit.scratch
        for index in inside { withhold(index) }
        if !unit.isGone { addObjects(unit, addsDeleted: true) }
        plan.steps[unit.step].action = .conflict
        plan.steps[unit.step].changes = unit.isGone ? [] : .content
        plan.steps[unit.step].fixedOutcome = nil
        plan.steps[unit.step].reason =
            unit.source == nil
            ? .deletedRemotelyChangedLocally
            : unit.destination == nil ? .changedRemotelyDeletedLocally : .bothChanged
        guard let source = unit.source else { return }
        let objects = unit.objects.filter { index in
            plan.steps[index].action == (unit.destination == nil ? .withheld : .create)
        }
        plan.gitConflicts.append(
            GitConflict(
                path: plan.source.path(of: source), isInWorkspace: unit.destination != nil,
                addedObjects: files(objects), state: files(unit.state.filter { plan.steps[$0].action == .withheld })))
    }

    private func files(_ steps: [Int]) -> [EntryID] {
        steps.compactMap { plan.steps[$0].source }.filter { plan.source[$0].kind == .file }
    }

    /// Keeps the workspace's version and has the sandbox's stored, also where it is the same: stored is a whole.
    private mutating func withhold(_ index: Int) {
        let step = plan.steps[index]
        guard let source = step.source else { return leave(index, .dropped) }
        if step.action == .held || step.action == .blocked { return }
        let isDirectory = plan.source[source].kind == .directory
        if isDirectory, step.isAboutDirectory(in: plan), step.destination != nil {
            if step.action != .descend { leave(index, .remote) }
            return
        }
        plan.steps[index].fixedOutcome = step.action == .unchanged ? step.fixedOutcome ?? .agreed : nil
        plan.steps[index].action = .withheld
    }

    /// Lets the workspace have what it has.
    private mutating func leave(_ index: Int, _ outcome: BaselineOutcome) {
        plan.steps[index].action = plan.steps[index].isAboutDirectory(in: plan) ? .descend : .unchanged
        plan.steps[index].changes = []
        plan.steps[index].fixedOutcome = outcome
    }

    /// Takes the sandbox's version as a whole, also of what only the workspace changed.
    private mutating func take(_ unit: GitUnit) {
        for index in unit.destination == nil ? unit.allSteps : unit.state + unit.scratch {
            let step = plan.steps[index]
            if step.source == nil {
                // Branches that only the workspace has stay: they disturb nothing.
                if step.fixedOutcome == .kept, plan.policy.extra == .delete, !isName(step, in: unit) {
                    plan.steps[index].action = .delete
                    plan.steps[index].fixedOutcome = nil
                    plan.steps[index].reason = .deletedRemotely
                }
            } else if step.action == .unchanged, step.reason == .changedLocally {
                bring(index, as: .update, reason: .bothChanged)
            } else if step.action == .unchanged, step.reason == .deletedLocally {
                bring(index, as: .create, reason: .changedRemotelyDeletedLocally)
            }
        }
        if unit.destination != nil { addObjects(unit, addsDeleted: true) }
    }

    /// Whether an entry is a branch, a tag or a log.
    private func isName(_ step: PlanStep, in unit: GitUnit) -> Bool {
        guard let top = unit.destination else { return false }
        var current = step.destination
        while let id = current, id != top {
            let name = plan.destination.name(of: id)
            if name.elementsEqual("refs".utf8) || name.elementsEqual("logs".utf8) { return true }
            current = plan.destination.parent(of: id)
        }
        return false
    }

    private mutating func bring(_ index: Int, as action: PlanAction, reason: PlanReason) {
        guard let source = plan.steps[index].source else { return }
        var step = plan.steps[index]
        step.action = action
        step.reason = reason
        step.fixedOutcome = nil
        if action == .update { step.changes.insert(.content) }
        plan.hold(&step, source: source, destination: step.destination)
        plan.steps[index] = step
        hasChanges = true
    }

    // MARK: Objects

    /// Has objects only added.
    ///
    /// - Parameters:
    ///   - unit: The repository.
    ///   - addsDeleted: Whether also those come back that the workspace deleted: what is new in the sandbox may need them.
    private mutating func addObjects(_ unit: GitUnit, addsDeleted: Bool) {
        hasChanges = true
        for index in unit.objects {
            let step = plan.steps[index]
            guard step.source != nil else {
                leave(index, .dropped)
                continue
            }
            guard step.destination == nil else {
                switch step.action {
                case .update, .changeMode, .conflict: leave(index, .remote)
                // Nothing in a repository is ever that; it waits for somebody to look at it.
                case .changeKind: leave(index, .kept)
                default: break
                }
                continue
            }
            guard !step.isAboutDirectory(in: plan) else {
                if step.action == .conflict { bring(index, as: .create, reason: .changedRemotely) }
                continue
            }
            let isDeleted = step.action == .unchanged && step.reason == .deletedLocally
            if step.action == .conflict || (isDeleted && addsDeleted) {
                bring(index, as: .create, reason: .neededByContent)
            }
        }
    }

    // MARK: Directories

    /// From the deepest upwards: a directory is there for what is in it.
    private mutating func settleDirectories() {
        var owners: [Int: Int] = [:]
        for (index, step) in plan.steps.enumerated() where step.childGroup != 0 { owners[Int(step.childGroup)] = index }
        for group in plan.groups.indices {
            // Nothing can come into what is no directory.
            guard let owner = owners[group], plan.steps[owner].action == .unchanged else { continue }
            for index in plan.groups[group].steps {
                plan.steps[index].action = .unchanged
                plan.steps[index].fixedOutcome = .kept
            }
        }
        for group in plan.groups.indices.reversed() {
            guard let owner = owners[group] else { continue }
            settleDirectory(owner, plan.groups[group])
        }
    }

    private mutating func settleDirectory(_ owner: Int, _ group: PlanGroup) {
        let actions = group.steps.map { plan.steps[$0].action }
        switch plan.steps[owner].action {
        case .delete:
            guard let id = group.destination else { return }
            let gone = actions.count { $0 == .delete }
            if gone < plan.destination.children(of: id).count { leave(owner, .dropped) }
        case .descend where group.destination == nil:
            guard actions.contains(.create) else { return }
            plan.steps[owner].action = .create
            plan.steps[owner].reason = .neededByContent
            plan.steps[owner].fixedOutcome = nil
        case .create where plan.steps[owner].reason == .neededByContent && !actions.contains(.create):
            plan.steps[owner].action = actions.contains(.withheld) ? .withheld : .descend
            plan.steps[owner].fixedOutcome = .remote
        default: return
        }
    }
}

extension GitUnit {
    /// Whether one side deleted all of it.
    var isGone: Bool { source == nil || destination == nil }
}
