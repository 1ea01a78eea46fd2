package import FerryCore
package import FerryThreads
import SystemPackage

/// Puts what was staged in its place in the workspace, by renames only.
///
/// A directory that is new goes as a whole. A file that is replaced is swapped with the staged one and then looked at: when
/// it is not what the plan saw, it is swapped back, so no edit falls between the check and the rename.
package enum TreeApplier {
    /// Applies the writing part of a plan; deletions are left to ``TreeRemover``.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - staging: Where everything that the plan takes from the source waits.
    ///   - workspace: The destination's root.
    ///   - owner: Who everything new belongs to, because somebody said so; nil: the owner of the directory above it.
    ///   - cancellation: Stops at the next directory.
    ///   - progress: Counts entries.
    /// - Returns: What could not be done.
    package static func apply(
        _ plan: Plan, from staging: OpenDirectory, to workspace: OpenDirectory, owner: FileOwner? = nil,
        cancellation: CancellationFlag,
        progress: TransferProgress
    ) -> CopyResult {
        var applier = Applier(
            plan: plan, staging: DirectoryCursor(root: staging), workspace: DirectoryCursor(root: workspace),
            fixedOwner: owner, stagedOwner: (try? workspace.handle.owner()) ?? .ofProcess)
        var pending = plan.groups.isEmpty ? [] : [(group: 0, path: [UInt8]())]
        while let next = pending.popLast(), applier.result.failure == nil, !cancellation.isRaised {
            applier.apply(next.group, path: next.path, pending: &pending)
            progress.add(entries: plan.groups[next.group].steps.count, bytes: 0)
        }
        if applier.result.failure == nil { applier.relink() }
        return applier.result
    }
}

private struct Applier: ~Copyable {
    let plan: Plan
    var staging: DirectoryCursor
    var workspace: DirectoryCursor
    var result = CopyResult()
    /// Names of files whose first name may be a file that was not staged.
    private var severalNames: [EntryID] = []
    private var names = TemporaryNames(worker: 0)

    private let fixedOwner: FileOwner?
    /// Who staged entries belong to by now.
    private let stagedOwner: FileOwner

    init(
        plan: Plan, staging: consuming DirectoryCursor, workspace: consuming DirectoryCursor, fixedOwner: FileOwner?,
        stagedOwner: FileOwner
    ) {
        self.fixedOwner = fixedOwner
        self.stagedOwner = stagedOwner
        self.plan = plan
        self.staging = staging
        self.workspace = workspace
        var withheld: Set<EntryID> = []
        var names: [EntryID] = []
        for step in plan.steps {
            guard let id = step.source else { continue }
            switch step.action {
            case .create, .update, .changeKind: if plan.source.firstName(of: id) != id { names.append(id) }
            case .conflict, .held, .blocked: withheld.insert(id)
            default: break
            }
        }
        // Where the first name stays as it is in the workspace, the others are files of their own.
        severalNames = names.filter { !withheld.contains(plan.source.firstName(of: $0)) }
    }

    mutating func apply(_ group: Int, path: [UInt8], pending: inout [(group: Int, path: [UInt8])]) {
        let steps = plan.groups[group].steps
        guard plan.groups[group].source != nil else { return }
        let opened: OpenDirectory
        let staged: OpenDirectory?
        do throws(Errno) {
            opened = try workspace.open(path)
            staged = try openStaged(path)
            try makeWritable(opened, plan.groups[group])
        } catch {
            return report(FileSystemError("write into the directory", path: path, cause: error))
        }
        for index in steps where result.failure == nil {
            let step = plan.steps[index]
            guard let id = step.source else { continue }
            do throws(Errno) {
                let descends = try carryOut(step, id, from: staged, to: opened)
                if descends, step.childGroup != 0 {
                    let name = plan.source.name(of: id)
                    pending.append(
                        (Int(step.childGroup), path.isEmpty ? Array(name) : path + [RelativePath.separator] + name))
                }
            } catch .noSuchFileOrDirectory {
                // It could not be staged, which has been reported, or it vanished from the workspace meanwhile.
                continue
            } catch {
                report(FileSystemError("write", path: plan.source.path(of: id), cause: error))
            }
        }
    }

    private mutating func openStaged(_ path: [UInt8]) throws(Errno) -> OpenDirectory? {
        do throws(Errno) { return try staging.open(path) } catch .noSuchFileOrDirectory { return nil }
    }

    private func makeWritable(_ directory: OpenDirectory, _ group: PlanGroup) throws(Errno) {
        guard let id = group.destination, id != plan.destination.root else { return }
        let mode = plan.destination[id].mode
        if mode & 0o700 != 0o700 && plan.opens(group) { try directory.handle.setMode(mode | 0o700) }
    }

