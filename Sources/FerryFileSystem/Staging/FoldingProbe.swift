import CFerryShims
package import FerryCore
import SystemPackage

/// Finds out which names a file system takes for one, by making some in the staging area and taking them out again.
///
/// No table says it: it depends on the file system, on how it was made and mounted, and with ext4 and its relatives on the directory.
package final class FoldingProbe: Sendable {
    private let area: StagingArea

    /// Makes a place to try names in.
    ///
    /// - Parameters:
    ///   - place: A directory on the file system.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    /// - Throws: ``FileSystemError`` when nothing can be made there.
    package init(on place: OpenDirectory, stateDirectory: [UInt8]?) throws(FileSystemError) {
        area = try StagingArea(for: place, stateDirectory: stateDirectory)
    }

    deinit { area.discard() }

    /// What the file system merges.
    package var folding: NameFolding {
        var result = NameFolding()
        if merges(Array("ferry-probe".utf8), Array("FERRY-PROBE".utf8)) { result.insert(.letterCase) }
        // The same letter in one code point and in two.
        if merges(Array("ferry-\u{E9}".utf8), Array("ferry-e\u{301}".utf8)) { result.insert(.normalization) }
        return result
    }

    /// Whether the file system takes two names for one.
    ///
    /// - Parameters:
    ///   - first: One name.
    ///   - second: The other.
    /// - Returns: False also when it does not take one of them at all.
    package func merges(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        guard let first = try? TerminatedName(first), let second = try? TerminatedName(second),
            (try? area.tree.handle.createFile(first, mode: 0o600)) != nil
        else { return false }
        defer { try? area.tree.handle.removeFile(first) }
        do throws(Errno) {
            _ = try area.tree.handle.createFile(second, mode: 0o600)
            try area.tree.handle.removeFile(second)
            return false
        } catch {
            return error == .fileExists
        }
    }

    /// What a directory of the workspace merges beyond that, because it is marked so (`chattr +F`); nothing is made in it.
    ///
    /// - Parameters:
    ///   - path: Its path.
    ///   - workspace: The workspace's root.
    /// - Returns: What it merges.
    package static func folding(of path: [UInt8], below workspace: OpenDirectory) -> NameFolding {
        var cursor = DirectoryCursor(root: workspace)
        guard let directory = try? cursor.open(path), ferry_is_casefolded(directory.handle.descriptor) != 0 else {
            return []
        }
        return [.letterCase, .normalization]
    }

    /// Whether a directory of the workspace has an entry that it finds under another name as well.
    ///
    /// - Parameters:
    ///   - first: One name.
    ///   - second: The other.
    ///   - path: The directory's path.
    ///   - workspace: The workspace's root.
    /// - Returns: False also when one of them is not there.
    package static func finds(
        _ first: [UInt8], as second: [UInt8], in path: [UInt8], below workspace: OpenDirectory
    ) -> Bool {
        var cursor = DirectoryCursor(root: workspace)
        guard let directory = try? cursor.open(path), let first = try? TerminatedName(first),
            let second = try? TerminatedName(second), let one = try? directory.handle.status(of: first),
            let other = try? directory.handle.status(of: second)
        else { return false }
        return one.inode == other.inode && one.device == other.device && one.ctime == other.ctime
    }
}
