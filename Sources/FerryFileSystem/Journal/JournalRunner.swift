package import FerryCore
package import FerryThreads
import SystemPackage

/// Carries a journal out, or takes back what of it was done.
///
/// Before a directory's changes those that may not be written to are opened; after all, times and modes are set. Each change looks
/// at what it moved out of the workspace: when that is not what the journal says, it goes back and is reported, so that no
/// edit falls between the check and the rename.
package struct JournalRunner: ~Copyable {
    let journal: JournalFile
    let area: RunArea
    private let cancellation: CancellationFlag
    private let progress: TransferProgress
    var workspace: DirectoryCursor
    private var tree: DirectoryCursor
    /// What was left as it is, and why.
    package internal(set) var problems: [Problem] = []
    /// Whether something could not be put back, so that the area holds the only copy of it.
    package internal(set) var holdsEdits = false
    /// The files that went back into the workspace, with the ctimes that they had before.
    private(set) var returned: [ReturnedFile] = []

    /// Prepares.
    ///
    /// - Parameters:
    ///   - journal: What to do.
    ///   - area: Where the other ends are.
    ///   - workspace: The workspace's root.
    ///   - cancellation: Stops at the next directory.
    ///   - progress: Counts changes.
    package init(
        _ journal: JournalFile, area: RunArea, workspace: OpenDirectory,
        cancellation: CancellationFlag = CancellationFlag(), progress: TransferProgress = TransferProgress()
    ) {
        self.journal = journal
        self.area = area
        self.cancellation = cancellation
        self.progress = progress
        self.workspace = DirectoryCursor(root: workspace)
        tree = DirectoryCursor(root: area.tree)
    }

    /// Which way to go.
    enum Direction {
        case forwards
        case backwards
    }

    /// Does everything.
    ///
    /// - Parameter flushes: Whether to wait until the directories are on their disk.
    /// - Throws: What stopped it; then ``rollBack(flushes:)`` has to follow.
    package mutating func apply(flushes: Bool) throws(JournalError) {
        try open()
        for index in journal.indices {
            if cancellation.isRaised { throw .cancelled }
            let directory = try journal.directory(at: index)
            try run(directory, .forwards)
            progress.add(entries: directory.operations.count, bytes: 0)
        }
        try finish(.forwards)
        if flushes { try flush() }
    }

    /// Takes back what was done; can be repeated after a kill.
    ///
    /// - Parameter flushes: Whether to wait until the directories are on their disk.
    /// - Throws: What stopped it.
    package mutating func rollBack(flushes: Bool) throws(JournalError) {
        workspace.forget([])
        tree.forget([])
        // Those of a roll-back that was killed; this one's come behind them.
        returned = ReturnLog(area: area, journal: journal.name).files()
        try open()
        for index in journal.indices.reversed() { try run(journal.directory(at: index), .backwards) }
        try finish(.backwards)
        if flushes { try flush() }
    }

    // MARK: Directories

    /// Opens the directories whose owner may not write into them.
    private mutating func open() throws(JournalError) {
        for index in journal.closedIndices {
            let directory = try journal.directory(at: index)
            try onOwnEntry("open", directory) { (holder, name, status) throws(Errno) in
                if status.mode & 0o700 != 0o700 { try holder.handle.setMode(of: name, to: status.mode | 0o700) }
            }
        }
    }

    /// Sets times and modes, from the deepest upwards: nothing will be moved any more.
    private mutating func finish(_ direction: Direction) throws(JournalError) {
        for index in journal.parentsFirstIndices.reversed() {
            let directory = try journal.directory(at: index)
            let time = direction == .forwards ? directory.newTime : directory.oldTime
            let modes = directory.modes
            guard time != nil || modes != nil else { continue }
            try onOwnEntry("set the mode and time of", directory) { (holder, name, status) throws(Errno) in
                if let time, status.mtime != time { try holder.handle.setTime(of: name, to: time) }
                guard let modes else { return }
                let wanted = direction == .forwards ? modes.new : modes.old
                // Whatever else somebody chose meanwhile stays.
                let known = [modes.old, modes.new, modes.old | 0o700, modes.new | 0o700]
                if status.mode != wanted, known.contains(status.mode) {
                    try holder.handle.setMode(of: name, to: wanted)
                }
            }
        }
    }

    /// Runs a body on a directory's own entry; one that is not there (any more, or yet) is passed over.
    private mutating func onOwnEntry(
        _ operation: String, _ directory: JournalDirectory,
        _ body: (OpenDirectory, TerminatedName, EntryStatus) throws(Errno) -> Void
    ) throws(JournalError) {
        guard !directory.path.isEmpty else { return }
        let slash = directory.path.lastIndex(of: RelativePath.separator)
        let name = TerminatedName(unchecked: ArraySlice(Array(directory.path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        do throws(Errno) {
            let holder = try workspace.open(slash.map { Array(directory.path[..<$0]) } ?? [])
            let status = try holder.handle.status(of: name)
            guard status.kind == .directory, status.inode == directory.inode else { return }
            try body(holder, name, status)
        } catch  where error.isAbsence {
            return
        } catch {
            throw .file(FileSystemError(operation, path: directory.path, cause: error))
        }
    }

    /// Brings the directories to their disk: each of a few, or all at once.
    private mutating func flush() throws(JournalError) {
        guard journal.indices.count <= Flushing.fewEntries else {
            return try journaled("flush", []) { () throws(Errno) in try area.aside.handle.synchronizeFileSystem() }
        }
        for index in journal.indices {
            let directory = try journal.directory(at: index)
            guard !directory.operations.isEmpty else { continue }
            do throws(Errno) {
                try workspace.open(directory.path).handle.synchronize()
            } catch  where error.isAbsence || error == .permissionDenied {
                continue
            } catch {
                throw .file(FileSystemError("flush", path: directory.path, cause: error))
            }
        }
        try journaled("flush", []) { () throws(Errno) in try area.aside.handle.synchronize() }
    }

    private mutating func run(_ directory: JournalDirectory, _ direction: Direction) throws(JournalError) {
        guard !directory.operations.isEmpty else { return }
        let here: OpenDirectory
        do throws(Errno) {
            here = try workspace.open(directory.path)
        } catch  where error.isAbsence {
            // On the way back: a directory that was never brought. On the way: somebody removed it, with what was in it.
            if direction == .forwards { reportVanished(directory) }
            return
        } catch {
            throw .file(FileSystemError("write into the directory", path: directory.path, cause: error))
        }
        switch direction {
        case .forwards:
            for operation in directory.operations { try step(operation, directory, here, direction) }
        case .backwards:
            for operation in directory.operations.reversed() { try step(operation, directory, here, direction) }
        }
    }

    private mutating func step(
        _ operation: JournalOperation, _ directory: JournalDirectory, _ here: OpenDirectory, _ direction: Direction
    ) throws(JournalError) {
        if operation.old?.kind == .directory || operation.new?.kind == .directory {
            workspace.forget(directory.path(of: operation))
        }
        do throws(Errno) {
            let slot = try place(of: operation, in: directory, makesRoom: direction == .backwards)
            let change = JournalStep(
                operation: operation, here: here, slot: slot, edits: TreeEdits(stamp: journal.stamp))
            switch direction == .forwards ? try change.carryOut() : try change.takeBack() {
            case .done: if direction == .forwards { noteArrival(of: operation, in: directory) }
            case .putBack: noteReturn(of: operation, in: directory)
            case .refused(let message): report(directory.path(of: operation), message)
            case .stuck(let message):
                holdsEdits = true
                report(directory.path(of: operation), message)
            }
        } catch {
            throw .file(FileSystemError("write", path: directory.path(of: operation), cause: error))
        }
    }

    /// The end of a change in the area; `makesRoom` has directories of the staged tree made again that have gone.
    private mutating func place(
        of operation: JournalOperation, in directory: JournalDirectory, makesRoom: Bool
    ) throws(Errno) -> (directory: OpenDirectory, name: TerminatedName) {
        switch operation.slot {
        case .aside(let number): return (area.aside, RunArea.slotName(number))
        case .tree where operation.kind == .mode: return (area.tree, operation.name)
        case .tree:
            do throws(Errno) {
                return (try tree.open(directory.path), operation.name)
            } catch .noSuchFileOrDirectory {
                guard makesRoom else { throw .noSuchFileOrDirectory }
                return (
                    try WithheldEntries.makeDirectories(directory.path, below: area.tree, &tree), operation.name
                )
            }
        }
    }

    private mutating func noteReturn(of operation: JournalOperation, in directory: JournalDirectory) {
        guard let old = operation.old, old.kind == .file, let change = operation.oldChange else { return }
        let file = ReturnedFile(path: directory.path(of: operation), old: old, change: change)
        returned.append(file)
        guard let now = status(of: file.path), old.matches(now) else { return }
        ReturnLog(area: area, journal: journal.name).note(file, changed: now.ctime)
    }

    /// A file that an undo brings back is what left the workspace, with a new ctime.
    private mutating func noteArrival(of operation: JournalOperation, in directory: JournalDirectory) {
        guard let new = operation.new, new.kind == .file, let change = operation.newChange else { return }
        returned.append(ReturnedFile(path: directory.path(of: operation), old: new, change: change))
    }

    private mutating func reportVanished(_ directory: JournalDirectory) {
        for operation in directory.operations where operation.kind != .take {
            report(
                directory.path(of: operation),
                "not written: the directory vanished after the plan was made; run the same command again")
        }
    }

    private mutating func report(_ path: [UInt8], _ message: String) {
        problems.append(Problem(.protected, path: path, message: message))
    }
}

extension Errno {
    /// Whether something is simply not there, or something else is in its place.
    var isAbsence: Bool {
        [.noSuchFileOrDirectory, .notDirectory, .tooManySymbolicLinkLevels].contains(self)
    }
}
