package import FerryCore

/// What an entry is, as a journal keeps it: enough to tell whether it is still the same.
///
/// The ctime is left out: moving an entry changes it.
package struct EntryState: Equatable, Sendable {
    package var kind: EntryKind
    package var mode: UInt16
    package var size: Int64
    package var mtime: Timestamp
    package var inode: UInt64
    /// A file with several names may get another mode through one of them, by this very run.
    package var comparesMode: Bool
    /// Of a directory: whether it moves with all that is in it.
    ///
    /// Otherwise it is moved empty, and what nobody knew of keeps it.
    package var isWhole: Bool

    /// What `stat` said.
    package init(_ status: EntryStatus, isWhole: Bool = false) {
        kind = status.kind
        mode = status.mode
        size = status.kind == .directory ? 0 : status.size
        mtime = status.mtime
        inode = status.inode
        comparesMode = status.linkCount <= 1
        self.isWhole = isWhole && kind == .directory
    }

    /// What a snapshot says.
    package init(_ snapshot: Snapshot, _ id: EntryID) {
        let record = snapshot[id]
        kind = record.kind
        mode = record.mode
        size = record.kind == .directory ? 0 : record.size
        mtime = record.mtime
        inode = snapshot.inode(of: id)
        comparesMode = !record.flags.contains(.hasSeveralNames)
        isWhole = false
    }

    init(
        kind: EntryKind, mode: UInt16, size: Int64, mtime: Timestamp, inode: UInt64, comparesMode: Bool, isWhole: Bool
    ) {
        self.kind = kind
        self.mode = mode
        self.size = size
        self.mtime = mtime
        self.inode = inode
        self.comparesMode = comparesMode
        self.isWhole = isWhole
    }

    /// Whether an entry is still this one.
    ///
    /// Of a directory only its identity is compared: what is in it is looked at where it matters.
    package func matches(_ status: EntryStatus) -> Bool {
        guard status.kind == kind, status.inode == inode else { return false }
        switch kind {
        case .directory: return true
        case .symlink: return status.mtime == mtime
        default: return status.mtime == mtime && status.size == size && (status.mode == mode || !comparesMode)
        }
    }
}
