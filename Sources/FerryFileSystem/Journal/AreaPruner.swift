import FerryCore
import SystemPackage

/// Removes from a finished run's area what no undo needs: staged entries that did not come into the workspace.
package enum AreaPruner {
    /// Prunes.
    ///
    /// What cannot be removed only takes space.
    ///
    /// - Parameters:
    ///   - area: The area.
    ///   - journal: What was carried out.
    /// - Throws: ``JournalError`` when the journal cannot be read.
    package static func prune(_ area: RunArea, _ journal: JournalFile) throws(JournalError) {
        // Eight bytes a replaced entry; an inode of the workspace is none of a staged one.
        var kept: Set<UInt64> = []
        for index in journal.indices {
            for operation in try journal.directory(at: index).operations {
                if operation.kind == .exchange, operation.slot == .tree, let old = operation.old {
                    kept.insert(old.inode)
                }
            }
        }
        _ = prune(area.tree, kept)
        // What was not let in is in the conflict store, or was copied there.
        DirectoryEraser.erase(StagingArea.keptName, in: area.directory)
    }

    /// Returns whether the directory is empty now.
    private static func prune(_ directory: OpenDirectory, _ kept: Set<UInt64>) -> Bool {
        var reader = DirectoryReader()
        guard let listing = try? directory.handle.reopen(), (try? reader.read(listing, fillsBuffer: false)) != nil
        else { return false }
        var isEmpty = true
        for index in 0..<reader.count {
            let name = reader.name(at: index)
            guard let status = try? directory.handle.status(of: name), !kept.contains(status.inode) else {
                isEmpty = false
                continue
            }
            guard status.kind == .directory else {
                if (try? directory.handle.removeFile(name)) == nil { isEmpty = false }
                continue
            }
            if status.mode & 0o700 != 0o700 { try? directory.handle.setMode(of: name, to: 0o700) }
            guard let child = try? directory.handle.openDirectory(name), prune(OpenDirectory(child), kept),
                (try? directory.handle.removeDirectory(name)) != nil
            else {
                isEmpty = false
                continue
            }
        }
        return isEmpty
    }
}
