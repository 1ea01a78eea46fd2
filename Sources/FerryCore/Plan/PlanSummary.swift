/// What a plan does, counted.
public struct PlanSummary: Sendable, Equatable {
    /// Files, links and directories that are made.
    public var created = 0
    /// Files and links whose content is replaced, and entries that change their kind.
    public var updated = 0
    /// Entries of which only the permission bits change.
    public var modeChanged = 0
    /// Entries that go.
    public var deleted = 0
    /// Entries that differ and stay as they are.
    public var conflicts = 0
    /// Entries held for review.
    public var held = 0
    /// Entries that would be replaced, but must not.
    public var blocked = 0
    /// Entries of the destination that the plan overwrites: updates, changes of mode and of kind.
    public var overwritten = 0
    /// Entries of a merge whose sandbox version was never pulled and that a push overwrites, deletes or brings back.
    public var overwritesUnpulled = 0
    /// Deletions, among ``deleted``, of what a push knows to be as both sides agreed: they take nothing away.
    public var deletedAgreed = 0
    /// Entries that only the sandbox has, never pulled, and that a push leaves; directories counted once.
    public var notPulled = 0
    /// Bytes of file content that have to be written, a hard-linked file counted once.
    public var bytesToWrite: Int64 = 0
    /// Entries that need a new inode.
    public var inodesToMake = 0

    /// Counts nothing.
    public init() {}

    /// Whether the plan changes anything.
    public var changesNothing: Bool { created + updated + modeChanged + deleted == 0 }

    /// Adds what another plan of the same sync does.
    package mutating func add(_ other: PlanSummary) {
        created += other.created
        updated += other.updated
        modeChanged += other.modeChanged
        deleted += other.deleted
        conflicts += other.conflicts
        held += other.held
        blocked += other.blocked
        overwritten += other.overwritten
        overwritesUnpulled += other.overwritesUnpulled
        deletedAgreed += other.deletedAgreed
        notPulled += other.notPulled
        inodesToMake += other.inodesToMake
        let (bytes, overflows) = bytesToWrite.addingReportingOverflow(other.bytesToWrite)
        bytesToWrite = overflows ? .max : bytes
    }
}

extension Plan {
    /// Counts the plan's steps.
    ///
    /// - Returns: The counts.
    public func summary() -> PlanSummary {
        var summary = PlanSummary()
        for step in steps {
            switch step.action {
            case .create: summary.created += 1
            case .update: summary.updated += 1
            case .changeKind:
                summary.updated += 1
                // What a directory that makes way holds is deleted as well, and halts like any other deletion.
                if let id = step.destination {
                    let below = entriesBelow(id)
                    summary.deleted += below
                    if isAgreedDeletion(step) { summary.deletedAgreed += below }
                }
            case .changeMode: summary.modeChanged += 1
            case .delete:
                summary.deleted += 1
                if isAgreedDeletion(step) { summary.deletedAgreed += 1 }
            case .conflict: summary.conflicts += 1
            case .held: summary.held += 1
            case .blocked: summary.blocked += 1
            case .unchanged:
                if step.reason == .notPulled { summary.notPulled += 1 }
                continue
            case .descend, .compare, .withheld: continue
            }
            if step.overwritesUnpulled { summary.overwritesUnpulled += 1 }
            switch step.action {
            case .update, .changeMode, .changeKind: summary.overwritten += 1
            default: break
            }
            if step.action == .create || step.action == .update || step.action == .changeKind {
                count(step, in: &summary)
            }
        }
        return summary
    }

    private func isAgreedDeletion(_ step: PlanStep) -> Bool {
        isMerged && policy.merge == .push && !step.overwritesUnpulled
    }

    private func entriesBelow(_ directory: EntryID) -> Int {
        var count = 0
        var stack = [directory]
        while let next = stack.popLast() {
            let children = destination.children(of: next)
            count += children.count
            stack.append(contentsOf: children)
        }
        return count
    }

    private func count(_ step: PlanStep, in summary: inout PlanSummary) {
        guard let id = step.source, source.firstName(of: id) == id else { return }
        summary.inodesToMake += 1
        // A listing that lies may name any size.
        let size = source[id].kind == .file ? source[id].size : 0
        let (total, overflows) = summary.bytesToWrite.addingReportingOverflow(size)
        summary.bytesToWrite = overflows ? .max : total
    }
}
