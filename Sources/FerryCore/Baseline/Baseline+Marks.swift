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
        if !plan.groups.isEmpty { builder.add(marksOf: plan.groups[0], of: plan) }
        return builder.finish(header)
    }

    /// This baseline with the marks of a push, as ``markingPush(_:from:header:)`` makes it.
    ///
    /// - Parameter marks: The marks.
    /// - Returns: The baseline.
    public func marked(by marks: Baseline) -> Baseline {
        var builder = BaselineBuilder(expecting: entryCount, continuing: self)
        builder.add(root, of: self, markedBy: marks.root, of: marks)
        return builder.finish(marks.header)
    }
}

extension BaselineBuilder {
    fileprivate mutating func add(marksOf group: PlanGroup, of plan: Plan) {
        for index in group.steps {
            let step = plan.steps[index]
            guard let source = step.source else { continue }
            let name = plan.source.name(of: source)
            let below = step.childGroup == 0 ? nil : Int(step.childGroup)
            let isDirectory = plan.source[source].kind == .directory
            var entry = BaselineEntry(agreeing: source, in: plan.source, flags: .pushUnderWay)
            switch step.action {
            case .create, .update, .changeKind:
                if isDirectory { entry.flags.insert(.ownsBelow) }
                append(entry, name: name)
            case .changeMode where !isDirectory: append(entry, name: name)
            default:
                guard isDirectory, let destination = step.destination else { continue }
                let isMarked = step.action == .changeMode
                if !isMarked { entry = BaselineEntry(agreeing: destination, in: plan.destination) }
                enter(entry, name: name, isOptional: !isMarked)
                if let below { add(marksOf: plan.groups[below], of: plan) }
                leave()
            }
        }
    }

    /// Adds what a directory holds, with its marks.
    fileprivate mutating func add(
        _ directory: BaselineDirectory?, of baseline: Baseline, markedBy marked: BaselineDirectory?, of marks: Baseline
    ) {
        var known = BaselineFollower(baseline, directory)
        for mark in marks.children(of: marked) {
            while let item = known.next(before: mark.name) { append(item, of: baseline) }
            let item = known.find(mark.name)
            if item != nil { known.drop() }
            add(item, of: baseline, markedBy: mark, of: marks)
        }
        while let item = known.next(before: nil) { append(item, of: baseline) }
    }

    private mutating func add(
        _ item: BaselineItem?, of baseline: Baseline, markedBy mark: BaselineItem, of marks: Baseline
    ) {
        var entry = item?.entry ?? mark.entry
        let directory = entry.kind == .directory ? item?.directory : nil
        guard mark.entry.flags.contains(.pushUnderWay) else {
            // On the way to what is marked.
            if entry.kind != .directory { entry = mark.entry }
            enter(entry, name: mark.name, isOptional: item == nil)
            add(directory, of: baseline, markedBy: mark.directory, of: marks)
            return leave()
        }
        entry.flags.remove(.foreign)
        entry.flags.formUnion(mark.entry.flags)
        entry.linkGroup = 0
        if mark.entry.kind == .directory {
            if entry.kind != .directory { (entry, entry.flags) = (mark.entry, entry.flags) }
            enter(entry, name: mark.name)
            add(directory, of: baseline, markedBy: mark.directory, of: marks)
            leave()
        } else {
            // A directory makes way for it.
            append(entry.kind == .directory ? mark.entry : entry, name: mark.name)
        }
    }
}
