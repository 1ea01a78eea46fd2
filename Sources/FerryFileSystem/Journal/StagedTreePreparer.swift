import FerryCore
import SystemPackage

/// Makes what was staged exactly what shall come into the workspace, as far as that can be done before it is there: owners, hard
/// links to files that stay as they are, modes and times of directories.
///
/// Nothing in the workspace is changed, but for the number of names of a file that gets another one.
struct StagedTreePreparer: ~Copyable {
    let plan: Plan
    var staging: DirectoryCursor
    var workspace: DirectoryCursor
    var problems: [Problem] = []
    /// Who everything new belongs to, because somebody said so; nil: the owner of the directory above it.
    private let fixedOwner: FileOwner?
    /// Who staged entries belong to by now.
    private let stagedOwner: FileOwner
    /// Directories of staging whose entries were touched after their time had been set.
    private var disturbed: Set<EntryID> = []
    private var names = TemporaryNames(worker: 0)

    init(plan: Plan, staging: OpenDirectory, workspace: OpenDirectory, owner: FileOwner?) {
        self.plan = plan
        self.staging = DirectoryCursor(root: staging)
        self.workspace = DirectoryCursor(root: workspace)
        fixedOwner = owner
        stagedOwner = (try? workspace.handle.owner()) ?? .ofProcess
    }

    /// Makes names one file where the source has one, and its first name stays as it is in the workspace and so was not staged with
    /// the others.
    mutating func linkToUnchanged() throws(FileSystemError) {
        var withheld: Set<EntryID> = []
        var others: [EntryID] = []
        for step in plan.steps {
            guard let id = step.source else { continue }
            switch step.action {
            case .create, .update, .changeKind: if plan.source.firstName(of: id) != id { others.append(id) }
            case .conflict, .held, .blocked, .withheld: withheld.insert(id)
            default: break
            }
        }
        // Where the first name is kept out, the others are files of their own.
        others.removeAll { withheld.contains(plan.source.firstName(of: $0)) }
        guard !others.isEmpty else { return }
        let differing = plan.differingFiles()
        for id in others where !differing.contains(plan.source.firstName(of: id)) {
            try link(id, to: plan.source.firstName(of: id), differing: differing)
        }
    }

    private mutating func link(
        _ id: EntryID, to first: EntryID, differing: Set<EntryID>
    ) throws(FileSystemError) {
        let name = plan.source.terminatedName(of: id)
        do throws(Errno) {
            let holder = try workspace.open(parentPath(of: first))
            let directory = try staging.open(parentPath(of: id))
            let firstName = plan.source.terminatedName(of: first)
            let original = try holder.handle.status(of: firstName)
            let copy = try directory.handle.status(of: name)
            guard copy.kind == .file, plan.isContent(of: first, original, differing: differing) else { return }
            let made = names.next()
            do throws(Errno) {
                try holder.handle.link(firstName, to: directory.handle, as: made)
            } catch  where [.permissionDenied, .notPermitted, .tooManyLinks, .improperLink].contains(error) {
                // The kernel keeps plain users from linking what is not theirs, and file systems limit names: a file of its own.
                let failure = FileSystemError("link", path: plan.source.path(of: id), cause: error)
                problems.append(Problem(.unwritable, path: failure.path, message: failure.description))
                return
            }
            try directory.handle.rename(made, to: directory.handle, as: name)
            if let parent = plan.source.parent(of: id) { disturbed.insert(parent) }
        } catch .noSuchFileOrDirectory {
            // It could not be staged, which has been reported, or it vanished meanwhile.
            return
        } catch {
            throw FileSystemError("link", path: plan.source.path(of: id), cause: error)
        }
    }

    /// Finishes the directories inside of new ones: nothing will be put into them in the workspace.
    ///
    /// - Parameter setsModes: Whether modes given at creation cannot be trusted.
    /// - Throws: ``FileSystemError``.
    mutating func finishNewDirectories(setsModes: Bool) throws(FileSystemError) {
        // Backwards, a directory comes after all below it: closing it keeps nobody out.
        for group in plan.groups.reversed() where group.destination == nil {
            guard let id = group.source else { continue }
            let path = plan.source.path(of: id)
            do throws(Errno) {
                // Most directories need nothing any more and are not even opened.
                var isDisturbed = disturbed.contains(id)
                for index in group.steps {
                    let step = plan.steps[index]
                    guard step.action == .create, let child = step.source else {
                        isDisturbed = true
                        try leaveBehind(step, in: staging.open(path))
                        continue
                    }
                    // Names of one file are made when all files are there.
                    if plan.source.firstName(of: child) != child { isDisturbed = true }
                    guard needsMode(child, setsModes: setsModes) else { continue }
                    try setMode(of: child, in: staging.open(path))
                }
                if isDisturbed, !plan.source[id].flags.contains(.hasNoMetadata) {
                    try staging.open(path).handle.setTime(plan.source[id].mtime)
                }
            } catch .noSuchFileOrDirectory {
                continue
            } catch {
                throw FileSystemError("set the modes and times in", path: path, cause: error)
            }
        }
    }

    /// A new directory comes as a whole, so what stays deleted in the workspace must not be in it.
    private mutating func leaveBehind(_ step: PlanStep, in directory: OpenDirectory) throws(Errno) {
        guard [.unchanged, .descend].contains(step.action), step.destination == nil, let id = step.source else {
            return
        }
        let name = plan.source.terminatedName(of: id)
        staging.forget(plan.source.path(of: id))
        do throws(Errno) {
            if plan.source[id].kind != .directory { try directory.handle.removeFile(name) }
        } catch .noSuchFileOrDirectory {
            return
        }
        if plan.source[id].kind == .directory { DirectoryEraser.erase(name, in: directory) }
    }

    private func needsMode(_ id: EntryID, setsModes: Bool) -> Bool {
        let record = plan.source[id]
        return record.kind == .directory && (setsModes || record.mode & 0o700 != 0o700)
    }

    private func setMode(of id: EntryID, in directory: OpenDirectory) throws(Errno) {
        do throws(Errno) {
            try directory.handle.setMode(of: plan.source.terminatedName(of: id), to: plan.source[id].mode)
        } catch .noSuchFileOrDirectory {
            return
        }
    }

    /// A new entry belongs to whom the directory belongs to that it comes into.
    ///
    /// Only root can give things away.
    mutating func giveToOwner(of directory: OpenDirectory, _ id: EntryID, in staged: OpenDirectory) throws(Errno) {
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

    func parentPath(of id: EntryID) -> [UInt8] {
        plan.source.parent(of: id).map { plan.source.path(of: $0) } ?? []
    }
}
