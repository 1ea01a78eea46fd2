import CFerryShims
package import FerryCore
import SystemPackage

/// Makes the entries of a tree that only Ferry writes into, each new and under its final name.
///
/// One belongs to one thread.
package struct StagedTreeWriter: ~Copyable {
    private var cursor: DirectoryCursor
    private let owner: FileOwner?
    private let setsModes: Bool
    /// What the thread had, to be given back: it may make other things afterwards.
    private let umaskBefore: Int32

    deinit {
        if umaskBefore >= 0 { _ = ferry_set_thread_umask(UInt32(umaskBefore)) }
    }

    /// Prepares the calling thread to write.
    ///
    /// - Parameters:
    ///   - root: The tree's root.
    ///   - owner: Who entries belong to; nil: whoever runs this.
    package init(root: OpenDirectory, owner: FileOwner?) {
        umaskBefore = ferry_set_thread_umask(0)
        let inherits = root.handle.hasDefaultACL() || ((try? root.handle.hasSetgid()) ?? true)
        cursor = DirectoryCursor(root: root)
        self.owner = owner
        setsModes = umaskBefore < 0 || inherits || owner != nil
    }

    /// Makes a directory that its owner may write into; ``StagedDirectories`` gives it its own mode and time.
    package mutating func makeDirectory(_ path: [UInt8]) throws(FileSystemError) {
        let owner = owner
        try onEntry("create", path) { (directory, name) throws(Errno) in
            try directory.handle.makeDirectory(name, mode: 0o755)
            if let owner { try directory.handle.setOwner(of: name, to: owner) }
        }
    }

    /// Makes a file of content that is at hand.
    package mutating func writeFile(
        _ path: [UInt8], mode: UInt16, mtime: Timestamp, content: Span<UInt8>
    ) throws(FileSystemError) {
        let (owner, setsModes) = (owner, setsModes)
        try onEntry("write", path) { (directory, name) throws(Errno) in
            let file = try directory.handle.createFile(name, mode: mode)
            if !content.isEmpty { try file.write(content) }
            if let owner { try file.setOwner(owner) }
            if setsModes { try file.setMode(mode) }
            try file.setTime(mtime)
        }
    }

    /// Makes an empty file and opens it, for content that comes in pieces.
    package mutating func makeFile(_ path: [UInt8]) throws(FileSystemError) -> FileHandle {
        let (directory, name) = try place("create", path)
        do throws(Errno) {
            return try directory.handle.createFile(name, mode: 0o600)
        } catch {
            throw FileSystemError("create", path: path, cause: error)
        }
    }

    /// Finishes a file made by ``makeFile(_:)``.
    package func finish(
        _ file: borrowing FileHandle, _ path: [UInt8], size: Int64, mode: UInt16, mtime: Timestamp
    ) throws(FileSystemError) {
        do throws(Errno) {
            try file.truncate(to: size)
            if let owner { try file.setOwner(owner) }
            try file.setMode(mode)
            try file.setTime(mtime)
        } catch {
            throw FileSystemError("write", path: path, cause: error)
        }
    }

    /// Makes a symbolic link.
    package mutating func makeSymlink(_ path: [UInt8], target: [UInt8], mtime: Timestamp) throws(FileSystemError) {
        let owner = owner
        try onEntry("create", path) { (directory, name) throws(Errno) in
            try directory.handle.createSymlink(name, terminatedTarget: ArraySlice(target + [0]))
            if let owner { try directory.handle.setOwner(of: name, to: owner) }
            try directory.handle.setTime(of: name, to: mtime)
        }
    }

    /// Gives a file that was made before another name.
    package mutating func makeLink(_ path: [UInt8], to original: [UInt8]) throws(FileSystemError) {
        let (holder, firstName) = try place("link to", original)
        try onEntry("create", path) { (directory, name) throws(Errno) in
            try holder.handle.link(firstName, to: directory.handle, as: name)
        }
    }

    /// Removes an entry that is about to be made anew.
    package mutating func remove(_ path: [UInt8]) throws(FileSystemError) {
        try onEntry("replace", path) { (directory, name) throws(Errno) in
            try directory.handle.removeFile(name)
        }
    }

    /// Gives the directories in a directory their times, and their modes as far as those still let their owner in: the rest comes when
    /// they are in place.
    ///
    /// - Parameters:
    ///   - id: The directory.
    ///   - snapshot: What was staged.
    /// - Returns: The directories in it.
    /// - Throws: ``FileSystemError``.
    mutating func finishDirectories(in id: EntryID, of snapshot: Snapshot) throws(FileSystemError) -> [EntryID] {
        let directories = snapshot.children(of: id).filter { snapshot[$0].kind == .directory }
        guard !directories.isEmpty else { return [] }
        let path = snapshot.path(of: id)
        do throws(Errno) {
            let parent = try cursor.open(path)
            for child in directories where !snapshot[child].flags.contains(.hasNoMetadata) {
                let record = snapshot[child]
                let name = snapshot.terminatedName(of: child)
                if record.mode != 0o755 || setsModes {
                    try parent.handle.setMode(of: name, to: record.mode | 0o700)
                }
                try parent.handle.setTime(of: name, to: record.mtime)
            }
        } catch {
            throw FileSystemError("set the modes and times in", path: path, cause: error)
        }
        return directories
    }

    private mutating func place(
        _ operation: String, _ path: [UInt8]
    ) throws(FileSystemError) -> (OpenDirectory, TerminatedName) {
        let slash = path.lastIndex(of: RelativePath.separator)
        do throws(Errno) {
            let directory = try cursor.open(slash.map { Array(path[..<$0]) } ?? [])
            let name = path[(slash.map { $0 + 1 } ?? 0)...]
            return (directory, TerminatedName(unchecked: ArraySlice(Array(name) + [0])))
        } catch {
            throw FileSystemError(operation, path: path, cause: error)
        }
    }

    private mutating func onEntry(
        _ operation: String, _ path: [UInt8], _ body: (OpenDirectory, TerminatedName) throws(Errno) -> Void
    ) throws(FileSystemError) {
        let (directory, name) = try place(operation, path)
        do throws(Errno) {
            try body(directory, name)
        } catch {
            throw FileSystemError(operation, path: path, cause: error)
        }
    }
}
