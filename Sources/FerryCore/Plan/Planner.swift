/// Compares two snapshots and writes down what would make the destination like the source.
///
/// One pass over both, directory by directory; the children of each are sorted, so they are merged like two sorted lists.
public struct Planner {
    var plan: Plan
    var base: Baseline?
    private var pending: [Pending] = []
    /// The directories so far, in a merge with a baseline.
    private var visits: [SettledDirectories.Visit] = []
    /// The step whose directory each group is about; nil for the root's.
    private(set) var owners: [Int?] = []
    /// What the directory at hand is to git.
    var place = GitPlace()

    struct Pending {
        var source: EntryID?
        var destination: EntryID?
        /// The step whose directory this is; nil for the root.
        var step: Int?
        /// What the baseline knows of the directory.
        var base = InheritedBase()
        /// What it is to git.
        var git = GitPlace()
        /// The place of the directory that it is in, among those visited.
        var parent: Int?
    }

    /// Plans.
    ///
    /// - Parameters:
    ///   - source: What the destination shall become.
    ///   - destination: What it is.
    ///   - policy: What to do where they differ.
    /// - Returns: The plan; ``Plan/comparisons`` says which files' content must still be compared.
    public static func plan(source: Snapshot, destination: Snapshot, policy: PlanPolicy) -> Plan {
        var planner = Planner(plan: Plan(source: source, destination: destination, policy: policy))
        planner.run()
        return planner.plan
    }

    /// Plans a merge of three where ``PlanPolicy/merge`` says which side is which.
    ///
    /// - Parameters:
    ///   - source: What a pull brings, or a push sends.
    ///   - destination: What it goes into.
    ///   - policy: What to do with conflicts, and whether to delete at all. For a mirror the baseline only spares
    ///     comparisons: it takes and deletes whatever differs, foreign entries as well.
    ///   - base: What both last agreed on; nil: nothing is known, and nothing is deleted in a merge.
    /// - Returns: The plan; ``Plan/comparisons`` says which files' content must still be compared.
    public static func plan(source: Snapshot, destination: Snapshot, policy: PlanPolicy, base: Baseline?) -> Plan {
        var policy = policy
        var base = base
        if base == nil, policy.merge != nil, !policy.isMirror {
            policy.extra = .keep
            base = Baseline(header: BaselineHeader(isComplete: false))
        }
        var planner = Planner(plan: Plan(source: source, destination: destination, policy: policy))
        planner.base = policy.merge == nil ? nil : base
        planner.plan.isMerged = base != nil && policy.merge != nil && !policy.isMirror
        if let base, planner.plan.isMerged {
            planner.plan.agreedRootEntries = base.children(of: base.root).count {
                $0.entry.flags.isDisjoint(with: [.foreign, .held])
            }
        }
        planner.run()
        if planner.plan.isMerged { planner.settleDirectories() }
        if planner.plan.comparisons.isEmpty { planner.plan.settleRepositories() }
        return planner.plan
    }

    private init(plan: Plan) { self.plan = plan }

    private mutating func run() {
        // Everything is new: each entry is a step.
        if plan.destination.entryCount == 0 { plan.steps.reserveCapacity(plan.source.entryCount) }
        pending.append(
            Pending(
                source: plan.source.root, destination: plan.destination.root, step: nil,
                base: InheritedBase(directory: base?.root)))
        while let next = pending.popLast() {
            let first = plan.steps.count
            let group = plan.groups.count
            place = next.git
            let recorded = plan.recordedEntries
            mergeChildren(of: next)
            noteVisit(next, recordedBefore: recorded)
            let isEmpty = plan.steps.count == first
            if isEmpty, let step = next.step {
                if plan.isMerged { finishEmpty(step, next) }
                continue
            }
            plan.groups.append(
                PlanGroup(source: next.source, destination: next.destination, steps: first..<plan.steps.count))
            if plan.isMerged { owners.append(next.step) }
            if let step = next.step { plan.steps[step].childGroup = UInt32(group) }
        }
        if plan.isMerged, let base { plan.settled = SettledDirectories(visits, in: base) }
    }

    /// Notes whether both sides of a directory are as the baseline says.
    ///
    /// - Parameters:
    ///   - next: The directory.
    ///   - before: How many entries were recorded before it.
    private mutating func noteVisit(_ next: Pending, recordedBefore before: Int) {
        guard plan.isMerged, let base else { return }
        let recorded = plan.recordedEntries - before
        let isRecorded =
            next.source.map { plan.source.children(of: $0).count } == recorded
            && next.destination.map { plan.destination.children(of: $0).count } == recorded
            && next.base.directory.map { base.block(of: $0).count } ?? 0 == recorded
        visits.append(
            SettledDirectories.Visit(
                parent: next.parent, directory: next.base.directory, isRecorded: isRecorded))
    }

