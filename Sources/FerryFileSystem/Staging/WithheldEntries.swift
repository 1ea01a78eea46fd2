package import FerryCore
import SystemPackage

/// Takes what a pull must not bring in out of staging, so that no new directory carries it along, and keeps it for review.
package enum WithheldEntries {
    /// What was taken out.
    package struct Outcome: Sendable {
        /// The number of entries that were kept.
        package var count = 0
        /// Why one could not be taken out; then nothing may be applied.
        package var failure: FileSystemError?
    }

    /// Moves held entries, and the source's versions of conflicting ones, to a tree of their own.
    ///
    /// - Parameters:
    ///   - plan: What is held and what conflicts.
    ///   - staging: Where everything was staged.
    ///   - kept: An empty directory of the same file system; it gets the same layout.
    /// - Returns: What was taken out.
    package static func take(_ plan: Plan, from staging: OpenDirectory, to kept: OpenDirectory) -> Outcome {
        var outcome = Outcome()
        var source = DirectoryCursor(root: staging)
        var target = DirectoryCursor(root: kept)
        for step in plan.steps {
            guard isWithheld(step, plan), let id = step.source else { continue }
            let path = plan.source.path(of: id)
            let parent = plan.source.parent(of: id).map { plan.source.path(of: $0) } ?? []
            do throws(Errno) {
                let from = try source.open(parent)
                let name = plan.source.terminatedName(of: id)
                let to = try makeDirectories(parent, below: kept, &target)
                source.forget(path)
                try from.handle.renameWithoutReplacing(name, to: to.handle, as: name)
                outcome.count += 1
            } catch .noSuchFileOrDirectory {
                // It was never staged: a directory that conflicts stays in its directory sandbox.
                continue
            } catch {
                outcome.failure = FileSystemError("keep out", path: path, cause: error)
                return outcome
            }
        }
        return outcome
    }

    /// A directory of which only the permission bits conflict holds what is let in as well.
    static func isWithheld(_ step: PlanStep, _ plan: Plan) -> Bool {
        step.action == .held || step.action == .withheld
            || (step.action == .conflict && !plan.isPutBeside(step) && !plan.isInsideConflict(step))
    }

    static func makeDirectories(
        _ path: [UInt8], below root: OpenDirectory, _ cursor: inout DirectoryCursor
    ) throws(Errno) -> OpenDirectory {
        do throws(Errno) { return try cursor.open(path) } catch .noSuchFileOrDirectory {}
        var end = path.startIndex
        while end < path.endIndex {
            end = path[end...].dropFirst().firstIndex(of: RelativePath.separator) ?? path.endIndex
            let prefix = path[..<end]
            let slash = prefix.lastIndex(of: RelativePath.separator)
            let directory = try cursor.open(slash.map { Array(path[..<$0]) } ?? [])
            let name = TerminatedName(unchecked: ArraySlice(Array(prefix[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
            do throws(Errno) { try directory.handle.makeDirectory(name, mode: 0o700) } catch .fileExists {}
        }
        return try cursor.open(path)
    }
}
