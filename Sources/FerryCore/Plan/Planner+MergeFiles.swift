/// The merge of two files: content and permission bits each for themselves.
extension Planner {
    /// Decides about a path that is a file on both sides, or leaves it to a comparison of content.
    mutating func mergeFiles(_ source: EntryID, _ destination: EntryID, _ base: MergeBase) {
        let (local, remote) = isPull ? (destination, source) : (source, destination)
        let agreed = base.entry?.kind == .file && !base.isHeld ? base.entry : nil
        let facts = MergeFacts(
            local: content(local, isLocal: true, agreed), remote: content(remote, isLocal: false, agreed),
            modes: agreed.map { (mode($0, isLocal: true), mode($0, isLocal: false)) }, isOwn: base.isOwn,
            digest: agreed?.digest ?? [])
        var step = PlanStep(.compare, source: source, destination: destination)
        let (ours, theirs) = (plan.source[source], plan.destination[destination])
        if ours.mode != theirs.mode { step.changes.insert(.mode) }
        let areUntouched = facts.local == .same && facts.remote == .same
        // The usual case, for nearly every file.
        if areUntouched, !plan.policy.comparesAllContent {
            // What a digest told is not recorded yet.
            if !base.isOwn, let agreed,
                plan.policy.remoteTrust == .everything || isAsRecorded(remote, isLocal: false, agreed)
            {
                plan.recordedEntries += 1
            }
            return
        }
        noteLinks(&step, source, destination)
        if ours.mtime != theirs.mtime { step.changes.insert(.time) }
        // In a repository one such file decides about all, so there it has to be known whether it really changed.
        if isPull, facts.remote == .same, !areUntouched, !isGitState(destination) {
            step.action = .unchanged
            step.changes = []
            step.reason = .changedLocally
            step.fixedOutcome = .kept
            return append(step, descendInto: nil)
        }
        if ours.size != theirs.size {
            step.changes.insert(.size)
            // Where a digest was agreed on, whoever looks at both can tell which side still has that content.
            guard !facts.digest.isEmpty, facts.local == .unknown || facts.remote == .unknown else {
                plan.decide(&step, facts, isEqual: false)
                return append(step, descendInto: nil)
            }
            return appendComparison(step, facts)
        }
        if ours.size == 0 {
            plan.decide(&step, facts, isEqual: true)
            return append(step, descendInto: nil)
        }
        appendComparison(step, facts)
    }

    /// Leaves a step to a comparison of content, with the reason that it has if the contents differ.
    private mutating func appendComparison(_ step: PlanStep, _ facts: MergeFacts) {
        var (step, different) = (step, step)
        plan.decide(&different, facts, isEqual: false)
        step.reason = different.reason
        plan.comparisons.append(plan.steps.count)
        plan.facts.append(facts)
        append(step, descendInto: nil)
    }

    /// What becomes of permission bits that differ.
    func decideMode(
        _ step: inout PlanStep, _ local: UInt16, _ remote: UInt16, _ agreed: (local: UInt16, remote: UInt16)?
    ) {
        plan.decideMode(&step, local, remote, agreed)
    }
}

extension Plan {
    /// Decides the steps that waited for a comparison.
    ///
    /// - Parameter answers: What was found out about each of ``comparisons``.
    public mutating func settle(_ answers: [ContentAnswer]) {
        precondition(answers.count == comparisons.count)
        guard isMerged else { return settle(equal: answers.map(\.isEqual)) }
        for (position, answer) in answers.enumerated() {
            let index = comparisons[position]
            guard let isEqual = answer.isEqual else {
                steps[index].action = .unchanged
                steps[index].fixedOutcome = .kept
                continue
            }
            var facts = facts[position]
            let isPull = policy.merge == .pull
            if let isBase = isPull ? answer.destinationIsBase : answer.sourceIsBase {
                facts.local = isBase ? .same : .changed
            }
            if let isBase = isPull ? answer.sourceIsBase : answer.destinationIsBase {
                facts.remote = isBase ? .same : .changed
            }
            var step = steps[index]
            decide(&step, facts, isEqual: isEqual)
            steps[index] = step
        }
        comparisons = []
        facts = []
        settleRepositories()
    }

