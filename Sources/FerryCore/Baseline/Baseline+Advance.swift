extension Baseline {
    /// The baseline after a sync.
    ///
    /// Path by path: only what is known to be equal on both sides moves forward. What failed keeps what the old baseline said; on a push
    /// it counts as Ferry's own from then on, because nobody knows what was written of it.
    ///
    /// - Parameters:
    ///   - old: The baseline that the plan was made with; nil for the first sync. What only the sandbox has then becomes foreign if it
    ///     was a push.
    ///   - plan: What was done, settled; its ``PlanPolicy/merge`` must say which side is which.
    ///   - applied: What both sides are now, and what failed.
    ///   - header: What it is a baseline of; whether it is complete is set here.
    /// - Returns: The next baseline.
    public static func advanced(
        from old: Baseline?, by plan: Plan, applied: AppliedState, header: BaselineHeader
    ) -> Baseline {
        let (rules, header) = advance(from: old, by: plan, applied, header)
        return BaselineWalk.run(plan, old, rules, header: header)
    }

    /// Gives away the baseline after a sync as it grows, so that it is never in memory as a whole.
    ///
    /// - Parameters:
    ///   - old: The baseline that the plan was made with; nil for the first sync.
    ///   - plan: What was done, as for ``advanced(from:by:applied:header:)``.
    ///   - applied: What both sides are now, and what failed.
    ///   - header: What it is a baseline of; whether it is complete is set here.
    ///   - write: Takes the next bytes of its encoded form.
    /// - Throws: What `write` throws.
    public static func advance<Failure>(
        from old: Baseline?, by plan: Plan, applied: AppliedState, header: BaselineHeader,
        into write: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        let (rules, header) = advance(from: old, by: plan, applied, header)
        try BaselineWalk.run(plan, old, rules, header: header, into: write)
    }

    private static func advance(
        from old: Baseline?, by plan: Plan, _ applied: AppliedState, _ header: BaselineHeader
    ) -> (AdvanceRules, BaselineHeader) {
        var header = header
        let isPush = plan.policy.merge == .push
        let isFirstPush = isPush && !(old?.header.isComplete ?? false)
        header.isComplete = isPush || (old?.header.isComplete ?? true)
        header.isPushUnderWay = isPush ? !applied.failed.isEmpty : (old?.header.isPushUnderWay ?? false)
        return (AdvanceRules(applied: applied, isPush: isPush, isFirstPush: isFirstPush), header)
    }

    /// The baseline to store before the first change of a push: the old one, with all that will be written marked as Ferry's own.
    ///
    /// - Parameters:
    ///   - plan: What will be done.
    ///   - old: The baseline that the plan was made with; nil for the first push, when what only the sandbox has is recorded as foreign at
    ///     once.
    ///   - header: What it is a baseline of; that a push is under way is set here.
    /// - Returns: The baseline to store.
    public static func markingPush(_ plan: Plan, from old: Baseline?, header: BaselineHeader) -> Baseline {
        var header = header
        header.isComplete = old?.header.isComplete ?? false
        header.isPushUnderWay = true
        return BaselineWalk.run(plan, old, MarkRules(isFirstPush: !header.isComplete), header: header)
    }
}

/// What a finished sync makes of each path.
private struct AdvanceRules: BaselineRules {
    let applied: AppliedState
    let isPush: Bool
    let isFirstPush: Bool

    var after: AppliedState? { applied }

    func verdict(on path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        if path.source == nil && path.destination == nil { return path.isUnknown ? .keep : .none }
        let remote = isPush ? path.destination : path.source
        if path.item?.entry.flags.contains(.foreign) ?? false, remote != nil {
            // Only a push of the same path makes it anything else.
            if !isPush || path.source == nil { return foreign(path.item?.entry) }
        }
        guard let step = path.step else { return verdictWithoutStep(on: path, in: plan) }
        if !applied.failed.isEmpty, isWriting(step) || plan.isPutBeside(step),
            applied.failed.contains(plan.path(of: step))
        {
            return failed(step, path, in: plan)
        }
        switch step.outcome {
        case .agreed: return agreed(step, path, in: plan)
        case .remote, .held: return remoteVersion(step, path, in: plan)
        case .kept: return kept(path, in: plan)
        case .dropped:
            if step.reason == .notPulled, isFirstPush || path.isForeign, let remote {
                return foreign(BaselineEntry(agreeing: remote, in: plan.destination))
            }
            guard step.action == .descend else { return .none }
            return .directory(nil, .all, isForeign: path.isForeign)
        }
    }

    private func isWriting(_ step: PlanStep) -> Bool {
        switch step.action {
        case .create, .update, .changeMode, .changeKind, .delete: true
        default: false
        }
    }

    private func foreign(_ entry: BaselineEntry?) -> BaselineVerdict {
        guard let entry else { return .none }
        return .leaf(
            BaselineEntry(
                kind: entry.kind, mode: entry.mode, size: entry.size, mtime: entry.mtime, target: entry.target,
                flags: .foreign), nil)
    }

