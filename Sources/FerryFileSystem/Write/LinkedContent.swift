import FerryCore

extension Plan {
    /// The files of the source that are not at the destination as they are, or were not when the plan was made.
    func differingFiles() -> Set<EntryID> {
        var files: Set<EntryID> = []
        for step in steps {
            switch step.action {
            case .create, .update, .changeKind, .conflict, .held, .blocked, .withheld:
                if let id = step.source { files.insert(id) }
            default: break
            }
        }
        return files
    }

    /// Whether a file at the destination holds the content of the source's, so that it may get another of its names: it was
    /// written just now, or it is what the plan found to be equal.
    ///
    /// - Parameters:
    ///   - id: The file's first name in the source.
    ///   - status: What is at that path of the destination.
    ///   - differing: What ``differingFiles()`` says.
    /// - Returns: False also when the file could not be written, or somebody else was there.
    func isContent(of id: EntryID, _ status: EntryStatus, differing: Set<EntryID>) -> Bool {
        let record = source[id]
        guard status.kind == .file, status.size == record.size else { return false }
        if differing.contains(id) { return status.mtime == record.mtime }
        guard let known = destination.entry(at: RelativePath(unchecked: source.path(of: id))) else { return false }
        return status.inode == destination.inode(of: known) && status.mtime == destination[known].mtime
    }
}
