package import FerryCore
import SystemPackage

/// Gives directories their last modes and times when nothing will be written into them any more.
package enum DirectoryFinisher {
    /// Finishes.
    ///
    /// - Parameters:
    ///   - plan: What was carried out.
    ///   - root: The destination's root.
    ///   - setsAllModes: Whether modes given at creation cannot be trusted.
    /// - Returns: What could not be done.
    package static func finish(_ plan: Plan, in root: OpenDirectory, setsAllModes: Bool) -> [Problem] {
        var cursor = DirectoryCursor(root: root)
        var problems: [Problem] = []
        let changed = groups(of: plan) { $0.action == .changeMode }
        // Only the source has it, and it does not come: what is in it conflicts, is held or stays deleted.
        let withheld = groups(of: plan) { step in
            guard step.action == .conflict || step.action == .descend, step.source != nil else { return false }
            return step.destination.map { plan.destination[$0].kind != .directory } ?? true
        }
        // A group comes after the one of the directory above it: backwards, a directory is finished after all below it.
        for (number, group) in plan.groups.enumerated().reversed() {
            if withheld.contains(UInt32(number)) { continue }
            problems += finishChildless(group, plan, &cursor)
            if let problem = restore(group, plan, &cursor) { problems.append(problem) }
            guard let id = group.source, id != plan.source.root else { continue }
            let mode = finalMode(
                of: id, group: group, in: plan, isChanged: changed.contains(UInt32(number)), setsAllModes: setsAllModes)
            let hasTime = !plan.source[id].flags.contains(.hasNoMetadata)
            let needsTime = hasTime && needsTime(group, in: plan)
            guard mode != nil || needsTime else { continue }
            let path = plan.source.path(of: id)
            do throws(Errno) {
                let directory = try cursor.open(path)
                if needsTime { try directory.handle.setTime(plan.source[id].mtime) }
                if let mode { try directory.handle.setMode(mode) }
            } catch {
                let error = FileSystemError("set the mode and time of", path: path, cause: error)
                problems.append(Problem(.unwritable, path: path, message: error.description))
            }
        }
        return problems
    }

    /// Directories in which the plan does nothing and of which only the mode changes have no group of their own.
    private static func finishChildless(
        _ group: PlanGroup, _ plan: Plan, _ cursor: inout DirectoryCursor
    ) -> [Problem] {
        var problems: [Problem] = []
        for index in group.steps where plan.steps[index].childGroup == 0 {
            let step = plan.steps[index]
            guard let id = step.source, plan.source[id].kind == .directory, step.action == .changeMode else { continue }
            do throws(Errno) {
                let parent = try cursor.open(plan.source.parent(of: id).map { plan.source.path(of: $0) } ?? [])
                try parent.handle.setMode(of: plan.source.terminatedName(of: id), to: plan.source[id].mode)
            } catch .noSuchFileOrDirectory {
                // It was not made, or it vanished meanwhile.
                continue
            } catch {
                let path = plan.source.path(of: id)
                let error = FileSystemError("set the mode of", path: path, cause: error)
                problems.append(Problem(.unwritable, path: path, message: error.description))
            }
        }
        return problems
    }

    /// A directory that only the destination has, and that was opened so that something in it could go, gets its mode back.
    private static func restore(_ group: PlanGroup, _ plan: Plan, _ cursor: inout DirectoryCursor) -> Problem? {
        guard group.source == nil, let id = group.destination, plan.destination[id].mode & 0o700 != 0o700,
            plan.opens(group)
        else { return nil }
        let path = plan.destination.path(of: id)
        do throws(Errno) {
            try cursor.open(path).handle.setMode(plan.destination[id].mode)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            let error = FileSystemError("set the mode of", path: path, cause: error)
            return Problem(.unwritable, path: path, message: error.description)
        }
        return nil
    }

    /// The mode that a directory still needs; nil when it has it.
    private static func finalMode(
        of id: EntryID, group: PlanGroup, in plan: Plan, isChanged: Bool, setsAllModes: Bool
    ) -> UInt16? {
        let wanted = plan.source[id].mode
        guard let existing = group.destination.map({ plan.destination[$0].mode }) else {
            return setsAllModes || wanted & 0o700 != 0o700 ? wanted : nil
        }
        if isChanged { return wanted }
        return existing & 0o700 != 0o700 && plan.opens(group) ? existing : nil
    }

    /// The groups of directories whose own steps are of a kind.
    private static func groups(of plan: Plan, where isWanted: (PlanStep) -> Bool) -> Set<UInt32> {
        var groups: Set<UInt32> = []
        for step in plan.steps where step.childGroup != 0 && isWanted(step) { groups.insert(step.childGroup) }
        return groups
    }

    /// Only directories that something came to after the copy had set their time: links and deletions.
    private static func needsTime(_ group: PlanGroup, in plan: Plan) -> Bool {
        group.steps.contains { index in
            let step = plan.steps[index]
            switch step.action {
            case .delete: return true
            case .create, .update, .changeKind: return step.source.map { plan.source.firstName(of: $0) != $0 } ?? false
            default: return false
            }
        }
    }
}

extension Plan {
    /// Whether a directory that its owner may not write into has to be opened for its steps.
    func opens(_ group: PlanGroup) -> Bool {
        group.steps.contains { index in
            switch steps[index].action {
            case .create, .update, .changeKind, .delete: true
            case .conflict: policy.differing == .keepBoth
            default: false
            }
        }
    }
}
