/// What a sync will do, entry by entry, before it does anything.
///
/// A value: printable, countable, refusable.
///
/// Steps are grouped by directory, so that several threads can carry them out without meeting in one directory. A plan that
/// still has comparisons to make is not finished; ``settle(equal:)`` finishes it.
public struct Plan: Sendable {
    /// What the destination shall become.
    public let source: Snapshot
    /// What the destination is.
    public let destination: Snapshot
    /// What to do where they differ.
    public let policy: PlanPolicy
    /// The steps, group by group.
    public internal(set) var steps: [PlanStep] = []
    /// The groups; the first is the root's.
    public internal(set) var groups: [PlanGroup] = []
    /// Steps that wait for a comparison of content, as indices.
    public internal(set) var comparisons: [Int] = []
    /// What is known of each of ``comparisons`` from the baseline; empty without one.
    var facts: [MergeFacts] = []
    /// The repositories that a pull merges, each as one thing.
    var gitUnits: [GitUnit] = []
    /// The indexes of repositories that the source has.
    public internal(set) var gitIndexes: [GitIndexFile] = []
    /// The repositories that both sides changed.
    public internal(set) var gitConflicts: [GitConflict] = []
    /// What the plan leaves out and why.
    public internal(set) var problems: [Problem] = []
    /// Whether both sides were merged with a baseline.
    public internal(set) var isMerged = false
    /// How many entries both sides have exactly as the baseline says, fingerprints and all.
    var recordedEntries = 0
    /// Whether a push goes into what was in the sandbox before the first sync.
    var entersForeign = false
    /// The directories of the baseline that both sides have exactly as it says, with all below them.
    var settled = SettledDirectories()
    /// How many entries the baseline's root holds, foreign and held ones not counted; nil without a baseline.
    var agreedRootEntries: Int?

    init(source: Snapshot, destination: Snapshot, policy: PlanPolicy) {
        self.source = source
        self.destination = destination
        self.policy = policy
    }

    /// Whether there is nothing to do at all.
    public var isEmpty: Bool {
        steps.allSatisfy { $0.action == .descend || $0.action == .unchanged }
    }

    /// Whether a baseline holds everything that both sides have as both have it, and nothing else, so that there is nothing to record.
    ///
    /// - Parameter baseline: The baseline that the plan was made with.
    /// - Returns: True only when that is known from fingerprints.
    public func isRecorded(in baseline: Baseline) -> Bool {
        let counts = [source.entryCount, destination.entryCount, baseline.entryCount]
        return counts.allSatisfy { $0 == recordedEntries }
    }

    /// Whether both sides have a directory of the baseline that the plan was made with exactly as it says, and all below it.
    func isSettled(_ directory: BaselineDirectory, in baseline: Baseline?) -> Bool {
        settled.contains(directory, in: baseline)
    }

    /// The path of the entry that a step is about.
    public func path(of step: PlanStep) -> [UInt8] {
        if let id = step.source { return source.path(of: id) }
        return step.destination.map { destination.path(of: $0) } ?? []
    }

    /// The kind of the entry that a step is about, as it will be, or, for a deletion, as it was.
    public func kind(of step: PlanStep) -> EntryKind {
        if let id = step.source { return source[id].kind }
        return step.destination.map { destination[$0].kind } ?? .unknown
    }

    /// Decides the steps that waited for a comparison.
    ///
    /// - Parameter equal: For each of ``comparisons``, whether the content is the same; nil when it could not be read.
    public mutating func settle(equal: [Bool?]) {
        precondition(equal.count == comparisons.count)
        if isMerged { return settle(equal.map { ContentAnswer(isEqual: $0) }) }
        for (index, isEqual) in zip(comparisons, equal) {
            guard let source = steps[index].source, let destination = steps[index].destination else { continue }
            guard let isEqual else {
                steps[index].action = .unchanged
                steps[index].fixedOutcome = .kept
                continue
            }
            if isEqual {
                steps[index].changes.subtract([.content, .time])
                steps[index].action = steps[index].changes.isEmpty ? .unchanged : differingAction(steps[index])
                if !steps[index].changes.isEmpty { hold(&steps[index], source: source, destination: destination) }
            } else {
                steps[index].changes.insert(.content)
                steps[index].action = differingAction(steps[index])
                hold(&steps[index], source: source, destination: destination)
            }
        }
        comparisons = []
    }

    /// What the policy says of an entry that both sides have.
    func differingAction(_ step: PlanStep) -> PlanAction {
        guard policy.differing == .replace else { return .conflict }
        return step.changes.isDisjoint(with: [.content, .size, .links]) ? .changeMode : .update
    }

    /// Turns a step into a held one when the review says so.
    func hold(_ step: inout PlanStep, source id: EntryID, destination: EntryID?) {
        // A conflict writes nothing, unless both versions are wanted.
        guard let review = policy.review, step.action != .conflict || policy.differing == .keepBoth else { return }
        let record = source[id]
        guard record.kind != .directory else { return }
        // Nearly every entry ends here.
        if record.kind != .symlink, !HeldReview.mayBeSpecial(id, in: source) { return }
        let target = record.kind == .symlink ? source.target(of: id) : []
        guard let reason = review.reason(path: source.path(of: id), kind: record.kind, target: target) else { return }
        step.action = .held
        step.heldReason = reason
    }

    /// Whether a conflict leaves the destination's directory as it is and goes on inside it: only its permission bits conflict.
    public func isInsideConflict(_ step: PlanStep) -> Bool {
        guard step.action == .conflict, let source = step.source, let destination = step.destination else {
            return false
        }
        return self.source[source].kind == .directory && self.destination[destination].kind == .directory
    }

    /// Whether the source's version of a conflict goes beside the destination's, under another name.
    public func isPutBeside(_ step: PlanStep) -> Bool {
        guard step.action == .conflict, policy.differing == .keepBoth, let source = step.source else { return false }
        return step.destination != nil && self.source[source].kind != .directory
    }

    /// The steps in the order of paths, each directory directly followed by what is inside it.
    public var orderedSteps: OrderedSteps { OrderedSteps(plan: self) }
}

/// A walk over a plan's steps in the order of paths.
public struct OrderedSteps: Sequence, IteratorProtocol {
    private let plan: Plan
    private var stack: [Range<Int>]

    init(plan: Plan) {
        self.plan = plan
        stack = plan.groups.first.map { [$0.steps] } ?? []
    }

    /// The next step.
    public mutating func next() -> PlanStep? {
        while let range = stack.last {
            guard let index = range.first else {
                stack.removeLast()
                continue
            }
            stack[stack.count - 1] = (index + 1)..<range.upperBound
            let step = plan.steps[index]
            if step.childGroup != 0 { stack.append(plan.groups[Int(step.childGroup)].steps) }
            return step
        }
        return nil
    }
}
