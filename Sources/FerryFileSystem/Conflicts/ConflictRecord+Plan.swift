package import FerryCore
import SystemPackage

extension ConflictRecord.Entry {
    /// What a plan does not let in, once it was taken out of staging.
    ///
    /// A directory that conflicts stands for all below it; one whose permission bits alone conflict only for itself.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - kept: Where the sandbox's versions are by now.
    /// - Returns: The entries, in the order of paths.
    /// - Throws: ``FileSystemError`` when it cannot be told what was kept.
    package static func withheld(
        by plan: Plan, keptIn kept: OpenDirectory
    ) throws(FileSystemError) -> [ConflictRecord.Entry] {
        var entries: [ConflictRecord.Entry] = []
        var cursor = DirectoryCursor(root: kept)
        var covered: RelativePath?
        for step in plan.orderedSteps where WithheldEntries.isWithheld(step, plan) || plan.isInsideConflict(step) {
            let path = RelativePath(unchecked: plan.path(of: step))
            if let covered, path.isSameOrBelow(covered) { continue }
            // A repository is decided as a whole.
            let repository = plan.gitConflicts.first { path.isSameOrBelow(RelativePath(unchecked: $0.path)) }
            if let repository, let id = plan.source.entry(at: RelativePath(unchecked: repository.path)) {
                covered = RelativePath(unchecked: repository.path)
                entries.append(
                    ConflictRecord.Entry(
                        path: repository.path,
                        cause: .conflict(repository.isInWorkspace ? .bothChanged : .changedRemotelyDeletedLocally),
                        version: .stored, kind: plan.source[id].kind, size: 0,
                        local: LocalVersion.digest(
                            of: plan.destination.entry(at: RelativePath(unchecked: repository.path)),
                            in: plan.destination)))
                continue
            }
            if plan.isInsideConflict(step), let id = step.source {
                entries.append(
                    ConflictRecord.Entry(
                        path: path.bytes, cause: .conflict(step.reason), version: .permissions, kind: .directory,
                        size: 0, local: LocalVersion.permissions(of: step.destination, in: plan.destination),
                        mode: plan.source[id].mode))
                continue
            }
            var version = Version.deleted
            if let id = step.source {
                version = try isKept(path, &cursor) ? .stored : .leftInSandbox
                if plan.source[id].kind == .directory { covered = path }
            } else if step.childGroup != 0 {
                // What is in it is decided entry by entry.
                continue
            }
            let record = step.source.map { plan.source[$0] } ?? step.destination.map { plan.destination[$0] }
            guard let record else { continue }
            entries.append(
                ConflictRecord.Entry(
                    path: path.bytes,
                    cause: step.heldReason.map { .held($0) } ?? .conflict(step.reason), version: version,
                    kind: record.kind, size: record.kind == .file ? record.size : 0,
                    local: LocalVersion.digest(of: step.destination, in: plan.destination)))
        }
        return entries
    }

    private static func isKept(
        _ path: RelativePath, _ cursor: inout DirectoryCursor
    ) throws(FileSystemError) -> Bool {
        do throws(Errno) {
            let parent = try cursor.open(path.parent?.bytes ?? [])
            _ = try parent.handle.status(of: TerminatedName(unchecked: ArraySlice(Array(path.name) + [0])))
            return true
        } catch  where error.isAbsence {
            return false
        } catch {
            throw FileSystemError("look at what was kept of", path: path.bytes, cause: error)
        }
    }
}
