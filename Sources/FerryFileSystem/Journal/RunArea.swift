import CFerryShims
package import FerryCore
package import SystemPackage

/// The lock of an area, held as long as the object lives.
final class AreaLock: Sendable {
    let directory: OpenDirectory

    /// Takes the lock; throws `EWOULDBLOCK` when a living process has it.
    init(_ directory: OpenDirectory) throws(Errno) {
        self.directory = directory
        _ = try systemCall { ferry_try_lock(directory.handle.descriptor) }
    }

    // Closing would do, did threads with descriptors of their own, maybe another sync's, not keep copies for a while.
    deinit { ferry_unlock(directory.handle.descriptor) }
}

/// The directory of one run: what it staged, what it took out of the workspace, its journal and its state.
///
/// It is locked as long as this object lives.
package final class RunArea: Sendable {
    /// Laid out like the workspace: what was staged, and in the place of each staged entry that was exchanged the old one.
    package let tree: OpenDirectory
    /// What was taken out, under numbers.
    package let aside: OpenDirectory
    private let lock: AreaLock
    /// Where the area is now.
    package let container: OpenDirectory
    package let name: TerminatedName

    static let treeName = terminated("tree")
    static let asideName = terminated("aside")
    private static let stateName = terminated("state")
    private static let newStateName = terminated("state.new")
    private static let largestState: Int64 = 1 << 20

    /// Opens an area and takes its lock; throws `EWOULDBLOCK` when a living process has it.
    package convenience init(_ name: TerminatedName, in container: OpenDirectory) throws(Errno) {
        let directory = OpenDirectory(try container.handle.openDirectory(name))
        try self.init(AreaLock(directory), name: name, in: container)
    }

    init(_ lock: AreaLock, name: TerminatedName, in container: OpenDirectory) throws(Errno) {
        self.lock = lock
        let directory = lock.directory
        self.container = container
        self.name = name
        tree = OpenDirectory(try directory.handle.openDirectory(Self.treeName))
        aside = OpenDirectory(try directory.handle.openDirectory(Self.asideName))
    }

    var directory: OpenDirectory { lock.directory }

    /// Moves the area; it is durable where it was asked for.
    package func move(
        to newContainer: OpenDirectory, as newName: TerminatedName, flushes: Bool
    ) throws(Errno) -> RunArea {
        try container.handle.renameWithoutReplacing(name, to: newContainer.handle, as: newName)
        if flushes {
            try newContainer.handle.synchronize()
            try container.handle.synchronize()
        }
        return try RunArea(lock, name: newName, in: newContainer)
    }

    /// Removes it with all that is in it.
    ///
    /// Under another name first: a kill in the middle leaves what a sweep takes, and not a run without its state.
    package func erase() {
        var last = name
        let prefix = StagingArea.applyingPrefix
        if name.bytes.starts(with: prefix) {
            let swept = TerminatedName(
                unchecked: ArraySlice(StagingArea.stagingPrefix + name.bytes.dropFirst(prefix.count) + [0]))
            // Where it cannot be renamed, it can hardly be removed either; the next command tries again.
            if (try? container.handle.renameWithoutReplacing(name, to: container.handle, as: swept)) != nil {
                last = swept
            }
        }
        DirectoryEraser.erase(last, in: container)
    }

    // MARK: State

    /// Reads what the area is for.
    package func state() throws(JournalError) -> RunState {
        let bytes = try journaled("read", Array(Self.stateName.bytes)) { () throws(Errno) in
            let file = try directory.handle.openFile(Self.stateName)
            let status = try file.status()
            guard status.kind == .file, status.size <= Self.largestState else { throw .fileTooLarge }
            return try file.bytes(Int(status.size), at: 0)
        }
        return try RunState(decoding: bytes)
    }

    /// Replaces what the area is for, atomically.
    ///
    /// - Parameters:
    ///   - state: The new state; a complete one gets its stamp here.
    ///   - flushes: Whether to wait for the disk.
    /// - Returns: The state as written.
    /// - Throws: ``JournalError``; the old state is still there.
    @discardableResult
    package func write(_ state: RunState, flushes: Bool) throws(JournalError) -> RunState {
        var state = state
        try journaled("write", Array(Self.stateName.bytes)) { () throws(Errno) in
            let file = try directory.handle.createFileAnew(Self.newStateName, mode: 0o600)
            if state.phase == .complete { state.stamp = try file.status().ctime }
            let bytes = state.encoded
            try file.write(bytes.span)
            if flushes { try file.synchronize() }
            try directory.handle.rename(Self.newStateName, to: directory.handle, as: Self.stateName)
            if flushes { try directory.handle.synchronize() }
        }
        return state
    }

    // MARK: Journals

    static func journalName(_ run: RunID) -> TerminatedName { terminated("journal-" + run.text) }

    /// Begins the journal of a run; one that was given up before is replaced.
    package func makeJournal(
        of run: RunID, parentsFirst: Bool, nextSlot: UInt64 = 0
    ) throws(JournalError) -> JournalWriter {
        try JournalWriter(Self.journalName(run), in: directory, parentsFirst: parentsFirst, nextSlot: nextSlot)
    }

    /// Reads the journal of a run.
    package func journal(of run: RunID) throws(JournalError) -> JournalFile {
        try JournalFile(Self.journalName(run), in: directory)
    }

    /// Removes the journal of a run that does not count any more.
    package func removeJournal(of run: RunID) {
        try? directory.handle.removeFile(Self.journalName(run))
        try? directory.handle.removeFile(ReturnLog.name(of: Self.journalName(run).bytes))
    }

    static func slotName(_ number: UInt64) -> TerminatedName { terminated(String(number, radix: 36)) }

    static func terminated(_ text: String) -> TerminatedName {
        TerminatedName(unchecked: ArraySlice(Array(text.utf8) + [0]))
    }
}
