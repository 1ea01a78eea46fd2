package import FerryCore
package import FerryThreads
import SystemPackage

/// Puts what was staged in its place without a journal, so that it can be measured what the journal costs.
///
/// A kill leaves the workspace between old and new, an edit that falls in between is lost, and nothing can be undone: no sync does this,
/// only `ferry bench pull --no-journal`.
package struct UnjournaledApply: ~Copyable {
    private let plan: Plan
    private let workspace: OpenDirectory
    private let setsModes: Bool
    private var preparer: StagedTreePreparer

    /// Prepares.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - staging: Where everything that the plan takes from the source waits.
    ///   - workspace: The destination's root.
    ///   - owner: Who everything new belongs to, because somebody said so.
    ///   - setsModes: Whether modes given at creation cannot be trusted.
    package init(
        of plan: Plan, from staging: OpenDirectory, to workspace: OpenDirectory, owner: FileOwner?, setsModes: Bool
    ) {
        self.plan = plan
        self.workspace = workspace
        self.setsModes = setsModes
        preparer = StagedTreePreparer(plan: plan, staging: staging, workspace: workspace, owner: owner)
    }

    /// Does everything.
    ///
    /// - Parameter cancellation: Stops at the next removal.
    /// - Returns: What could not be removed.
    /// - Throws: ``FileSystemError``; what was done stays.
    package mutating func run(cancellation: CancellationFlag) throws(FileSystemError) -> [Problem] {
        try preparer.linkToUnchanged()
        try preparer.finishNewDirectories(setsModes: setsModes)
        var problems = TreeRemover.remove(plan, in: workspace, phase: .beforeCopy, cancellation: cancellation)
        for group in plan.groups {
            // What is inside of a new directory comes with it.
            guard let id = group.destination else { continue }
            let path = plan.destination.path(of: id)
            do throws(Errno) { try run(group, at: path) } catch {
                throw FileSystemError("write into the directory", path: path, cause: error)
            }
        }
        problems += TreeRemover.remove(plan, in: workspace, phase: .afterCopy, cancellation: cancellation)
        return problems
    }

    private mutating func run(_ group: PlanGroup, at path: [UInt8]) throws(Errno) {
        guard plan.steps[group.steps].contains(where: Self.writes) else { return }
        let here = try preparer.workspace.open(path)
        var moves = false
        for step in plan.steps[group.steps] where Self.writes(step) {
            guard let id = step.source else { continue }
            let name = plan.source.terminatedName(of: id)
            if step.action == .changeMode {
                try here.handle.setMode(of: name, to: plan.source[id].mode)
                continue
            }
            let staged = try preparer.staging.open(path)
            if step.action == .update {
                try OwnerInheritance.hand(name, of: here, to: name, in: staged)
            } else {
                try preparer.giveToOwner(of: here, id, in: staged)
            }
            try staged.handle.rename(name, to: here.handle, as: name)
            if plan.source[id].kind == .directory { try here.handle.setMode(of: name, to: plan.source[id].mode) }
            moves = true
        }
        guard moves, !path.isEmpty, let id = group.source, !plan.source[id].flags.contains(.hasNoMetadata) else {
            return
        }
        try here.handle.setTime(plan.source[id].mtime)
    }

    private static func writes(_ step: PlanStep) -> Bool {
        [.create, .update, .changeKind, .changeMode].contains(step.action)
    }
}
