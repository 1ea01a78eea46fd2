package import FerryCore
import SystemPackage

/// A file that a roll-back put back into the workspace: the same file, and yet its ctime is new.
struct ReturnedFile: Sendable {
    /// Where it is.
    var path: [UInt8]
    /// What the journal says that it was.
    var old: EntryState
    /// Its ctime before the run.
    var change: Timestamp
}

extension JournalRunner {
    /// What the files that were put back were known by before the run, and are known by now.
    ///
    /// Of each file it was seen that it is what left the workspace, and from then on it was out of everybody's reach. One that was
    /// changed since it came back, or that cannot be looked at, is left out.
    ///
    /// - Returns: The new fingerprints by the old ones.
    package mutating func returnedFingerprints() -> [FerryCore.Fingerprint: FerryCore.Fingerprint] {
        var result: [FerryCore.Fingerprint: FerryCore.Fingerprint] = [:]
        workspace.forget([])
        for file in returned {
            guard let now = status(of: file.path), file.old.matches(now), now.mode == file.old.mode else { continue }
            let print = FerryCore.Fingerprint(
                mode: now.mode, size: now.size, mtime: now.mtime, ctime: now.ctime, inode: now.inode,
                device: now.device)
            var before = print
            before.ctime = file.change
            result[before] = print
        }
        if let last = result.values.map(\.ctime).max() { StampClock.pass(last) }
        return result
    }

    private mutating func status(of path: [UInt8]) -> EntryStatus? {
        let slash = path.lastIndex(of: RelativePath.separator)
        let name = TerminatedName(unchecked: ArraySlice(Array(path[(slash.map { $0 + 1 } ?? 0)...]) + [0]))
        return try? workspace.open(slash.map { Array(path[..<$0]) } ?? []).handle.status(of: name)
    }
}
