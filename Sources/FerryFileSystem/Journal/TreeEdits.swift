import FerryCore
import SystemPackage

/// Finds out whether somebody changed a directory's content after a moment.
///
/// The kernel sets the ctime of everything that is changed, and nobody else can. Nothing has to be recorded of each entry.
struct TreeEdits {
    /// The moment; what it left has no later ctime.
    let stamp: Timestamp

    /// Whether an entry of which nothing but its identity is known was changed.
    func isEdited(_ status: EntryStatus) -> Bool {
        if status.kind == .file, status.linkCount > 1 {
            // Another name may have been moved or removed, which is no change of this one. A write sets the mtime to its own
            // time; one from the source's future is not taken for one.
            return status.mtime > stamp && status.mtime <= StampClock.now
        }
        return status.ctime > stamp
    }

    /// Whether something below a directory was changed, added or removed.
    ///
    /// - Parameters:
    ///   - name: The directory, whose own ctime does not count: moving it sets it.
    ///   - holder: Where it is.
    ///   - mtime: The time that it had; a change of its entries sets it.
    /// - Returns: True also when it cannot be told.
    func isEdited(below name: TerminatedName, in holder: OpenDirectory, mtime: Timestamp) -> Bool {
        do throws(Errno) {
            guard try holder.handle.status(of: name).mtime == mtime else { return true }
            return try hasEdits(OpenDirectory(try holder.handle.openDirectory(name)))
        } catch {
            return true
        }
    }

    private func hasEdits(_ top: OpenDirectory) throws(Errno) -> Bool {
        var pending = [top]
        var reader = DirectoryReader()
        while let directory = pending.popLast() {
            try reader.read(try directory.handle.reopen(), fillsBuffer: false)
            for index in 0..<reader.count {
                let name = reader.name(at: index)
                let status = try directory.handle.status(of: name)
                if isEdited(status) { return true }
                guard status.kind == .directory else { continue }
                do throws(Errno) {
                    pending.append(OpenDirectory(try directory.handle.openDirectory(name)))
                } catch .permissionDenied {
                    // Its mode closes it to us; its own ctime was looked at.
                    continue
                }
            }
        }
        return false
    }
}

extension OpenDirectory {
    /// Whether a directory in this one has no entries.
    func isEmpty(_ name: TerminatedName) throws(Errno) -> Bool {
        var reader = DirectoryReader()
        try reader.read(try handle.openDirectory(name), fillsBuffer: false)
        return reader.count == 0
    }
}