    private mutating func mergeChildren(of directory: Pending) {
        let ours = directory.source.map { plan.source.children(of: $0) } ?? EntryRange(first: 0, count: 0)
        let theirs = directory.destination.map { plan.destination.children(of: $0) } ?? EntryRange(first: 0, count: 0)
        let sourceIsComplete = directory.source.map { !plan.source[$0].flags.contains(.unreadable) } ?? true
        var known = base.map { BaselineFollower($0, directory.base.directory) }
        let mayPassFiles =
            plan.isMerged && place.role == .none && !plan.policy.comparesAllContent && !directory.base.isOwn
            && !directory.base.isConflict && plan.policy.remoteTrust != .nothing
        var left = 0
        var right = 0
        while left < ours.count || right < theirs.count {
            let order: Int
            if right == theirs.count {
                order = -1
            } else if left == ours.count {
                order = 1
            } else {
                order = compare(plan.source.name(of: ours[left]), plan.destination.name(of: theirs[right]))
            }
            let source = order > 0 ? nil : ours[left]
            let destination = order < 0 ? nil : theirs[right]
            if source != nil { left += 1 }
            if destination != nil { right += 1 }
            if mayPassFiles, let source, let destination, passFile(source, destination, &known) { continue }
            let first = plan.steps.count
            var mergeBase: MergeBase?
            defer { noteGit(source, destination, mergeBase, stepsBefore: first) }
            if plan.isMerged {
                let item = known?.find(name(source, destination))
                if item != nil { known?.drop() }
                let base = MergeBase(item, in: directory.base)
                mergeBase = base
                merge(source, destination, base, sourceIsComplete: sourceIsComplete)
            } else if let source, let destination {
                match(source, destination, known?.find(plan.source.name(of: source)))
            } else if let source {
                create(source)
            } else if let destination, sourceIsComplete {
                planExtra(destination)
            }
        }
    }

    /// Passes over a file that both sides have exactly as the baseline says.
    private mutating func passFile(
        _ source: EntryID, _ destination: EntryID, _ known: inout BaselineFollower?
    ) -> Bool {
        let (ours, theirs) = (plan.source[source], plan.destination[destination])
        guard ours.kind == .file, theirs.kind == .file, !ours.flags.union(theirs.flags).contains(.unreadable) else {
            return false
        }
        guard ours.size == theirs.size else { return false }
        let isPassed = known?.pass(fileNamed: plan.source.name(of: source), plan.looks(source, destination)) != nil
        guard isPassed else { return false }
        plan.recordedEntries += 1
        return true
    }

    private func name(_ source: EntryID?, _ destination: EntryID?) -> ArraySlice<UInt8> {
        if let source { return plan.source.name(of: source) }
        return destination.map { plan.destination.name(of: $0) } ?? []
    }

    private mutating func create(_ id: EntryID) {
        let record = plan.source[id]
        guard record.kind.isCarried else { return }
        if record.flags.contains(.unreadable) && record.kind != .directory { return }
        var step = PlanStep(.create, source: id, destination: nil)
        plan.hold(&step, source: id, destination: nil)
        append(step, descendInto: record.kind == .directory ? (id, nil) : nil)
    }

    private mutating func match(_ sourceID: EntryID, _ destinationID: EntryID, _ known: BaselineItem?) {
        let source = plan.source[sourceID]
        let destination = plan.destination[destinationID]
        guard source.kind.isCarried, !source.flags.contains(.unreadable) || source.kind == .directory else { return }
        guard source.kind == destination.kind else { return replaceKind(sourceID, destinationID) }
        var step = PlanStep(.descend, source: sourceID, destination: destinationID)
        if source.kind != .symlink, source.mode != destination.mode { step.changes.insert(.mode) }
        switch source.kind {
        case .directory:
            if !source.flags.isDisjoint(with: [.unreadable, .hasNoMetadata]) { step.changes = [] }
            if !step.changes.isEmpty { step.action = plan.differingAction(step) }
            append(
                step, descendInto: (sourceID, destinationID),
                base: InheritedBase(directory: known?.directory))
        case .symlink:
            guard !plan.source.target(of: sourceID).elementsEqual(plan.destination.target(of: destinationID)) else {
                return
            }
            step.changes.insert(.content)
            finish(&step, sourceID, destinationID)
        default:
            matchFiles(&step, sourceID, destinationID, known?.entry)
        }
    }

    private mutating func matchFiles(
        _ step: inout PlanStep, _ sourceID: EntryID, _ destinationID: EntryID, _ known: BaselineEntry?
    ) {
        let source = plan.source[sourceID]
        let destination = plan.destination[destinationID]
        noteLinks(&step, sourceID, destinationID)
        if source.mtime != destination.mtime { step.changes.insert(.time) }
        if source.size != destination.size {
            step.changes.formUnion([.size, .content])
            return finish(&step, sourceID, destinationID)
        }
        // Equal without a look inside only when the destination was finished after the source last changed; a time that
        // was put back, or two edits within one tick, show in the ctime.
        let isKnownEqual =
            source.size == 0
            || (source.mtime == destination.mtime && source.ctime < destination.ctime
                && !plan.policy.comparesAllContent)
            || (known.map { isUntouched(sourceID, destinationID, $0) } ?? false)
        guard isKnownEqual else {
            step.action = .compare
            plan.comparisons.append(plan.steps.count)
            plan.steps.append(step)
            return
        }
        step.changes.remove(.time)
        if !step.changes.isEmpty { finish(&step, sourceID, destinationID) }
    }

