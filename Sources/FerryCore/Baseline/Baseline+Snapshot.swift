extension Baseline {
    /// What the sandbox holds if nothing ran there since: the destination of a push that trusts the baseline.
    ///
    /// Plan with ``PlanPolicy/RemoteTrust/everything``. Directories with foreign content are marked as holding something unlisted.
    ///
    /// - Parameter isPreserved: Whether a path may not be deleted for being absent on the other side; it gets whether it is a directory.
    ///   Nil: none is, and no path is made to ask.
    /// - Returns: The tree.
    public func remoteSnapshot(preserving isPreserved: ((RelativePath, Bool) -> Bool)? = nil) -> Snapshot {
        var segment = SnapshotSegment(number: 0)
        let top = segment.append(name: [], parent: segment.nextID, status: EntryStatus(kind: .directory, mode: 0o755))
        var pending = [(id: top, path: [UInt8](), directory: root)]
        while let (id, path, directory) = pending.popLast() {
            let first = segment.nextID
            var count = 0
            var flags: EntryFlags = []
            for item in children(of: directory) {
                if item.entry.flags.contains(.foreign), !item.entry.kind.isCarried {
                    flags.insert(.holdsUnlisted)
                    continue
                }
                let isDirectory = item.entry.kind == .directory
                var itemPath: [UInt8] = []
                var itemFlags: EntryFlags = item.entry.flags.contains(.foreign) && isDirectory ? .holdsUnlisted : []
                if let isPreserved {
                    itemPath = path.isEmpty ? Array(item.name) : path + [RelativePath.separator] + item.name
                    if isPreserved(RelativePath(unchecked: itemPath), isDirectory) { itemFlags.insert(.isPreserved) }
                }
                let made = segment.append(
                    name: item.name, parent: id, status: status(of: item.entry), target: item.entry.target,
                    flags: itemFlags)
                if isDirectory { pending.append((made, itemPath, item.directory)) }
                count += 1
            }
            segment.amend(directory: id, status: nil, firstChild: first, childCount: count, flags: flags)
        }
        return Snapshot(merging: [consume segment])
    }

    private func status(of entry: BaselineEntry) -> EntryStatus {
        // Without a fingerprint, names of one file are still known for that by their group: on a device that does not exist.
        let hasGroup = entry.linkGroup > 0
        return EntryStatus(
            kind: entry.kind, mode: entry.remote?.mode ?? entry.mode, size: entry.size,
            mtime: entry.remote?.mtime ?? entry.mtime, ctime: entry.remote?.ctime ?? entry.mtime,
            inode: hasGroup ? UInt64(entry.linkGroup) : entry.remote?.inode ?? 0,
            device: hasGroup ? .max : entry.remote?.device ?? 0, linkCount: hasGroup ? 2 : 1)
    }
}
