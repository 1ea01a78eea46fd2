/// A walk over everything that a plan and a baseline know of, directory by directory, that writes the next baseline.
///
/// What becomes of each path is the job of its ``BaselineRules``.
struct BaselineWalk<Rules: BaselineRules> {
    private let plan: Plan
    private let old: Baseline?
    private var rules: Rules
    private var builder: BaselineBuilder
    private var frames: [Frame] = []
    private var groups: LinkGroups

    private struct Frame {
        var source: EntryRange
        var destination: EntryRange
        var sourceIndex = 0
        var destinationIndex = 0
        var base: BaselineFollower?
        var after: AfterFollowers
        var steps: Range<Int>
        /// Whether the listing of a side is missing, so that nobody knows what is gone.
        var isUnknown: Bool
        /// Whether what only the sandbox has here is foreign.
        var isForeign: Bool
    }

    /// Walks.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - old: The baseline that it was made with.
    ///   - rules: What becomes of each path.
    ///   - header: What the result is a baseline of.
    /// - Returns: The next baseline.
    static func run(_ plan: Plan, _ old: Baseline?, _ rules: Rules, header: BaselineHeader) -> Baseline {
        var walk = BaselineWalk(
            plan: plan, old: old, rules: rules, expecting: max(plan.source.entryCount, old?.entryCount ?? 0))
        while walk.advance() {}
        return walk.builder.finish(header)
    }

    /// Walks, and gives away the next baseline's encoded form as it grows.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - old: The baseline that it was made with.
    ///   - rules: What becomes of each path.
    ///   - header: What the result is a baseline of.
    ///   - write: Takes the next bytes.
    /// - Throws: What `write` throws.
    static func run<Failure>(
        _ plan: Plan, _ old: Baseline?, _ rules: Rules, header: BaselineHeader,
        into write: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        var walk = BaselineWalk(plan: plan, old: old, rules: rules, expecting: 0)
        while walk.advance() { try walk.builder.pass(to: write) }
        try walk.builder.finish(header, to: write)
    }

    private init(plan: Plan, old: Baseline?, rules: Rules, expecting count: Int) {
        self.plan = plan
        self.old = old
        self.rules = rules
        builder = BaselineBuilder(expecting: count, continuing: old)
        groups = LinkGroups(after: old?.lastLinkGroup ?? 0)
        let (source, destination) = (plan.source.root, plan.destination.root)
        enter(
            BaselinePath(
                source: source, destination: destination, item: nil, step: nil, stepIndex: nil, isForeign: false,
                after: (rules.after?.source.root, rules.after?.destination.root)),
            directory: old?.root, group: plan.groups.isEmpty ? nil : 0, isForeign: rules.isFirstPush)
    }

    /// Goes on to the end of the directory at hand or of one in it, whichever comes first.
    ///
    /// - Returns: Whether there is more to do.
    private mutating func advance() -> Bool {
        while let path = next() { carryOut(rules.verdict(on: path, in: plan), path) }
        frames.removeLast()
        if frames.isEmpty { return false }
        builder.leave()
        return true
    }

    private mutating func carryOut(_ verdict: BaselineVerdict, _ path: BaselinePath) {
        switch verdict {
        case .none: return
        case .keep:
            if let item = path.item, let old { builder.append(item, of: old) }
        case .leaf(let entry, let group):
            var entry = entry
            let number = path.step == nil ? path.item?.entry.linkGroup : nil
            entry.linkGroup = group.map { groups.number($0, known: number) } ?? 0
            let name = name(of: path)
            if entry.kind == .directory, path.item?.directory != nil, entry.flags.contains(.pushUnderWay), let old {
                builder.enter(entry, name: name)
                for child in old.children(of: path.item?.directory) { builder.append(child, of: old) }
                builder.leave()
            } else {
                builder.append(entry, name: name)
            }
        case .directory(var entry, let below, let isForeign):
            // Another kind that was agreed on before has no room for what is inside.
            if entry?.kind != .directory { entry = nil }
            let own =
                entry ?? path.destination.map { BaselineEntry(agreeing: $0, in: plan.destination) }
                ?? path.source.map { BaselineEntry(agreeing: $0, in: plan.source) }
                ?? BaselineEntry(kind: .directory, mode: 0o755)
            if below == .all, !isForeign, let directory = path.item?.directory, builder.takesPieces,
                plan.isSettled(directory, in: old)
            {
                return builder.append(own, name: name(of: path), piece: directory)
            }
            builder.enter(own, name: name(of: path), isOptional: entry == nil)
            var inner = path
            if below == .sourceOnly || path.destination.map({ plan.destination[$0].kind != .directory }) ?? false {
                inner.destination = nil
            }
            if below == .destinationOnly || path.source.map({ plan.source[$0].kind != .directory }) ?? false {
                inner.source = nil
            }
            let group = path.step.flatMap { $0.childGroup == 0 ? nil : Int($0.childGroup) }
            let directory = below == .new ? nil : path.item?.directory
            enter(inner, directory: directory, group: group, isForeign: isForeign)
        }
    }

