/// The merge of three, path by path: what both agreed on, what the sandbox has, what the workspace has.
extension Planner {
    /// Decides about one path.
    ///
    /// - Parameters:
    ///   - source: The source's entry.
    ///   - destination: The destination's entry.
    ///   - base: What was agreed on.
    ///   - sourceIsComplete: Whether what the source does not list is not there.
    mutating func merge(
        _ source: EntryID?, _ destination: EntryID?, _ base: MergeBase, sourceIsComplete: Bool
    ) {
        // What cannot be read or carried is unknown on that side: then nothing is known to differ.
        if let source, !isUsable(source, in: plan.source) { return }
        if let destination, plan.destination[destination].flags.contains(.unreadable),
            plan.destination[destination].kind != .directory
        {
            return
        }
        if base.isConflict { return addToConflict(source) }
        if source == nil && !sourceIsComplete { return }
        if isPull { pull(source, destination, base) } else { push(source, destination, base) }
    }

    private func isUsable(_ id: EntryID, in tree: Snapshot) -> Bool {
        let record = tree[id]
        return record.kind.isCarried && (record.kind == .directory || !record.flags.contains(.unreadable))
    }

    /// The sandbox's version of what is below a conflict goes where the conflict goes.
    private mutating func addToConflict(_ source: EntryID?) {
        guard let source else { return }
        var step = PlanStep(.conflict, source: source, destination: nil)
        step.reason = .kindsDiffer
        appendConflict(step)
    }

    /// Adds a conflict, and all that the sandbox has below it.
    private mutating func appendConflict(_ step: PlanStep) {
        var step = step
        guard let source = step.source, plan.source[source].kind == .directory else {
            if let source = step.source { plan.hold(&step, source: source, destination: step.destination) }
            return append(step, descendInto: nil)
        }
        append(step, descendInto: (source, nil), base: InheritedBase(isConflict: true))
    }

    // MARK: Pull

    private mutating func pull(_ remote: EntryID?, _ local: EntryID?, _ base: MergeBase) {
        if base.isForeign { return }
        if base.isOwn {
            // What a killed push was writing says nothing; what is in a directory that it only touched does.
            guard let remote, let local, !base.ownsAllBelow, plan.source[remote].kind == .directory,
                plan.destination[local].kind == .directory
            else { return }
            return append(kept(.descend, remote, local), descendInto: (remote, local), base: base.below)
        }
        if let remote, let local {
            guard plan.source[remote].kind == plan.destination[local].kind else { return pullKind(remote, local, base) }
            switch plan.source[remote].kind {
            case .directory: pullDirectory(remote, local, base)
            case .symlink: pullLink(remote, local, base)
            default: mergeFiles(remote, local, base)
            }
        } else if let remote {
            pullMissing(remote, base)
        } else if let local {
            pullDeleted(local, base)
        }
    }

    private mutating func pullDirectory(_ remote: EntryID, _ local: EntryID, _ base: MergeBase) {
        let (theirs, ours) = (plan.source[remote], plan.destination[local])
        var step = PlanStep(.descend, source: remote, destination: local)
        // Nothing is known of what is in it, and nothing may be written into it.
        if ours.flags.contains(.unreadable) { return append(kept(.descend, remote, local), descendInto: nil) }
        if !theirs.flags.isDisjoint(with: [.unreadable, .hasNoMetadata]) {
            step.fixedOutcome = .kept
        } else if theirs.mode != ours.mode {
            let agreed = base.entry?.kind == .directory ? base.entry : nil
            decideMode(
                &step, ours.mode, theirs.mode, agreed.map { (mode($0, isLocal: true), mode($0, isLocal: false)) })
        } else {
            countIfRecorded(local, remote, base)
        }
        append(step, descendInto: (remote, local), base: base.below)
    }

    private mutating func pullLink(_ remote: EntryID, _ local: EntryID, _ base: MergeBase) {
        guard !plan.source.target(of: remote).elementsEqual(plan.destination.target(of: local)) else {
            return countIfRecorded(local, remote, base)
        }
        var step = PlanStep(.update, source: remote, destination: local, changes: .content)
        if isAsAgreed(remote, isLocal: false, base.entry) {
            step = kept(.unchanged, remote, local)
            step.reason = .changedLocally
            return append(step, descendInto: nil)
        }
        step.reason = .changedRemotely
        if !isAsAgreed(local, isLocal: true, base.entry) {
            step.action = plan.differingAction(step)
            step.reason = base.entry == nil ? .newOnBothSides : .bothChanged
        }
        plan.hold(&step, source: remote, destination: local)
        append(step, descendInto: nil)
    }

