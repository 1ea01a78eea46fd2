import FerryCore
import SystemPackage

/// Hands an existing file's owner and access control list to the one that replaces it.
enum OwnerInheritance {
    /// Takes over.
    ///
    /// - Parameters:
    ///   - old: The file that is about to be replaced, in `directory`.
    ///   - directory: Where it is.
    ///   - new: The file that replaces it, in `place`.
    ///   - place: Where that is.
    /// - Throws: Why it failed; nothing to take over is no failure.
    static func hand(
        _ old: TerminatedName, of directory: OpenDirectory, to new: TerminatedName, in place: OpenDirectory
    ) throws(Errno) {
        guard let before = try open(old, in: directory), let file = try open(new, in: place) else { return }
        let mode = try file.status().mode
        if FileOwner.processIsRoot {
            let owner = try before.owner()
            if try file.owner() != owner { try file.setOwner(owner) }
        }
        try before.copyAccessList(to: file)
        // The list carries the old mode with it.
        if try file.status().mode != mode { try file.setMode(mode) }
    }

    /// Opens a file; nil for what is not there, is no file, or is closed to us: then nothing can be taken over.
    private static func open(_ name: TerminatedName, in directory: OpenDirectory) throws(Errno) -> FileHandle? {
        do throws(Errno) {
            return try directory.handle.openFile(name)
        } catch  where [.noSuchFileOrDirectory, .permissionDenied, .tooManySymbolicLinkLevels].contains(error) {
            return nil
        }
    }
}
