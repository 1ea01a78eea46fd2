package import FerryCore
package import FerryThreads
import SystemPackage

/// Removes what a push deletes, one known entry at a time: a directory goes by `rmdir` once its planned children are gone, so
/// whatever nobody knew of keeps it.
package enum TreeRemover {
    /// Which of a plan's deletions are carried out.
    package enum Phase: Sendable {
        /// What stands where an entry of another kind shall be; it has to go first.
        case beforeCopy
        /// What only the destination has; it goes last.
        case afterCopy
    }

    /// Removes.
    ///
    /// - Parameters:
    ///   - plan: What to remove.
    ///   - root: The destination's root.
    ///   - phase: Which part of it.
    ///   - cancellation: Stops at the next entry.
    /// - Returns: What could not be removed.
    package static func remove(
        _ plan: Plan, in root: OpenDirectory, phase: Phase, cancellation: CancellationFlag
    ) -> [Problem] {
        var remover = Remover(plan: plan, cursor: DirectoryCursor(root: root))
        for entry in entries(of: plan, phase: phase) {
            if cancellation.isRaised { break }
            remover.remove(entry)
        }
        return remover.problems
    }

    /// The entries of the destination to remove, children before the directories that hold them.
    private static func entries(of plan: Plan, phase: Phase) -> [EntryID] {
        var entries: [EntryID] = []
        switch phase {
        case .beforeCopy:
            for step in plan.steps where step.action == .changeKind {
                guard let id = step.destination else { continue }
                entries.append(id)
                var stack = [id]
                while let next = stack.popLast() {
                    for child in plan.destination.children(of: next) {
                        entries.append(child)
                        stack.append(child)
                    }
                }
            }
        case .afterCopy:
            for step in plan.orderedSteps where step.action == .delete {
                if let id = step.destination { entries.append(id) }
            }
        }
        // In the order of paths a directory comes before what is inside it; the other way round it comes after.
        return entries.reversed()
    }
}

private struct Remover: ~Copyable {
    let plan: Plan
    var cursor: DirectoryCursor
    var problems: [Problem] = []

    init(plan: Plan, cursor: consuming DirectoryCursor) {
        self.plan = plan
        self.cursor = cursor
    }

    mutating func remove(_ id: EntryID) {
        let snapshot = plan.destination
        let name = snapshot.terminatedName(of: id)
        let parent = snapshot.parent(of: id).map { snapshot.path(of: $0) } ?? []
        do throws(Errno) {
            let directory = try openForWriting(parent, snapshot.parent(of: id))
            if snapshot[id].kind == .directory {
                cursor.forget(snapshot.path(of: id))
                try directory.handle.removeDirectory(name)
            } else {
                try directory.handle.removeFile(name)
            }
        } catch .noSuchFileOrDirectory {
            return
        } catch .directoryNotEmpty {
            report(id, "not removed: something in it is not known to this sync or was kept")
        } catch {
            report(id, FileSystemError("remove", path: snapshot.path(of: id), cause: error).description)
        }
    }

    private mutating func openForWriting(_ path: [UInt8], _ id: EntryID?) throws(Errno) -> OpenDirectory {
        let directory = try cursor.open(path)
        if let id, id != plan.destination.root {
            let mode = plan.destination[id].mode
            if mode & 0o700 != 0o700 { try directory.handle.setMode(mode | 0o700) }
        }
        return directory
    }

    private mutating func report(_ id: EntryID, _ message: String) {
        problems.append(Problem(.protected, path: plan.destination.path(of: id), message: message))
    }
}
