import FerryCore
import FerryFileSystem
import SystemPackage

/// Makes what assets stand on in a directory on this machine, never through a link: whatever worked there may have left some.
struct DirectoryGround {
    private let sandboxPath: [UInt8]

    init(_ sandboxPath: [UInt8]) { self.sandboxPath = sandboxPath }

    /// Opens the directories that assets go to, and makes them where they are missing, unless it is a dry run.
    ///
    /// - Parameters:
    ///   - ground: The directories.
    ///   - session: The sync.
    /// - Returns: The directories by their paths; those that a dry run does not make are missing.
    /// - Throws: ``SyncError``.
    func open(
        _ ground: PartGround, _ session: borrowing SyncSession
    ) throws(SyncError) -> [[UInt8]: OpenDirectory] {
        let root: OpenDirectory
        if let found = try DirectoryEndpoints.openDestination(sandboxPath) {
            root = found
        } else {
            if session.options.isDryRun { return [:] }
            root = try DirectoryEndpoints.createDestination(sandboxPath)
        }
        let owner = try DirectoryOwner.forNewEntries(in: root, options: session.options)
        var places: [[UInt8]: OpenDirectory] = [[]: root]
        for path in ground.directories {
            let relative = RelativePath(unchecked: path)
            guard let parent = places[relative.parent?.bytes ?? []] else { continue }
            places[path] = try attempt("make the directory", path) { () throws(Errno) in
                try open(
                    TerminatedName(unchecked: relative.name + [0]), in: parent, owner, makes: !session.options.isDryRun)
            }
        }
        if session.options.isDryRun { return places }
        for path in ground.ignoreFiles {
            let relative = RelativePath(unchecked: path)
            guard let parent = places[relative.parent?.bytes ?? []] else { continue }
            try attempt("write", path) { () throws(Errno) in
                try ignore(TerminatedName(unchecked: relative.name + [0]), in: parent, owner)
            }
        }
        return places
    }

    private func attempt<Value>(
        _ operation: String, _ path: [UInt8], _ body: () throws(Errno) -> Value
    ) throws(SyncError) -> Value {
        do throws(Errno) {
            return try body()
        } catch {
            let whole = RelativePath.join(sandboxPath, path)
            throw SyncError(.failed, FileSystemError(operation, path: whole, cause: error).description)
        }
    }

    /// Opens a directory; what else is in its place makes way for it.
    private func open(
        _ name: TerminatedName, in parent: OpenDirectory, _ owner: FileOwner?, makes: Bool
    ) throws(Errno) -> OpenDirectory? {
        do throws(Errno) {
            return OpenDirectory(try parent.handle.openDirectory(name))
        } catch .noSuchFileOrDirectory {
            guard makes else { return nil }
        } catch .notDirectory, .tooManySymbolicLinkLevels {
            guard makes else { return nil }
            try parent.handle.removeFile(name)
        }
        try parent.handle.makeDirectory(name, mode: PartGround.directoryMode)
        if let owner { try parent.handle.setOwner(of: name, to: owner) }
        let made = OpenDirectory(try parent.handle.openDirectory(name))
        // Whatever the umask says.
        try made.handle.setMode(PartGround.directoryMode)
        return made
    }

    /// Writes the file that tells git to leave a directory alone, where it is not there yet.
    private func ignore(_ name: TerminatedName, in parent: OpenDirectory, _ owner: FileOwner?) throws(Errno) {
        do throws(Errno) {
            let status = try parent.handle.status(of: name)
            if status.kind == .file, status.size == Int64(PartGround.ignoreContent.count) { return }
            try parent.handle.removeFile(name)
        } catch .noSuchFileOrDirectory {
            // It is made now.
        }
        let file = try parent.handle.createFile(name, mode: PartGround.ignoreMode)
        let content = PartGround.ignoreContent
        try file.write(content.span)
        if let owner { try file.setOwner(owner) }
        try file.setMode(PartGround.ignoreMode)
    }
}