    /// Does one step.
    ///
    /// Returns whether the directory's own steps are still to be done.
    private mutating func carryOut(
        _ step: PlanStep, _ id: EntryID, from staged: OpenDirectory?, to directory: OpenDirectory
    ) throws(Errno) -> Bool {
        let name = plan.source.terminatedName(of: id)
        let isDirectory = plan.source[id].kind == .directory
        switch step.action {
        case .create, .changeKind:
            guard let staged else { throw .noSuchFileOrDirectory }
            try giveToOwner(of: directory, id, in: staged)
            do throws(Errno) {
                try staged.handle.renameWithoutReplacing(name, to: directory.handle, as: name)
            } catch .fileExists {
                problem(.protected, id, "kept: it appeared after the plan was made; run the same command again")
            }
            return false
        case .update:
            guard let staged, let destination = step.destination else { throw .noSuchFileOrDirectory }
            try replace(id, destination, name, from: staged, in: directory)
            return false
        case .changeMode:
            if !isDirectory { try directory.handle.setMode(of: name, to: plan.source[id].mode) }
            return isDirectory
        case .conflict where plan.isPutBeside(step):
            guard let staged else { throw .noSuchFileOrDirectory }
            try putBeside(name, from: staged, in: directory)
            return false
        case .conflict, .descend:
            // What is withheld below a conflict has no place in the workspace.
            return isDirectory && step.destination.map { plan.destination[$0].kind == .directory } ?? false
        default:
            return false
        }
    }

    /// A new entry belongs to whom the directory belongs to that it comes into.
    ///
    /// Only root can give things away.
    private mutating func giveToOwner(
        of directory: OpenDirectory, _ id: EntryID, in staged: OpenDirectory
    ) throws(Errno) {
        guard FileOwner.processIsRoot, fixedOwner == nil else { return }
        let owner = try directory.handle.owner()
        guard owner != stagedOwner else { return }
        try staged.handle.setOwner(of: plan.source.terminatedName(of: id), to: owner)
        var pending = [id]
        while let next = pending.popLast() {
            let children = plan.source.children(of: next)
            guard !children.isEmpty else { continue }
            let holder = try staging.open(plan.source.path(of: next))
            for child in children {
                do throws(Errno) {
                    try holder.handle.setOwner(of: plan.source.terminatedName(of: child), to: owner)
                } catch .noSuchFileOrDirectory {
                    // It was not staged: held, or it could not be read.
                    continue
                }
            }
            pending.append(contentsOf: children)
        }
        staging.forget(plan.source.path(of: id))
    }

    private mutating func replace(
        _ id: EntryID, _ destination: EntryID, _ name: TerminatedName, from staged: OpenDirectory,
        in directory: OpenDirectory
    ) throws(Errno) {
        try OwnerInheritance.hand(name, of: directory, to: name, in: staged)
        try staged.handle.exchange(name, with: directory.handle, name)
        let status = try staged.handle.status(of: name)
        guard LocalState(plan.destination, destination).matches(status) else {
            try staged.handle.exchange(name, with: directory.handle, name)
            return problem(.protected, id, "kept: it changed after the plan was made; run the same command again")
        }
    }

    /// Puts the sandbox's version beside the workspace's, under the first name that is free.
    private func putBeside(_ name: TerminatedName, from staged: OpenDirectory, in directory: OpenDirectory)
        throws(Errno)
    {
        let suffix = Array(".ferry-remote".utf8)
        for number in 1... {
            let tail = number == 1 ? suffix : suffix + Array("-\(number)".utf8)
            // A long name gives up its end rather than the suffix.
            let stem = name.bytes.prefix(255 - tail.count)
            do throws(Errno) {
                let free = TerminatedName(unchecked: ArraySlice(Array(stem) + tail + [0]))
                return try staged.handle.renameWithoutReplacing(name, to: directory.handle, as: free)
            } catch .fileExists {
                continue
            }
        }
    }

    /// Makes one file of names that are one in the source, where the first name was not staged with the others.
    mutating func relink() {
        guard !severalNames.isEmpty else { return }
        let differing = plan.differingFiles()
        for id in severalNames {
            let first = plan.source.firstName(of: id)
            do throws(Errno) {
                let holder = try workspace.open(parentPath(of: first))
                let directory = try workspace.open(parentPath(of: id))
                let firstName = plan.source.terminatedName(of: first)
                let name = plan.source.terminatedName(of: id)
                let original = try holder.handle.status(of: firstName)
                let copy = try directory.handle.status(of: name)
                guard copy.kind == .file, original.inode != copy.inode,
                    plan.isContent(of: first, original, differing: differing)
                else { continue }
                let made = names.next()
                try holder.handle.link(firstName, to: directory.handle, as: made)
                try directory.handle.rename(made, to: directory.handle, as: name)
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                report(FileSystemError("link", path: plan.source.path(of: id), cause: error))
            }
        }
    }

    private func parentPath(of id: EntryID) -> [UInt8] {
        plan.source.parent(of: id).map { plan.source.path(of: $0) } ?? []
    }

    private mutating func problem(_ code: Problem.Code, _ id: EntryID, _ message: String) {
        result.problems.append(Problem(code, path: plan.source.path(of: id), message: message))
    }

    private mutating func report(_ error: FileSystemError) {
        if error.cause.stopsAllWrites {
            result.failure = error
        } else {
            result.problems.append(Problem(.unwritable, path: error.path, message: error.description))
        }
    }
}