    private func verdictWithoutStep(on path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        guard let source = path.source, let destination = path.destination else {
            if isPush, isFirstPush || path.isForeign, path.item == nil, let destination = path.destination {
                return foreign(BaselineEntry(agreeing: destination, in: plan.destination))
            }
            return .keep
        }
        let (ours, theirs) = (plan.source[source], plan.destination[destination])
        let isKnown =
            ours.kind == theirs.kind && ours.kind.isCarried
            && (ours.kind == .directory || !ours.flags.union(theirs.flags).contains(.unreadable))
        let isOwn = !isPush && (path.item?.entry.flags.contains(.pushUnderWay) ?? false)
        if !isKnown || isOwn { return .keep }
        return agreed(PlanStep(.unchanged, source: source, destination: destination), path, in: plan)
    }

    // MARK: Outcomes

    private func agreed(_ step: PlanStep, _ path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        guard let source = step.source else { return .directory(path.item?.entry, .all, isForeign: path.isForeign) }
        var entry = BaselineEntry(agreeing: source, in: plan.source)
        let sourcePrint = sourcePrint(source, path, in: plan)
        let destinationPrint = destinationPrint(step, source, path, in: plan)
        entry.local = isPush ? sourcePrint : destinationPrint
        entry.remote = isPush ? destinationPrint : sourcePrint
        guard entry.kind == .directory else {
            addDigest(&entry, step, path, in: plan)
            addIndexDigest(&entry, step, path, in: plan)
            return .leaf(entry, group(source, in: plan))
        }
        let isForeign = path.isForeign || (path.item?.entry.flags.contains(.foreign) ?? false)
        switch step.action {
        case .create: return .directory(entry, .sourceOnly, isForeign: false)
        case .changeKind: return .directory(entry, .new, isForeign: false)
        default: return .directory(entry, .all, isForeign: isForeign)
        }
    }

    private func addDigest(_ entry: inout BaselineEntry, _ step: PlanStep, _ path: BaselinePath, in plan: Plan) {
        guard entry.kind == .file, let source = step.source else { return }
        if let digest = applied.digest(source), digest.count == BaselineEntry.digestLength {
            entry.digest = digest[...]
        } else if [.unchanged, .changeMode, .withheld].contains(step.action), let old = path.item?.entry,
            old.isUntouched(in: entry)
        {
            // One side was not touched since the digest was taken, and both are equal.
            entry.digest = old.digest
        }
    }

    private func addIndexDigest(
        _ entry: inout BaselineEntry, _ step: PlanStep, _ path: BaselinePath, in plan: Plan
    ) {
        guard entry.kind == .file, let source = path.source, plan.source.name(of: source).elementsEqual("index".utf8)
        else { return }
        if let digest = applied.indexDigest(plan.path(of: step)), digest.count == BaselineEntry.digestLength {
            entry.indexDigest = digest[...]
        } else if let old = path.item?.entry, old.isUntouched(in: entry) {
            entry.indexDigest = old.indexDigest
        }
    }

    private func remoteVersion(_ step: PlanStep, _ path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        guard !isPush, let source = path.source else { return .none }
        var entry = BaselineEntry(agreeing: source, in: plan.source, flags: step.outcome == .held ? .held : [])
        entry.remote = sourcePrint(source, path, in: plan)
        if entry.kind == .directory { return .directory(entry, .all, isForeign: false) }
        if let digest = applied.digest(source), digest.count == BaselineEntry.digestLength {
            entry.digest = digest[...]
        }
        addIndexDigest(&entry, step, path, in: plan)
        return .leaf(entry, group(source, in: plan))
    }

    private func kept(_ path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        let records = [path.source.map { plan.source[$0] }, path.destination.map { plan.destination[$0] }]
            .compactMap(\.self)
        guard records.allSatisfy({ $0.kind == .directory && !$0.flags.contains(.unreadable) }),
            records.count == 2 || path.step?.childGroup ?? 0 != 0
        else { return .keep }
        return .directory(path.item?.entry, .all, isForeign: path.isForeign)
    }

    private func failed(_ step: PlanStep, _ path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        guard isPush, step.action != .delete else {
            return path.item == nil ? .none : step.action == .changeMode ? kept(path, in: plan) : .keep
        }
        return MarkRules.marked(step, path, in: plan)
    }

    private func group(_ source: EntryID, in plan: Plan) -> EntryID? {
        plan.source[source].kind == .file && plan.source[source].flags.contains(.hasSeveralNames)
            ? plan.source.firstName(of: source) : nil
    }

    // MARK: Fingerprints

    /// The source was looked at before its content was read; it must still look the same afterwards.
    private func sourcePrint(_ id: EntryID, _ path: BaselinePath, in plan: Plan) -> Fingerprint? {
        guard plan.source[id].kind == .file, let after = path.after.source, applied.source[after].kind == .file else {
            return nil
        }
        let print = Fingerprint(of: after, in: applied.source)
        guard print == Fingerprint(of: id, in: plan.source) else { return nil }
        return applied.sourceStamp.trusts(mtime: print.mtime, ctime: print.ctime) ? print : nil
    }