    /// Takes over, byte by byte, what follows of files that both sides still have as agreed on: nearly all.
    private mutating func takeUntouched() {
        guard old != nil, builder.takesPieces, plan.policy.remoteTrust != .nothing else { return }
        let top = frames.count - 1
        while frames[top].sourceIndex < frames[top].source.count,
            frames[top].destinationIndex < frames[top].destination.count
        {
            let source = frames[top].source[frames[top].sourceIndex]
            let destination = frames[top].destination[frames[top].destinationIndex]
            if let index = frames[top].steps.first,
                plan.steps[index].source == source || plan.steps[index].destination == destination
            {
                return
            }
            let name = plan.source.name(of: source)
            guard plan.isUntouched(source, destination), name.elementsEqual(plan.destination.name(of: destination))
            else { return }
            let looks = plan.looks(source, destination, mayHaveSeveralNames: false)
            guard let range = frames[top].base?.pass(fileNamed: name, looks),
                let bytes = frames[top].base?.encoded(range)
            else { return }
            builder.append(encoded: bytes)
            frames[top].sourceIndex += 1
            frames[top].destinationIndex += 1
        }
    }

    /// The next path of the directory at hand that is not taken over as it is; nil at its end.
    private mutating func next() -> BaselinePath? {
        takeUntouched()
        let top = frames.count - 1
        let source =
            frames[top].sourceIndex < frames[top].source.count
            ? frames[top].source[frames[top].sourceIndex] : nil
        let destination =
            frames[top].destinationIndex < frames[top].destination.count
            ? frames[top].destination[frames[top].destinationIndex] : nil
        let ours = source.map { plan.source.name(of: $0) }
        let theirs = destination.map { plan.destination.name(of: $0) }
        let isSourceFirst = ours.map { mine in theirs.map { !$0.lexicographicallyPrecedes(mine) } ?? true } ?? false
        let isDestinationFirst =
            theirs.map { other in ours.map { !$0.lexicographicallyPrecedes(other) } ?? true } ?? false
        let name = isSourceFirst ? ours : theirs
        if let item = frames[top].base?.next(before: name) {
            return BaselinePath(
                source: nil, destination: nil, item: item, step: nil, stepIndex: nil,
                isForeign: frames[top].isForeign, isUnknown: frames[top].isUnknown, after: (nil, nil))
        }
        guard let name else { return nil }
        let item = frames[top].base?.find(name)
        if item != nil { frames[top].base?.drop() }
        if isSourceFirst { frames[top].sourceIndex += 1 }
        if isDestinationFirst { frames[top].destinationIndex += 1 }
        let (left, right) = (isSourceFirst ? source : nil, isDestinationFirst ? destination : nil)
        let after = frames[top].after.find(name, rules.after)
        var path = BaselinePath(
            source: left, destination: right, item: item, step: nil, stepIndex: nil, isForeign: frames[top].isForeign,
            isUnknown: frames[top].isUnknown, after: after)
        if let index = frames[top].steps.first, plan.steps[index].source == left, plan.steps[index].destination == right
        {
            path.step = plan.steps[index]
            path.stepIndex = index
            frames[top].steps = (index + 1)..<frames[top].steps.upperBound
        }
        return path
    }

    private mutating func enter(
        _ path: BaselinePath, directory: BaselineDirectory?, group: Int?, isForeign: Bool
    ) {
        let none = EntryRange(first: 0, count: 0)
        let isUnknown =
            (path.source.map { plan.source[$0].flags.contains(.unreadable) } ?? false)
            || (path.destination.map { plan.destination[$0].flags.contains(.unreadable) } ?? false)
        frames.append(
            Frame(
                source: path.source.map { plan.source.children(of: $0) } ?? none,
                destination: path.destination.map { plan.destination.children(of: $0) } ?? none,
                base: old.map { BaselineFollower($0, directory) }, after: AfterFollowers(path.after, rules.after),
                steps: group.map { plan.groups[$0].steps } ?? 0..<0, isUnknown: isUnknown, isForeign: isForeign))
    }

    private func name(of path: BaselinePath) -> ArraySlice<UInt8> {
        if let id = path.source { return plan.source.name(of: id) }
        if let id = path.destination { return plan.destination.name(of: id) }
        return path.item?.name ?? []
    }
}

