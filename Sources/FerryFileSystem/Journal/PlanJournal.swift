package import FerryCore
import SystemPackage

/// Turns a plan and what was staged for it into a journal.
///
/// All that can be done before the workspace is touched is done here: what is staged becomes what shall be there, and what is known
/// beforehand not to work is left out and reported.
package struct PlanJournal: ~Copyable {
    private let plan: Plan
    private var preparer: StagedTreePreparer
    private let setsModes: Bool
    /// The modes that directories get, by their groups.
    private var newModes: [Int: UInt16] = [:]
    /// What is left out.
    package var problems: [Problem] = []
    /// The paths of steps that should write something and will not, whether or not a problem names each.
    package private(set) var leftOut: Set<[UInt8]> = []
    /// The conflicts whose other version goes beside, by the path that this gets.
    package private(set) var beside: [[UInt8]: [UInt8]] = [:]

    /// Prepares.
    ///
    /// - Parameters:
    ///   - plan: What to do.
    ///   - staging: Where everything that the plan takes from the source waits.
    ///   - workspace: The destination's root.
    ///   - owner: Who everything new belongs to, because somebody said so; nil: the owner of the directory above it.
    ///   - setsModes: Whether modes given at creation cannot be trusted.
    package init(
        of plan: Plan, from staging: OpenDirectory, to workspace: OpenDirectory, owner: FileOwner?, setsModes: Bool
    ) {
        self.plan = plan
        self.setsModes = setsModes
        preparer = StagedTreePreparer(plan: plan, staging: staging, workspace: workspace, owner: owner)
        for step in plan.steps where step.childGroup != 0 && step.action == .changeMode {
            if let id = step.source { newModes[Int(step.childGroup)] = plan.source[id].mode }
        }
    }

    /// Writes the journal; each directory comes after those below it.
    ///
    /// - Parameter writer: Where to.
    /// - Throws: ``JournalError``; nothing was changed.
    package mutating func write(to writer: inout JournalWriter) throws(JournalError) {
        do throws(FileSystemError) {
            try preparer.linkToUnchanged()
            try preparer.finishNewDirectories(setsModes: setsModes)
        } catch {
            throw .file(error)
        }
        let busy = BusyGroups(of: plan)
        for index in plan.groups.indices.reversed() where busy.contains(index) {
            let group = plan.groups[index]
            // What is inside of a new directory comes with it.
            guard let id = group.destination else { continue }
            let path = plan.destination.path(of: id)
            do throws(Errno) {
                guard let directory = try open(path, id) else {
                    leaveOut(group)
                    continue
                }
                try add(index, directory, path, to: &writer)
            } catch  where error.isAbsence {
                leaveOut(group)
                problems.append(
                    Problem(
                        .protected, path: path,
                        message: "not written to: it vanished after the plan was made; run the same command again"))
            } catch {
                throw .file(FileSystemError("prepare the changes in", path: path, cause: error))
            }
        }
        problems += preparer.problems
    }

    /// Opens a directory to write into; nil, and reported, when that will not be allowed.
    private mutating func open(_ path: [UInt8], _ id: EntryID) throws(Errno) -> OpenDirectory? {
        do throws(Errno) {
            let directory = try preparer.workspace.open(path)
            guard !FileOwner.processIsRoot, try directory.handle.owner().user != FileOwner.ofProcess.user,
                !directory.handle.mayWrite()
            else { return directory }
        } catch .permissionDenied {
            // It cannot even be read, so nothing is known of what is in it.
        }
        let failure = FileSystemError("write into the directory", path: path, cause: .permissionDenied)
        problems.append(Problem(.unwritable, path: path, message: failure.description))
        return nil
    }

    private mutating func add(
        _ index: Int, _ opened: OpenDirectory, _ path: [UInt8], to writer: inout JournalWriter
    ) throws(Errno) {
        let group = plan.groups[index]
        let status = try opened.handle.status()
        var directory = JournalDirectory(path: path)
        if !path.isEmpty {
            directory.inode = status.inode
            directory.modes = JournalDirectory.Modes(old: status.mode, new: newModes[index] ?? status.mode)
        }
        let staged = try openStaged(path)
        for position in group.steps {
            let step = plan.steps[position]
            do throws(Errno) {
                if let operation = try operation(step, staged, opened, &writer) {
                    directory.operations.append(operation)
                } else {
                    leaveOut(step)
                }
            } catch .noSuchFileOrDirectory {
                // It could not be staged, which has been reported, at least for the directory that it is in.
                leaveOut(step)
            }
        }
        guard !directory.operations.isEmpty || directory.modes.map({ $0.old != $0.new }) ?? false else { return }
        let moves = directory.operations.contains { $0.kind != .mode }
        if moves, !path.isEmpty {
            directory.oldTime = status.mtime
            if let id = group.source, !plan.source[id].flags.contains(.hasNoMetadata) {
                directory.newTime = plan.source[id].mtime
            }
            if !FileOwner.processIsRoot, try opened.handle.owner().user != FileOwner.ofProcess.user {
                // Only its owner may set it; that something was written into it shows all the same.
                (directory.oldTime, directory.newTime) = (nil, nil)
            }
        }
        try append(directory, to: &writer)
    }

    private func append(_ directory: JournalDirectory, to writer: inout JournalWriter) throws(Errno) {
        do throws(JournalError) {
            try writer.append(directory)
        } catch {
            if case .file(let error) = error { throw error.cause }
            throw .ioError
        }
    }

    /// Notes a directory in which nothing will be done.
    private mutating func leaveOut(_ group: PlanGroup) {
        for index in group.steps { leaveOut(plan.steps[index]) }
    }

    private mutating func leaveOut(_ step: PlanStep) {
        let isWritten: Bool
        switch step.action {
        case .create, .update, .changeKind, .delete: isWritten = true
        // A directory's mode is its own entry's matter.
        case .changeMode: isWritten = plan.kind(of: step) != .directory
        default: isWritten = plan.isPutBeside(step)
        }
        if isWritten { leftOut.insert(plan.path(of: step)) }
    }

    private mutating func openStaged(_ path: [UInt8]) throws(Errno) -> OpenDirectory? {
        do throws(Errno) { return try preparer.staging.open(path) } catch .noSuchFileOrDirectory { return nil }
    }

    /// The change for a step; nil when there is none in this directory.
    private mutating func operation(
        _ step: PlanStep, _ staged: OpenDirectory?, _ here: OpenDirectory, _ writer: inout JournalWriter
    ) throws(Errno) -> JournalOperation? {
        if step.action == .delete {
            guard let id = step.destination else { return nil }
            return try take(id, step, in: here, &writer)
        }
        guard let id = step.source else { return nil }
        let name = plan.source.terminatedName(of: id)
        let isDirectory = plan.source[id].kind == .directory
        switch step.action {
        case .create:
            guard let staged else { return nil }
            return try bring(id, name, from: staged, to: here, &writer)
        case .update, .changeKind:
            guard let staged, let destination = step.destination else { return nil }
            if step.action == .changeKind { try clear(destination, &writer) }
            return try exchange(id, destination, name, from: staged, in: here, &writer)
        case .changeMode:
            guard let destination = step.destination else { return nil }
            if isDirectory {
                if step.childGroup == 0 { try changeMode(of: id, destination, in: here, &writer) }
                return nil
            }
            var new = EntryState(plan.destination, destination)
            new.mode = plan.source[id].mode
            return JournalOperation(.mode, name, slot: .tree, from: plan.destination, destination, new: new)
        case .conflict where plan.isPutBeside(step):
            guard let staged else { return nil }
            return try putBeside(id, name, staged, here)
        default:
            return nil
        }
    }

    private mutating func bring(
        _ id: EntryID, _ name: TerminatedName, from staged: OpenDirectory, to here: OpenDirectory,
        _ writer: inout JournalWriter
    ) throws(Errno) -> JournalOperation {
        try preparer.giveToOwner(of: here, id, in: staged)
        let status = try staged.handle.status(of: name)
        try closeInPlace(id, status, &writer)
        return JournalOperation(.bring, name, slot: .tree, new: EntryState(status, isWhole: true))
    }

    private mutating func exchange(
        _ id: EntryID, _ destination: EntryID, _ name: TerminatedName, from staged: OpenDirectory,
        in here: OpenDirectory, _ writer: inout JournalWriter
    ) throws(Errno) -> JournalOperation {
        if plan.destination[destination].kind == plan.source[id].kind {
            try OwnerInheritance.hand(name, of: here, to: name, in: staged)
        } else {
            try preparer.giveToOwner(of: here, id, in: staged)
        }
        let status = try staged.handle.status(of: name)
        try closeInPlace(id, status, &writer)
        return JournalOperation(
            .exchange, name, slot: .tree, from: plan.destination, destination,
            new: EntryState(status, isWhole: true))
    }

    /// A new directory gets its mode when it is in place: one that may not be written to cannot be moved to another.
    private mutating func closeInPlace(
        _ id: EntryID, _ status: EntryStatus, _ writer: inout JournalWriter
    ) throws(Errno) {
        let record = plan.source[id]
        guard record.kind == .directory else { return }
        let wanted = setsModes || record.mode & 0o700 != 0o700 ? record.mode : status.mode
        guard wanted != status.mode else { return }
        try append(
            JournalDirectory(
                path: plan.source.path(of: id), inode: status.inode,
                modes: JournalDirectory.Modes(old: status.mode, new: wanted)), to: &writer)
    }

    private mutating func take(
        _ id: EntryID, _ step: PlanStep, in here: OpenDirectory, _ writer: inout JournalWriter
    ) throws(Errno) -> JournalOperation {
        if plan.destination[id].kind == .directory, step.childGroup == 0 { try open(empty: id, in: here, &writer) }
        return JournalOperation(
            .take, plan.destination.terminatedName(of: id), slot: writer.newSlot(), from: plan.destination, id)
    }

    /// An empty directory has no changes of its own, and may still have to be opened to be moved.
    private mutating func open(
        empty id: EntryID, in here: OpenDirectory, _ writer: inout JournalWriter
    ) throws(Errno) {
        let status = try here.handle.status(of: plan.destination.terminatedName(of: id))
        guard status.kind == .directory, status.mode & 0o700 != 0o700 else { return }
        try append(
            JournalDirectory(
                path: plan.destination.path(of: id), inode: status.inode,
                modes: JournalDirectory.Modes(old: status.mode, new: status.mode)), to: &writer)
    }

    /// A directory in which nothing else is done gets another mode.
    private mutating func changeMode(
        of id: EntryID, _ destination: EntryID, in here: OpenDirectory, _ writer: inout JournalWriter
    ) throws(Errno) {
        let status = try here.handle.status(of: plan.source.terminatedName(of: id))
        guard status.kind == .directory, status.inode == plan.destination.inode(of: destination) else { return }
        try append(
            JournalDirectory(
                path: plan.source.path(of: id), inode: status.inode,
                modes: JournalDirectory.Modes(old: status.mode, new: plan.source[id].mode)), to: &writer)
    }

    /// Takes out everything in a directory that something else will replace, the deepest first.
    private mutating func clear(_ top: EntryID, _ writer: inout JournalWriter) throws(Errno) {
        var directories: [EntryID] = []
        var pending = [top]
        while let next = pending.popLast() {
            guard plan.destination[next].kind == .directory else { continue }
            directories.append(next)
            pending.append(contentsOf: plan.destination.children(of: next))
        }
        for id in directories.reversed() {
            let path = plan.destination.path(of: id)
            let status = try preparer.workspace.open(path).handle.status()
            var directory = JournalDirectory(
                path: path, inode: status.inode, modes: .init(old: status.mode, new: status.mode),
                oldTime: status.mtime)
            for child in plan.destination.children(of: id) {
                directory.operations.append(
                    JournalOperation(
                        .take, plan.destination.terminatedName(of: child), slot: writer.newSlot(),
                        from: plan.destination, child))
            }
            try append(directory, to: &writer)
        }
    }

    /// Puts the sandbox's version beside the workspace's, under the first name that is free on both sides.
    private mutating func putBeside(
        _ id: EntryID, _ name: TerminatedName, _ staged: OpenDirectory, _ here: OpenDirectory
    ) throws(Errno) -> JournalOperation {
        let suffix = Array(".ferry-remote".utf8)
        let parent = plan.source.parent(of: id) ?? plan.source.root
        var number = 0
        while true {
            number += 1
            let tail = number == 1 ? suffix : suffix + Array("-\(number)".utf8)
            // A long name gives up its end rather than the suffix.
            let free = TerminatedName(unchecked: ArraySlice(name.bytes.prefix(255 - tail.count) + tail + [0]))
            if plan.source.child(of: parent, named: free.bytes) != nil { continue }
            if (try? here.handle.status(of: free)) != nil { continue }
            do throws(Errno) {
                try staged.handle.renameWithoutReplacing(name, to: staged.handle, as: free)
            } catch .fileExists {
                continue
            }
            let path = plan.source.path(of: id)
            beside[path.dropLast(name.bytes.count) + free.bytes] = path
            return JournalOperation(
                .bring, free, slot: .tree, new: EntryState(try staged.handle.status(of: free), isWhole: true))
        }
    }
}
