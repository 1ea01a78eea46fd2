import FerryCore
import FerryFileSystem

/// Where what a pull fetches waits: on the workspace's file system or, where that has no room, in the state directory.
struct StagingPlace {
    /// The workspace, or the directory above one that is still to be made: whose owner new entries take.
    let workspace: OpenDirectory
    /// A directory on the file system that has room.
    let room: OpenDirectory
    /// Why the pull cannot be carried out now, only kept; nil when it can.
    let halt: SyncError?

    /// Finds a place for so much.
    ///
    /// - Parameters:
    ///   - bytes: The bytes of content.
    ///   - inodes: The number of entries.
    ///   - target: The workspace.
    ///   - options: What is let through.
    /// - Returns: The place.
    /// - Throws: The halt, when nothing can be kept either.
    static func find(
        bytes: Int64, inodes: Int64, for target: PullTarget, _ options: SyncOptions
    ) throws(SyncError) -> StagingPlace {
        let workspace = try target.place()
        do throws(SyncError) {
            try DirectoryEndpoints.checkSpace(bytes: bytes, inodes: inodes, on: workspace, options)
            return StagingPlace(workspace: workspace, room: workspace, halt: nil)
        } catch {
            try KeptPull.check(error, options)
            guard let path = options.stateDirectory, let room = try? make(path),
                (try? DirectoryEndpoints.checkSpace(bytes: bytes, inodes: inodes, on: room, options)) != nil
            else { throw error.adding("nothing was kept, because the state directory has no room for it either") }
            return StagingPlace(workspace: workspace, room: room, halt: error)
        }
    }

    private static func make(_ path: [UInt8]) throws(FileSystemError) -> OpenDirectory {
        try RootDirectory.createWithParents(path)
        return try RootDirectory.open(path)
    }
}