    /// Notes whether the names of a file are not joined at the destination as they are at the source.
    func noteLinks(_ step: inout PlanStep, _ sourceID: EntryID, _ destinationID: EntryID) {
        if !hasSameFirstName(sourceID, destinationID)
            || (step.changes.contains(.mode) && isToBeParted(sourceID, destinationID))
        {
            step.changes.insert(.links)
        }
    }

    /// Whether the file is another name of the same file on both sides.
    ///
    /// Only the source's links count: names that are one file at the destination alone are parted when their content
    /// does.
    private func hasSameFirstName(_ sourceID: EntryID, _ destinationID: EntryID) -> Bool {
        let first = plan.source.firstName(of: sourceID)
        guard first != sourceID else { return true }
        let other = plan.destination.firstName(of: destinationID)
        return plan.source.path(of: first) == plan.destination.path(of: other)
    }

    /// Whether a new mode would reach names at the destination that are not names of this file at the source: then the file
    /// is written anew, and the others keep the old one.
    func isToBeParted(_ sourceID: EntryID, _ destinationID: EntryID) -> Bool {
        guard plan.destination[destinationID].flags.contains(.hasSeveralNames) else { return false }
        guard plan.source[sourceID].flags.contains(.hasSeveralNames) else { return true }
        let other = plan.destination.firstName(of: destinationID)
        return plan.source.path(of: plan.source.firstName(of: sourceID)) != plan.destination.path(of: other)
    }

    private mutating func finish(_ step: inout PlanStep, _ sourceID: EntryID, _ destinationID: EntryID) {
        step.action = plan.differingAction(step)
        plan.hold(&step, source: sourceID, destination: destinationID)
        plan.steps.append(step)
    }

    private mutating func replaceKind(_ sourceID: EntryID, _ destinationID: EntryID) {
        let isDirectory = plan.source[sourceID].kind == .directory
        let destinationKind = plan.destination[destinationID].kind
        var step = PlanStep(.changeKind, source: sourceID, destination: destinationID, changes: .content)
        if plan.policy.differing != .replace {
            step.action = .conflict
            plan.hold(&step, source: sourceID, destination: destinationID)
        } else if !mayMakeWay(destinationKind) || isProtected(destinationID) {
            step.action = .blocked
            let path = plan.source.path(of: sourceID)
            plan.problems.append(
                Problem(
                    .protected, path: path,
                    message:
                        "not replaced by a \(plan.source[sourceID].kind.noun): the \(destinationKind.noun) there is"
                        + " or holds something that is excluded, preserved or unknown; move that away to let it through"
                ))
        } else {
            plan.hold(&step, source: sourceID, destination: destinationID)
        }
        append(step, descendInto: step.action == .changeKind && isDirectory ? (sourceID, nil) : nil)
    }

    /// Only the destination has it.
    private mutating func planExtra(_ id: EntryID) {
        guard plan.policy.extra == .delete else { return }
        let record = plan.destination[id]
        guard mayMakeWay(record.kind), record.flags.isDisjoint(with: [.isPreserved, .unreadable]) else { return }
        // A directory with something protected below it stays, but what is not protected in it goes.
        if record.kind == .directory, isProtected(id) {
            return append(PlanStep(.descend, source: nil, destination: id), descendInto: (nil, id))
        }
        append(
            PlanStep(.delete, source: nil, destination: id), descendInto: record.kind == .directory ? (nil, id) : nil)
    }

    mutating func append(
        _ step: PlanStep, descendInto directory: (source: EntryID?, destination: EntryID?)?,
        base: InheritedBase = InheritedBase()
    ) {
        if let directory {
            pending.append(
                Pending(
                    source: directory.source, destination: directory.destination, step: plan.steps.count, base: base,
                    git: placeBelow(directory.source, directory.destination, step, base),
                    parent: visits.count))
        }
        plan.steps.append(step)
    }

    /// Whether an entry at the destination is, or holds at any depth, something that must not be deleted.
    func isProtected(_ id: EntryID) -> Bool {
        var stack = [id]
        while let next = stack.popLast() {
            let record = plan.destination[next]
            if !mayMakeWay(record.kind) { return true }
            if !record.flags.isDisjoint(with: [.holdsUnlisted, .isPreserved, .unreadable]) { return true }
            stack.append(contentsOf: plan.destination.children(of: next))
        }
        return false
    }

    /// Whether what is of a kind may be removed at all.
    private func mayMakeWay(_ kind: EntryKind) -> Bool { kind.isCarried || plan.policy.removesSpecials }

    private func compare(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        if left.elementsEqual(right) { return 0 }
        return left.lexicographicallyPrecedes(right) ? -1 : 1
    }
}