    /// The digest of the content that was agreed on, for whoever compares and can tell whether one side still has it; empty
    /// when none is known.
    ///
    /// - Parameter position: A position in ``comparisons``.
    /// - Returns: The SHA-256.
    public func agreedDigest(ofComparison position: Int) -> ArraySlice<UInt8> {
        position < facts.count ? facts[position].digest : []
    }

    /// Decides about two files when it is known whether their content is the same.
    mutating func decide(_ step: inout PlanStep, _ facts: MergeFacts, isEqual: Bool) {
        guard let source = step.source, let destination = step.destination else { return }
        step.reason = .none
        if isEqual { step.changes.remove(.time) } else { step.changes.insert(.content) }
        let modes = (source: self.source[source].mode, destination: self.destination[destination].mode)
        if policy.merge == .push {
            decidePush(&step, facts, isEqual: isEqual, remoteMode: modes.destination)
        } else if isEqual {
            decideEqualPull(&step, facts, local: modes.destination, remote: modes.source)
        } else {
            decideDifferentPull(&step, facts, local: modes.destination, remote: modes.source)
        }
        if policy.merge == .pull, [.update, .changeMode, .conflict].contains(step.action) {
            hold(&step, source: source, destination: destination)
        }
    }

    private func decidePush(_ step: inout PlanStep, _ facts: MergeFacts, isEqual: Bool, remoteMode: UInt16) {
        let hasAgreedMode = facts.modes.map { $0.remote == remoteMode } ?? false
        // Both untouched and yet different: something hides a change.
        let isHidden = facts.local == .same && facts.remote == .same && !isEqual
        var isSafe = facts.isOwn || (facts.remote == .same && hasAgreedMode && !isHidden)
        if step.changes.isEmpty {
            step.action = .unchanged
            return
        }
        if isEqual {
            // Nothing is lost but, maybe, a mode that the sandbox chose.
            if !step.changes.contains(.mode) || hasAgreedMode { isSafe = true }
        }
        step.action = differingAction(step)
        step.overwritesUnpulled = !isSafe
        step.reason = isSafe ? .changedLocally : facts.modes == nil ? .newOnBothSides : .bothChanged
    }

    private func decideEqualPull(_ step: inout PlanStep, _ facts: MergeFacts, local: UInt16, remote: UInt16) {
        if local != remote { return decideMode(&step, local, remote, facts.modes) }
        // The same content under other names: only where the workspace's own names did not change.
        let takesLinks = step.changes.contains(.links) && facts.local == .same
        step.action = takesLinks ? .update : .unchanged
        step.reason = takesLinks ? .changedRemotely : .none
        if !takesLinks { step.changes = [] }
    }

    private func decideDifferentPull(_ step: inout PlanStep, _ facts: MergeFacts, local: UInt16, remote: UInt16) {
        let isLocalSame = facts.local == .same
        if facts.remote == .same && !isLocalSame {
            // Only a digest could tell: the sandbox's content is the agreed one. Its mode may still have changed.
            step.changes.remove(.content)
            step.changes.remove(.size)
            if local != remote, let modes = facts.modes, modes.remote != remote {
                return decideMode(&step, local, remote, modes)
            }
            step.action = .unchanged
            step.changes = []
            step.reason = .changedLocally
            step.fixedOutcome = .kept
            return
        }
        // The content is taken with its mode, so the workspace's mode must not be one that somebody chose.
        let keepsMode = local == remote || (facts.modes.map { $0.local == local } ?? false)
        if isLocalSame && facts.remote != .same && keepsMode {
            step.action = .update
            step.reason = .changedRemotely
        } else {
            step.action = differingAction(step)
            step.reason = facts.modes == nil ? .newOnBothSides : .bothChanged
        }
    }

    /// What becomes of permission bits that differ while the content does not.
    func decideMode(
        _ step: inout PlanStep, _ local: UInt16, _ remote: UInt16, _ agreed: (local: UInt16, remote: UInt16)?
    ) {
        step.changes.insert(.mode)
        if let agreed, agreed.local == local {
            step.action = step.changes.contains(.links) ? .update : .changeMode
            step.reason = .changedRemotely
        } else if let agreed, agreed.remote == remote {
            step.action = step.action == .descend ? .descend : .unchanged
            step.changes = []
            step.reason = .changedLocally
            step.fixedOutcome = .remote
        } else {
            step.action = differingAction(step)
            step.reason = agreed == nil ? .newOnBothSides : .modesDiffer
        }
    }
}
