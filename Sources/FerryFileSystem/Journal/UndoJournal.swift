package import FerryCore
import SystemPackage

/// Writes the journal that takes a finished run back, from what the run left and what is there now.
///
/// Backwards through the run's own journal: what was brought is taken, what was taken is brought, what was exchanged is
/// exchanged again. The result is a journal like any other, so an undo can be undone.
package struct UndoJournal: ~Copyable {
    private let journal: JournalFile
    private let area: RunArea
    private let edits: TreeEdits
    private var workspace: DirectoryCursor
    /// Directories of which another one takes the place: what is in them now leaves with them.
    private var replaced: Set<[UInt8]> = []
    private var tree: DirectoryCursor
    /// What is not any more as the run left it.
    package private(set) var newerEdits: [[UInt8]] = []

    /// Prepares.
    ///
    /// - Parameters:
    ///   - journal: The run's journal.
    ///   - area: The run's area.
    ///   - stamp: When the run was complete.
    ///   - workspace: The workspace's root.
    package init(
        of journal: JournalFile, in area: RunArea, stamp: Timestamp, workspace: OpenDirectory
    ) {
        self.journal = journal
        self.area = area
        edits = TreeEdits(stamp: stamp)
        self.workspace = DirectoryCursor(root: workspace)
        tree = DirectoryCursor(root: area.tree)
    }

    /// Writes.
    ///
    /// - Parameter writer: Where to; it must have the opposite order of directories.
    /// - Throws: ``JournalError``.
    package mutating func write(to writer: inout JournalWriter) throws(JournalError) {
        for index in journal.indices.reversed() {
            let before = try journal.directory(at: index)
            do throws(Errno) {
                let here = isReplaced(before.path) ? nil : try open(before.path)
                var now = try directory(before)
                for operation in before.operations.reversed() {
                    if let inverse = try inverse(operation, before, here, &writer) {
                        now.operations.append(inverse)
                    }
                }
                try append(now, to: &writer)
            } catch {
                throw .file(FileSystemError("look at what the run left in", path: before.path, cause: error))
            }
        }
    }

    private func isReplaced(_ path: [UInt8]) -> Bool {
        guard !replaced.isEmpty else { return false }
        return replaced.contains(path)
            || path.indices.contains { path[$0] == RelativePath.separator && replaced.contains(Array(path[..<$0])) }
    }

    private func append(_ directory: JournalDirectory, to writer: inout JournalWriter) throws(Errno) {
        do throws(JournalError) {
            try writer.append(directory)
        } catch {
            if case .file(let error) = error { throw error.cause }
            throw .ioError
        }
    }

    /// The directory; nil when it is not there, because it was removed by the run or by somebody since.
    private mutating func open(_ path: [UInt8]) throws(Errno) -> OpenDirectory? {
        do throws(Errno) {
            return try workspace.open(path)
        } catch  where error.isAbsence {
            return nil
        }
    }

    private mutating func directory(_ before: JournalDirectory) throws(Errno) -> JournalDirectory {
        var now = JournalDirectory(path: before.path, inode: before.inode)
        guard !before.path.isEmpty else { return now }
        let slash = before.path.lastIndex(of: RelativePath.separator)
        let name = TerminatedName(unchecked: ArraySlice(Array(before.path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        let holder = try open(slash.map { Array(before.path[..<$0]) } ?? [])
        guard let holder, let found = try status(name, in: holder), found.inode == before.inode else {
            now.modes = before.modes.map { JournalDirectory.Modes(old: $0.new, new: $0.old) }
            now.newTime = before.oldTime
            return now
        }
        if let modes = before.modes {
            // A mode that somebody chose since stays.
            now.modes = JournalDirectory.Modes(old: found.mode, new: found.mode == modes.new ? modes.old : found.mode)
        }
        now.oldTime = found.mtime
        if !edits.isEdited(found) { now.newTime = before.oldTime }
        return now
    }

    private mutating func inverse(
        _ operation: JournalOperation, _ directory: JournalDirectory, _ here: OpenDirectory?,
        _ writer: inout JournalWriter
    ) throws(Errno) -> JournalOperation? {
        let found = try here.flatMap { (here) throws(Errno) in try status(operation.name, in: here) }
        if operation.kind == .mode { return inverseMode(operation, directory, found) }
        let parked = try parked(operation, directory)
        switch operation.kind {
        case .exchange:
            guard let parked, parked.inode == operation.old?.inode else { return nil }
        case .take:
            guard parked != nil else { return nil }
        default:
            guard parked == nil else { return nil }
        }
        if !isAsLeft(operation, found, here) { newerEdits.append(directory.path(of: operation)) }
        // What leaves goes as a whole where it came as a whole, and where it is not what came.
        let isWhole = operation.new.map { $0.isWhole || $0.inode != found?.inode } ?? true
        let leaving = found.map { EntryState($0, isWhole: isWhole) }
        // A directory that was emptied comes back empty.
        let coming = parked.map { EntryState($0, isWhole: operation.old?.isWhole ?? false) }
        var undo: JournalOperation
        switch (leaving, coming) {
        case (nil, nil): return nil
        case (let leaving?, nil):
            undo = JournalOperation(.take, operation.name, slot: writer.newSlot(), old: leaving)
        case (nil, let coming?):
            undo = JournalOperation(.bring, operation.name, slot: operation.slot, new: coming)
        case (let leaving?, let coming?):
            if coming.kind == .directory { replaced.insert(directory.path(of: operation)) }
            undo = JournalOperation(.exchange, operation.name, slot: operation.slot, old: leaving, new: coming)
        }
        if let found, found.kind == .file { undo.oldChange = found.ctime }
        if coming?.kind == .file { undo.newChange = operation.oldChange }
        return undo
    }

    private mutating func inverseMode(
        _ operation: JournalOperation, _ directory: JournalDirectory, _ found: EntryStatus?
    ) -> JournalOperation? {
        guard let old = operation.old, let new = operation.new else { return nil }
        guard let found, found.inode == old.inode, found.kind == old.kind else {
            newerEdits.append(directory.path(of: operation))
            return nil
        }
        // It was not changed at all: somebody else had been there.
        if found.mode == old.mode { return nil }
        if found.mode != new.mode { newerEdits.append(directory.path(of: operation)) }
        let state = EntryState(found)
        var wanted = state
        wanted.mode = old.mode
        return JournalOperation(.mode, operation.name, slot: .tree, old: state, new: wanted)
    }

    /// Whether the workspace still has what the run left there.
    private func isAsLeft(_ operation: JournalOperation, _ found: EntryStatus?, _ here: OpenDirectory?) -> Bool {
        guard let new = operation.new else { return found == nil }
        guard let found, let here, new.matches(found) else { return false }
        if found.kind != .directory { return !edits.isEdited(found) }
        // What is in a directory that came empty has changes of its own.
        return !new.isWhole || !edits.isEdited(below: operation.name, in: here, mtime: new.mtime)
    }

    private mutating func parked(
        _ operation: JournalOperation, _ directory: JournalDirectory
    ) throws(Errno) -> EntryStatus? {
        switch operation.slot {
        case .aside(let number): return try status(RunArea.slotName(number), in: area.aside)
        case .tree:
            do throws(Errno) {
                return try status(operation.name, in: try tree.open(directory.path))
            } catch  where error.isAbsence {
                return nil
            }
        }
    }

    private func status(_ name: TerminatedName, in directory: OpenDirectory) throws(Errno) -> EntryStatus? {
        do throws(Errno) {
            return try directory.handle.status(of: name)
        } catch .noSuchFileOrDirectory {
            return nil
        }
    }
}