    private mutating func pullKind(_ remote: EntryID, _ local: EntryID, _ base: MergeBase) {
        if isTreeAsAgreed(remote, isLocal: false, base, allowsMissing: false) {
            var step = kept(.unchanged, remote, local)
            step.reason = .changedLocally
            return append(step, descendInto: nil)
        }
        var step = PlanStep(.changeKind, source: remote, destination: local, changes: .content)
        step.reason = .changedRemotely
        // What cannot be read may be as agreed or not: that is no conflict, but nothing may take its place.
        let isUnknown = holdsUnreadable(remote, in: plan.source) || holdsUnreadable(local, in: plan.destination)
        if !isUnknown, !isTreeAsAgreed(local, isLocal: true, base, allowsMissing: false) {
            step.reason = .kindsDiffer
            if plan.policy.differing != .replace {
                step.action = .conflict
                return appendConflict(step)
            }
        }
        finishKind(step, remote, local, isBlocked: isUnknown || isProtected(local))
    }

    /// Replaces an entry by one of another kind, unless something forbids it.
    private mutating func finishKind(_ step: PlanStep, _ source: EntryID, _ destination: EntryID, isBlocked: Bool) {
        var step = step
        if isBlocked || !plan.destination[destination].kind.isCarried {
            step.action = .blocked
            step.overwritesUnpulled = false
            plan.problems.append(protection(of: destination, from: source))
        } else {
            plan.hold(&step, source: source, destination: destination)
        }
        let descends = step.action == .changeKind && plan.source[source].kind == .directory
        append(step, descendInto: descends ? (source, nil) : nil)
    }

    private func protection(of destination: EntryID, from source: EntryID) -> Problem {
        Problem(
            .protected, path: plan.source.path(of: source),
            message:
                "not replaced by a \(plan.source[source].kind.noun): the \(plan.destination[destination].kind.noun) there"
                + " is or holds something that is excluded, preserved, foreign or unknown; move that away to let it through"
        )
    }

    private func holdsUnreadable(_ id: EntryID, in tree: Snapshot) -> Bool {
        var stack = [id]
        while let next = stack.popLast() {
            if tree[next].flags.contains(.unreadable) { return true }
            stack.append(contentsOf: tree.children(of: next))
        }
        return false
    }

    /// Only the sandbox has it.
    private mutating func pullMissing(_ remote: EntryID, _ base: MergeBase) {
        let kind = plan.source[remote].kind
        var step = PlanStep(.create, source: remote, destination: nil)
        step.reason = .changedRemotely
        let isAgreed = isAsAgreed(remote, isLocal: false, base.entry)
        guard let entry = base.entry, !(base.isHeld && !isAgreed) else {
            plan.hold(&step, source: remote, destination: nil)
            return append(step, descendInto: kind == .directory ? (remote, nil) : nil, base: base.below)
        }
        if base.isHeld {
            // Reported once; but it may be let through by now.
            plan.hold(&step, source: remote, destination: nil)
            return append(step.action == .held ? kept(.unchanged, remote, nil) : step, descendInto: nil)
        }
        if kind == .directory, entry.kind == .directory {
            // It stays deleted, unless something new is in it. Its mode alone is nothing to keep.
            step = PlanStep(.descend, source: remote, destination: nil)
            step.reason = .deletedLocally
            step.fixedOutcome = .remote
            return append(step, descendInto: (remote, nil), base: base.below)
        }
        if isAgreed {
            step = kept(.unchanged, remote, nil)
            step.reason = .deletedLocally
            return append(step, descendInto: nil)
        }
        step.reason = .changedRemotelyDeletedLocally
        if plan.policy.differing == .replace {
            plan.hold(&step, source: remote, destination: nil)
            return append(step, descendInto: kind == .directory ? (remote, nil) : nil)
        }
        step.action = .conflict
        appendConflict(step)
    }

    /// Only the workspace has it.
    private mutating func pullDeleted(_ local: EntryID, _ base: MergeBase) {
        let record = plan.destination[local]
        guard let entry = base.entry, !base.isHeld, plan.policy.extra == .delete, record.kind.isCarried,
            record.flags.isDisjoint(with: [.isPreserved, .unreadable])
        else { return }
        var step = PlanStep(.delete, source: nil, destination: local)
        step.reason = .deletedRemotely
        let isAgreed = isAsAgreed(local, isLocal: true, entry)
        guard record.kind == .directory, entry.kind == .directory else {
            if !isAgreed {
                step.reason = .deletedRemotelyChangedLocally
                // A directory that took the place of what was deleted is new in all its parts, which stay.
                if plan.policy.differing != .replace || record.kind == .directory { step.action = .conflict }
            }
            return append(step, descendInto: nil)
        }
        if !isAgreed, plan.policy.differing != .replace {
            step.action = .conflict
            step.reason = .deletedRemotelyChangedLocally
        } else if record.flags.contains(.holdsUnlisted) {
            step.action = .descend
            step.fixedOutcome = .dropped
        }
        append(step, descendInto: (nil, local), base: base.below)
    }

    // MARK: Push

