package import FerryCore

/// One change of the workspace, atomic, and recognisable as done or not by the inodes at its two ends.
package struct JournalOperation: Equatable, Sendable {
    /// What is done.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// An entry of the workspace and one of the area change places.
        case exchange = 1
        /// An entry of the area comes into the workspace, where nothing is.
        case bring = 2
        /// An entry of the workspace goes into the area.
        case take = 3
        /// A file gets other permission bits.
        case mode = 4
    }

    /// Where the other end is in the area.
    package enum Slot: Equatable, Sendable {
        /// In the staged tree, under the same path.
        case tree
        /// Among what was put aside, under a number.
        case aside(UInt64)
    }

    package var kind: Kind
    package var name: TerminatedName
    package var slot: Slot
    /// What is in the workspace before; nil for `bring`.
    package var old: EntryState?
    /// What is in the workspace afterwards; nil for `take`.
    package var new: EntryState?
    /// The ctime of the file that is in the workspace before, for what is recorded of it elsewhere; nil when not known.
    package var oldChange: Timestamp?
    /// The ctime that the file which comes in had when it left the workspace, for the same; nil when not known.
    package var newChange: Timestamp?

    package init(_ kind: Kind, _ name: TerminatedName, slot: Slot, old: EntryState? = nil, new: EntryState? = nil) {
        self.kind = kind
        self.name = name
        self.slot = slot
        self.old = old
        self.new = new
    }

    /// The change of a file that a snapshot of the workspace holds.
    ///
    /// - Parameters:
    ///   - kind: What is done.
    ///   - name: The file's name.
    ///   - slot: Where the other end is.
    ///   - tree: The workspace's snapshot.
    ///   - id: What is there before.
    ///   - new: What is there afterwards.
    init(
        _ kind: Kind, _ name: TerminatedName, slot: Slot, from tree: Snapshot, _ id: EntryID, new: EntryState? = nil
    ) {
        self.init(kind, name, slot: slot, old: EntryState(tree, id), new: new)
        if tree[id].kind == .file { oldChange = tree[id].ctime }
    }

    package static func == (lhs: JournalOperation, rhs: JournalOperation) -> Bool {
        lhs.kind == rhs.kind && lhs.slot == rhs.slot && lhs.old == rhs.old && lhs.new == rhs.new
            && lhs.oldChange == rhs.oldChange && lhs.newChange == rhs.newChange
            && lhs.name.bytes.elementsEqual(rhs.name.bytes)
    }
}

/// The changes in one directory, and what becomes of the directory's own mode and time.
package struct JournalDirectory: Equatable, Sendable {
    /// Permission bits before and afterwards.
    package struct Modes: Equatable, Sendable {
        package var old: UInt16
        package var new: UInt16

        package init(old: UInt16, new: UInt16) {
            self.old = old
            self.new = new
        }
    }

    /// The directory's path; empty for the root.
    package var path: [UInt8]
    /// The directory's inode; 0 for the root.
    package var inode: UInt64
    /// Nil for the root, whose mode is nobody's business.
    package var modes: Modes?
    /// The time to put back when the run is rolled back.
    package var oldTime: Timestamp?
    /// The time to set in the end.
    package var newTime: Timestamp?
    package var operations: [JournalOperation] = []

    package init(
        path: [UInt8], inode: UInt64 = 0, modes: Modes? = nil, oldTime: Timestamp? = nil, newTime: Timestamp? = nil
    ) {
        self.path = path
        self.inode = inode
        self.modes = modes
        self.oldTime = oldTime
        self.newTime = newTime
    }

    /// Whether it has to be opened for the time of the run, before or on the way back.
    package var isClosed: Bool {
        guard let modes else { return false }
        return modes.old & modes.new & 0o700 != 0o700
    }

    /// Whether it says anything at all.
    package var isNeeded: Bool {
        !operations.isEmpty || newTime != nil || isClosed || modes.map { $0.old != $0.new } ?? false
    }

    /// The path of an entry of it.
    package func path(of operation: JournalOperation) -> [UInt8] {
        path.isEmpty ? Array(operation.name.bytes) : path + [RelativePath.separator] + operation.name.bytes
    }
}
