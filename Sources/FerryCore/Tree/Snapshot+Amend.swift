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
            entry.mtimeSeconds = record.mtimeSeconds
            entry.mtimeNanoseconds = record.mtimeNanoseconds
            switch record.kind {
            case .file: entry.size = record.size
            case .symlink:
                entry.link = arena.append(target)
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
}