    private mutating func push(_ local: EntryID?, _ remote: EntryID?, _ base: MergeBase) {
        if local != nil, base.isForeign { plan.entersForeign = true }
        if let local, let remote {
            guard plan.source[local].kind == plan.destination[remote].kind else { return pushKind(local, remote, base) }
            switch plan.source[local].kind {
            case .directory: pushDirectory(local, remote, base)
            case .symlink: pushLink(local, remote, base)
            default: mergeFiles(local, remote, base)
            }
        } else if let local {
            var step = PlanStep(.create, source: local, destination: nil)
            step.overwritesUnpulled = base.entry != nil && !base.isOwn && !base.isHeld
            step.reason = step.overwritesUnpulled ? .deletedRemotely : .changedLocally
            append(step, descendInto: plan.source[local].kind == .directory ? (local, nil) : nil, base: base.below)
        } else if let remote {
            pushDeleted(remote, base)
        }
    }

    private mutating func pushDirectory(_ local: EntryID, _ remote: EntryID, _ base: MergeBase) {
        let (ours, theirs) = (plan.source[local], plan.destination[remote])
        if theirs.flags.contains(.unreadable) { return append(kept(.descend, local, remote), descendInto: nil) }
        var step = PlanStep(.descend, source: local, destination: remote)
        if !ours.flags.isDisjoint(with: [.unreadable, .hasNoMetadata]) {
            step.fixedOutcome = .kept
        } else if ours.mode != theirs.mode {
            step.changes = .mode
            step.action = .changeMode
            setOverwrite(&step, isSafe: base.isOwn || isAsAgreed(remote, isLocal: false, base.entry))
        } else {
            countIfRecorded(local, remote, base)
        }
        append(step, descendInto: (local, remote), base: base.below)
    }

    /// Counts a directory or link that both sides have as the baseline says.
    private mutating func countIfRecorded(_ local: EntryID, _ remote: EntryID, _ base: MergeBase) {
        guard !base.isOwn, !base.isHeld, isAsAgreed(local, isLocal: true, base.entry),
            isAsAgreed(remote, isLocal: false, base.entry)
        else { return }
        plan.recordedEntries += 1
    }

    private mutating func pushLink(_ local: EntryID, _ remote: EntryID, _ base: MergeBase) {
        guard !plan.source.target(of: local).elementsEqual(plan.destination.target(of: remote)) else {
            return countIfRecorded(local, remote, base)
        }
        var step = PlanStep(.update, source: local, destination: remote, changes: .content)
        setOverwrite(&step, isSafe: base.isOwn || isAsAgreed(remote, isLocal: false, base.entry))
        append(step, descendInto: nil)
    }

    private mutating func pushKind(_ local: EntryID, _ remote: EntryID, _ base: MergeBase) {
        var step = PlanStep(.changeKind, source: local, destination: remote, changes: .content)
        setOverwrite(&step, isSafe: base.isOwn || isTreeAsAgreed(remote, isLocal: false, base, allowsMissing: true))
        let isForeign = plan.destination[remote].kind == .directory && (base.isForeign || holdsForeign(remote, base))
        finishKind(
            step, local, remote, isBlocked: isForeign || isProtected(remote) || holdsUnreadable(local, in: plan.source))
    }

    private func setOverwrite(_ step: inout PlanStep, isSafe: Bool) {
        step.overwritesUnpulled = !isSafe
        step.reason = isSafe ? .changedLocally : .bothChanged
    }

    /// Only the sandbox has it.
    private mutating func pushDeleted(_ remote: EntryID, _ base: MergeBase) {
        let record = plan.destination[remote]
        guard record.kind.isCarried, record.flags.isDisjoint(with: [.isPreserved, .unreadable]), !base.isForeign,
            !base.isHeld
        else { return }
        guard let entry = base.entry, (entry.kind == .directory) == (record.kind == .directory) else {
            // On a first push it was there before, and becomes foreign.
            guard self.base?.header.isComplete ?? false else { return }
            var step = PlanStep(.unchanged, source: nil, destination: remote)
            step.reason = .notPulled
            step.fixedOutcome = .dropped
            return append(step, descendInto: nil)
        }
        guard plan.policy.extra == .delete else { return }
        var step = PlanStep(.delete, source: nil, destination: remote)
        step.reason = .deletedLocally
        if record.kind == .directory {
            if record.flags.contains(.holdsUnlisted) {
                step.action = .descend
                step.fixedOutcome = .kept
            }
            return append(step, descendInto: (nil, remote), base: base.below)
        }
        step.overwritesUnpulled = !base.isOwn && !isAsAgreed(remote, isLocal: false, entry)
        if step.overwritesUnpulled { step.reason = .changedRemotelyDeletedLocally }
        append(step, descendInto: nil)
    }

    func kept(_ action: PlanAction, _ source: EntryID?, _ destination: EntryID?) -> PlanStep {
        var step = PlanStep(action, source: source, destination: destination)
        step.fixedOutcome = .kept
        return step
    }
}
