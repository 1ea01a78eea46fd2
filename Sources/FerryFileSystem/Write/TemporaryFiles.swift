package import FerryCore

/// The temporary files that a push leaves beside what it replaces when it is killed.
package enum TemporaryFiles {
    /// Removes what a push that did not come to its end left.
    ///
    /// What cannot be removed stays: it is excluded from every sync.
    ///
    /// - Parameters:
    ///   - destination: The sandbox's root.
    ///   - baseline: What that push had marked as being written.
    package static func sweep(_ destination: OpenDirectory, after baseline: Baseline) {
        var parents: Set<[UInt8]> = []
        for (path, entry) in baseline.allEntries where entry.flags.contains(.pushUnderWay) {
            parents.insert(path.parent?.bytes ?? [])
        }
        var cursor = DirectoryCursor(root: destination)
        var reader = DirectoryReader()
        for parent in parents {
            guard let directory = try? cursor.open(parent), let listing = try? directory.handle.reopen(),
                (try? reader.read(listing, fillsBuffer: false)) != nil
            else { continue }
            for index in 0..<reader.count {
                let name = reader.name(at: index)
                if name.bytes.starts(with: ReservedNames.temporaryPrefix) { try? directory.handle.removeFile(name) }
            }
        }
    }
}
