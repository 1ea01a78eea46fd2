/// What a push is about to write, told beside a baseline that stays as it is: as much as there is to write, and not as the tree is large.
extension Baseline {
    /// Whether ``marks(of:header:)`` say all that ``markingPush(_:from:header:)`` would.
    ///
    /// Not before a push has come to its end: what only the sandbox has then becomes foreign at once. Nor where one goes into what is
    /// foreign, and has to be told from it; nor after one that was killed, whose marks stay.
    ///
    /// - Parameter plan: What will be done, planned with this baseline.
    /// - Returns: Whether they do.
    public func takesMarks(of plan: Plan) -> Bool {
        header.isComplete && !header.isPushUnderWay && !plan.entersForeign
    }

    /// The marks of a push: a baseline of nothing but what it will write.
    ///
    /// - Parameters:
    ///   - plan: What will be done.
    ///   - header: What it is a baseline of; that a push is under way is set here.
    /// - Returns: The marks, for ``marked(by:)``.
    public static func marks(of plan: Plan, header: BaselineHeader) -> Baseline {
        var header = header
        header.isComplete = true
        header.isPushUnderWay = true
        var builder = BaselineBuilder()
        builder.add(marksOf: plan)
        return builder.finish(header)
    }

    /// This baseline with the marks of a push, as ``markingPush(_:from:header:)`` makes it.
    ///
    /// - Parameter marks: The marks.
    /// - Returns: The baseline.
    public func marked(by marks: Baseline) -> Baseline {
        var builder = BaselineBuilder(expecting: entryCount, continuing: self)
        builder.add(self, markedBy: marks)
        return builder.finish(marks.header)
    }
}

// A tree may be deeper than a thread's stack: what is open is kept in arrays.
extension BaselineBuilder {
    /// Adds what a plan is about to write, with the directories on the way there.
    fileprivate mutating func add(marksOf plan: Plan) {
        guard !plan.groups.isEmpty else { return }
        /// The steps that are left in each open directory.
        var open = [plan.groups[0].steps]
        while !open.isEmpty {
            guard let index = open[open.count - 1].popFirst() else {
                open.removeLast()
                if !open.isEmpty { leave() }
                continue
            }
            if let group = add(markOf: plan.steps[index], of: plan) {
                open.append(group == 0 ? 0..<0 : plan.groups[group].steps)
            }
        }
    }

    /// Adds the mark of one step.
    ///
    /// - Returns: The group of steps in the directory that was begun, 0 for none; nil when none was.
    private mutating func add(markOf step: PlanStep, of plan: Plan) -> Int? {
        guard let source = step.source else { return nil }
        let name = plan.source.name(of: source)
        let isDirectory = plan.source[source].kind == .directory
        var entry = BaselineEntry(agreeing: source, in: plan.source, flags: .pushUnderWay)
        switch step.action {
        case .create, .update, .changeKind:
            if isDirectory { entry.flags.insert(.ownsBelow) }
            append(entry, name: name)
            return nil
        case .changeMode where !isDirectory:
            append(entry, name: name)
            return nil
        default:
            guard isDirectory, let destination = step.destination else { return nil }
            let isMarked = step.action == .changeMode
            if !isMarked { entry = BaselineEntry(agreeing: destination, in: plan.destination) }
            enter(entry, name: name, isOptional: !isMarked)
            return Int(step.childGroup)
        }
    }

    /// Adds all of a baseline, with marks.
    fileprivate mutating func add(_ baseline: Baseline, markedBy marks: Baseline) {
        var open = [(known: BaselineFollower(baseline, baseline.root), marks: marks.children(of: marks.root))]
        while !open.isEmpty {
            let top = open.count - 1
            let mark = open[top].marks.next()
            while let item = open[top].known.next(before: mark?.name) { append(item, of: baseline) }
            guard let mark else {
                open.removeLast()
                if !open.isEmpty { leave() }
                continue
            }
            let item = open[top].known.find(mark.name)
            if item != nil { open[top].known.drop() }
            if add(item, markedBy: mark) {
                let directory = item?.entry.kind == .directory ? item?.directory : nil
                open.append((BaselineFollower(baseline, directory), marks.children(of: mark.directory)))
            }
        }
    }

    /// Adds one entry with its mark.
    ///
    /// - Returns: Whether a directory was begun.
    private mutating func add(_ item: BaselineItem?, markedBy mark: BaselineItem) -> Bool {
        var entry = item?.entry ?? mark.entry
        guard mark.entry.flags.contains(.pushUnderWay) else {
            // On the way to what is marked.
            if entry.kind != .directory { entry = mark.entry }
            enter(entry, name: mark.name, isOptional: item == nil)
            return true
        }
        entry.flags.remove(.foreign)
        entry.flags.formUnion(mark.entry.flags)
        entry.linkGroup = 0
        if mark.entry.kind == .directory {
            if entry.kind != .directory { (entry, entry.flags) = (mark.entry, entry.flags) }
            enter(entry, name: mark.name)
            return true
        }
        // A directory makes way for it.
        append(entry.kind == .directory ? mark.entry : entry, name: mark.name)
        return false
    }
}
