package import FerryCore
import SystemPackage

/// Looks at what a sync has just written, and at nothing else.
package enum WrittenEntries {
    /// Reads the metadata of every entry that a plan has made or replaced.
    ///
    /// - Parameters:
    ///   - plan: The plan, carried out.
    ///   - root: The destination.
    /// - Returns: A tree of those that could be looked at. Any other is one of which nothing is known; its content has to be compared the next time.
    package static func look(at plan: Plan, in root: OpenDirectory) -> Snapshot {
        var tree = TreeBuilder()
        var cursor = DirectoryCursor(root: root)
        for step in plan.steps where step.writesEntry {
            guard let path = try? RelativePath(validating: plan.path(of: step)),
                let status = look(at: path, &cursor)
            else { continue }
            // The paths of a plan fit into a tree, unless somebody changed the kind of an entry meanwhile: then nothing is known of it.
            _ = try? tree.insert(path, status: status) { _ in }
        }
        return tree.finish()
    }

    private static func look(at path: RelativePath, _ cursor: inout DirectoryCursor) -> EntryStatus? {
        do {
            return try cursor.open(path.parent?.bytes ?? []).handle.status(of: TerminatedName(path.name))
        } catch {
            return nil
        }
    }
}

extension PlanStep {
    /// Whether it makes an entry, or changes one that is there afterwards.
    fileprivate var writesEntry: Bool {
        switch action {
        case .create, .update, .changeMode, .changeKind: source != nil
        default: false
        }
    }
}
