import FerryCore

/// The entries of a sandbox that a pull has to see before it can decide about them.
struct FetchList {
    /// Their paths, each directory before what is inside it.
    let paths: [[UInt8]]
    /// The bytes of their content, as the sandbox says.
    let byteCount: Int64
    private let ids: [EntryID]

    var isEmpty: Bool { paths.isEmpty }

    /// Everything of a plan that is taken, compared or kept for review.
    init(_ plan: Plan) {
        var ids: [EntryID] = []
        var paths: [[UInt8]] = []
        var bytes: Int64 = 0
        for step in plan.orderedSteps {
            guard let id = step.source, plan.source[id].kind.isCarried, Self.isTaken(step.action) else { continue }
            ids.append(id)
            paths.append(plan.source.path(of: id))
            if plan.source[id].kind == .file { bytes += plan.source[id].size }
        }
        (self.ids, self.paths, byteCount) = (ids, paths, bytes)
    }

    private static func isTaken(_ action: PlanAction) -> Bool {
        switch action {
        case .create, .update, .changeKind, .conflict, .held, .compare, .withheld: true
        case .descend, .changeMode, .delete, .blocked, .unchanged: false
        }
    }

    /// Puts what was really fetched in the place of what the listing said.
    ///
    /// - Parameters:
    ///   - listing: The sandbox's tree.
    ///   - staged: What was fetched.
    /// - Returns: What did not come, or not as it was listed: of that nothing is known.
    func amend(_ listing: inout Snapshot, by staged: Snapshot) -> [Problem] {
        var problems: [Problem] = []
        for (id, path) in zip(ids, paths) {
            guard let found = staged.entry(at: RelativePath(unchecked: path)), staged[found].kind == listing[id].kind,
                !staged[found].flags.contains(.hasNoMetadata)
            else {
                // A directory counts by what is in it.
                if listing[id].kind != .directory { listing.amendAsUnreadable(id) }
                problems.append(
                    Problem(
                        .unstable, path: path,
                        message:
                            "listed in the sandbox, but it did not come: it vanished, changed its kind or cannot be"
                            + " read there; run the same command again"))
                continue
            }
            listing.amend(id, fetched: staged[found], target: staged.target(of: found))
        }
        return problems
    }
}