    private func destinationPrint(
        _ step: PlanStep, _ source: EntryID, _ path: BaselinePath, in plan: Plan
    ) -> Fingerprint? {
        // Nobody looked: what was known of it stays.
        if plan.policy.remoteTrust == .everything, !isWriting(step) { return path.item?.entry.remote }
        let wanted = plan.source[source]
        let told = isWriting(step) ? applied.written.fingerprint(of: source, in: plan.source) : nil
        guard let print = told ?? listedPrint(step, wanted, path, in: plan) else { return nil }
        // A directory's mode is all that counts, and only where the destination could not take the wanted one.
        if wanted.kind == .directory { return print.mode == wanted.mode ? nil : print }
        let before = path.destination.map { Fingerprint(of: $0, in: plan.destination) }
        switch step.action {
        case .create, .update, .changeKind:
            return print.size == wanted.size && isKept(wanted.mtime, as: print.mtime) ? print : nil
        case .changeMode:
            guard let before, (print.size, print.inode, print.mtime) == (before.size, before.inode, before.mtime) else {
                return nil
            }
            return print
        default: return print == before ? print : nil
        }
    }

    /// What a listing says of an entry of the destination; nil unless it is of the wanted kind and was at rest.
    private func listedPrint(
        _ step: PlanStep, _ wanted: EntryRecord, _ path: BaselinePath, in plan: Plan
    ) -> Fingerprint? {
        var found: (id: EntryID, tree: Snapshot)?
        var stamp = applied.destinationStamp
        if let id = path.after.destination, !applied.destination[id].flags.contains(.hasNoMetadata) {
            found = (id, applied.destination)
        } else if applied.destinationIsPartial, !isWriting(step), let id = path.destination {
            found = (id, plan.destination)
            stamp = applied.plannedStamp
        }
        guard let found, found.tree[found.id].kind == wanted.kind else { return nil }
        let print = Fingerprint(of: found.id, in: found.tree)
        switch wanted.kind {
        case .directory: return print
        case .file: return stamp.trusts(mtime: print.mtime, ctime: print.ctime) ? print : nil
        default: return nil
        }
    }

    /// Whether a file system that keeps times more coarsely made one of the other.
    private func isKept(_ wanted: Timestamp, as found: Timestamp) -> Bool {
        if wanted == found { return true }
        let isCoarse = found.nanoseconds % 100 == 0
        let distance = found.seconds.subtractingReportingOverflow(wanted.seconds)
        return isCoarse && !distance.overflow && abs(distance.partialValue) <= 2
    }
}

/// What a push that begins makes of each path.
private struct MarkRules: BaselineRules {
    let isFirstPush: Bool

    var after: AppliedState? { nil }

    func verdict(on path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        if let step = path.step, [.create, .update, .changeKind, .changeMode].contains(step.action) {
            return Self.marked(step, path, in: plan)
        }
        if let source = path.source, let destination = path.destination, plan.source[source].kind == .directory,
            plan.destination[destination].kind == .directory
        {
            let isForeign = isFirstPush || path.isForeign || (path.item?.entry.flags.contains(.foreign) ?? false)
            var entry = path.item?.entry
            if entry?.flags.contains(.foreign) ?? false { entry = nil }
            // Both put a directory where something else was agreed on: only as one can it hold what is marked inside.
            if let other = entry, other.kind != .directory {
                entry = BaselineEntry(agreeing: destination, in: plan.destination)
            }
            return .directory(entry, .all, isForeign: isForeign)
        }
        if path.item == nil, isFirstPush || path.isForeign, path.source == nil, let destination = path.destination {
            var entry = BaselineEntry(agreeing: destination, in: plan.destination)
            entry.flags = .foreign
            return .leaf(entry, nil)
        }
        return .keep
    }

    /// The entry of a path that is about to be written; what is in a directory that is made belongs to it.
    static func marked(_ step: PlanStep, _ path: BaselinePath, in plan: Plan) -> BaselineVerdict {
        guard let source = step.source else { return .keep }
        var entry = path.item?.entry ?? BaselineEntry(agreeing: source, in: plan.source)
        entry.flags.remove(.foreign)
        entry.flags.insert(.pushUnderWay)
        let isDirectory = plan.source[source].kind == .directory
        if isDirectory {
            if entry.kind != .directory { entry = BaselineEntry(agreeing: source, in: plan.source, flags: entry.flags) }
            if step.action == .changeMode { return .directory(entry, .all, isForeign: path.isForeign) }
            entry.flags.insert(.ownsBelow)
        } else if entry.kind == .directory {
            // A directory makes way for it.
            return .leaf(BaselineEntry(agreeing: source, in: plan.source, flags: .pushUnderWay), nil)
        }
        return .leaf(entry, nil)
    }
}
