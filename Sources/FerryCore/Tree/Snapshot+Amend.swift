extension Snapshot {
    /// Replaces what a listing said of an entry by what was really fetched of it.
    ///
    /// The listing's inode and ctime stay: they are what the next listing is compared with.
    ///
    /// - Parameters:
    ///   - id: The entry, of the kind that the fetched one has.
    ///   - record: What was fetched.
    ///   - target: A symbolic link's target.
    public mutating func amend(_ id: EntryID, fetched record: EntryRecord, target: ArraySlice<UInt8>) {
        amendRecord(of: id) { entry, arena in
            entry.mode = record.mode
            entry.mtime = record.mtime
            switch record.kind {
            case .file: entry.size = record.size
            case .symlink:
                entry.link = arena.append(target.span)
                entry.count = UInt32(target.count)
                entry.size = Int64(target.count)
            default: break
            }
        }
    }

    /// Marks an entry as one of which nothing is known, because it could not be fetched.
    public mutating func amendAsUnreadable(_ id: EntryID) {
        amendRecord(of: id) { entry, _ in entry.flags.insert(.unreadable) }
    }

    /// Replaces what is an entry's own on its side: the rest is equal on both.
    ///
    /// - Parameters:
    ///   - id: The entry.
    ///   - inode: Its inode number.
    ///   - ctime: When anything about it last changed.
    package mutating func amend(_ id: EntryID, inode: UInt64, ctime: Timestamp) {
        amendRecord(of: id) { entry, _ in
            entry.inodeNumber = inode
            entry.ctime = ctime
        }
    }

    /// Says that of the directories above a path nothing is known but that they are there: the tree was made for what is in it.
    ///
    /// - Parameter path: The path.
    package mutating func amendAncestorsAsImplied(of path: RelativePath) {
        var parent = path.parent
        while let directory = parent {
            if let id = entry(at: directory) {
                amendRecord(of: id) { entry, _ in
                    entry.flags.insert(.hasNoMetadata)
                    entry.mode = 0o755
                }
            }
            parent = directory.parent
        }
    }
}
