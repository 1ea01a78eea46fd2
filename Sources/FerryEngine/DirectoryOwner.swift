import FerryCore
import FerryFileSystem

/// Decides who new entries belong to.
///
/// Never who they belonged to at the source.
enum DirectoryOwner {
    /// The owner to give to new entries below a directory; nil where they come out right by themselves.
    static func forNewEntries(in directory: OpenDirectory, options: SyncOptions) throws(SyncError) -> FileOwner? {
        if let owner = options.owner {
            guard FileOwner.processIsRoot else {
                throw SyncError(.usage, "--owner needs root; leave it out, or run the command as root")
            }
            return owner
        }
        guard FileOwner.processIsRoot else { return nil }
        do {
            let owner = try directory.handle.owner()
            return owner == FileOwner.ofProcess ? nil : owner
        } catch {
            throw SyncError(.failed, "cannot read who owns the destination: \(error)")
        }
    }
}