extension Plan {
    /// What a file of both sides, of the same size, looks like to a baseline.
    func looks(_ source: EntryID, _ destination: EntryID, mayHaveSeveralNames: Bool = true) -> FileLooks {
        let (ours, theirs) = (
            Fingerprint(of: source, in: self.source), Fingerprint(of: destination, in: self.destination)
        )
        let isPull = policy.merge == .pull
        let isTrusted = policy.remoteTrust == .everything
        return FileLooks(
            local: isPull ? theirs : ours, remote: isTrusted ? nil : isPull ? ours : theirs, size: ours.size,
            mayHaveSeveralNames: mayHaveSeveralNames)
    }

    /// Whether both sides have a readable file of one name and of the same size.
    fileprivate func isUntouched(_ source: EntryID, _ destination: EntryID) -> Bool {
        let (ours, theirs) = (self.source[source], self.destination[destination])
        return ours.kind == .file && theirs.kind == .file && ours.size == theirs.size
            && ours.flags.union(theirs.flags).isDisjoint(with: [.unreadable, .hasSeveralNames])
    }
}

/// One path as a walk meets it.
struct BaselinePath {
    var source: EntryID?
    var destination: EntryID?
    var item: BaselineItem?
    var step: PlanStep?
    var stepIndex: Int?
    var isForeign: Bool
    var isUnknown = false
    /// The same path after the sync.
    var after: (source: EntryID?, destination: EntryID?)
}

/// What becomes of one path.
enum BaselineVerdict {
    /// What is in a directory that is gone on into.
    enum Below {
        /// Both sides and the baseline.
        case all
        /// The source and the baseline.
        case sourceOnly
        /// The destination and the baseline.
        case destinationOnly
        /// Only the source: what was there before is gone.
        case new
    }

    /// The baseline does not know it.
    case none
    /// It says what it said, here and below.
    case keep
    /// An entry, and nothing more below it.
    ///
    /// Of a file with several names, the first one in the source says which group it is in.
    case leaf(BaselineEntry, EntryID?)
    /// A directory and what is in it; without an entry it is only there for what is in it.
    case directory(BaselineEntry?, Below, isForeign: Bool)
}

/// Decides what becomes of each path.
protocol BaselineRules {
    /// Both sides after the sync, where that is known.
    var after: AppliedState? { get }
    /// Whether what only the sandbox has becomes foreign.
    var isFirstPush: Bool { get }

    func verdict(on path: BaselinePath, in plan: Plan) -> BaselineVerdict
}

/// Gives names of one file the same number.
///
/// What the old baseline said and still stands keeps its number, because much of it is taken over without being read.
private struct LinkGroups {
    /// By the first name in the source.
    private var numbers: [EntryID: UInt32] = [:]
    private var isTaken: Set<UInt32> = []
    private var last: UInt32

    init(after last: UInt32) { self.last = last }

    /// The number of a group.
    ///
    /// - Parameters:
    ///   - first: The first name in the source.
    ///   - known: The number in the old baseline of a name that did not change since.
    /// - Returns: The number; 0, which is no group, when there are no more numbers.
    mutating func number(_ first: EntryID, known: UInt32?) -> UInt32 {
        if let number = numbers[first] { return number }
        var number = last &+ 1
        if let known, known > 0, isTaken.insert(known).inserted {
            number = known
        } else if last < .max {
            last += 1
        }
        numbers[first] = number
        return number
    }
}

/// Finds names in both trees of after the sync; they come in ascending order.
private struct AfterFollowers {
    private var source: SnapshotFollower
    private var destination: SnapshotFollower

    init(_ directories: (source: EntryID?, destination: EntryID?), _ state: AppliedState?) {
        source = SnapshotFollower(directories.source, state?.source)
        destination = SnapshotFollower(directories.destination, state?.destination)
    }

    mutating func find(_ name: ArraySlice<UInt8>, _ state: AppliedState?) -> (source: EntryID?, destination: EntryID?) {
        guard let state else { return (nil, nil) }
        return (source.find(name, in: state.source), destination.find(name, in: state.destination))
    }
}

private struct SnapshotFollower {
    private let children: EntryRange
    private var index = 0

    init(_ directory: EntryID?, _ tree: Snapshot?) {
        children =
            directory.flatMap { id in tree.map { $0.children(of: id) } } ?? EntryRange(first: 0, count: 0)
    }

    mutating func find(_ name: ArraySlice<UInt8>, in tree: Snapshot) -> EntryID? {
        while index < children.count {
            let found = tree.name(of: children[index])
            if found.elementsEqual(name) { return children[index] }
            if name.lexicographicallyPrecedes(found) { return nil }
            index += 1
        }
        return nil
    }
}
