import CFerryShims
package import FerryCore
import Glibc
import SystemPackage

/// A private directory on the workspace's file system, where everything that a pull brings waits until it has been verified.
///
/// It holds `tree`, laid out like the workspace, and `aside`, where replaced and deleted entries go. It lies in the state
/// directory, else beside the workspace, else in its root: the first that a rename into the workspace reaches. While it is in
/// use it is locked; one that a killed process left is swept away by the next.
package final class StagingArea: Sendable {
    /// What was staged.
    package let tree: OpenDirectory
    /// What was taken out of the workspace.
    package let aside: OpenDirectory
    /// What was staged and is not let in.
    package let kept: OpenDirectory
    private let container: OpenDirectory
    private let name: TerminatedName
    private let lock: AreaLock

    static let keptName = RunArea.terminated("kept")
    static let stagingPrefix = ReservedNames.temporaryPrefix + Array("stage-".utf8)
    static let applyingPrefix = ReservedNames.temporaryPrefix + Array("apply-".utf8)

    /// Makes an empty staging area.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    /// - Throws: ``FileSystemError`` when no place for it can be written to.
    package init(for workspace: OpenDirectory, stateDirectory: [UInt8]?) throws(FileSystemError) {
        var made: (OpenDirectory, TerminatedName)?
        do throws(Errno) {
            let prefix = try Self.stagingPrefix + Self.key(of: workspace)
            var failure = Errno.permissionDenied
            Self.sweep(for: workspace, stateDirectory: stateDirectory)
            for candidate in Self.candidates(workspace, stateDirectory) where made == nil {
                do throws(Errno) {
                    made = (candidate, try Self.make(in: candidate, prefix: prefix))
                } catch {
                    failure = error
                }
            }
            guard let (container, name) = made else { throw failure }
            self.container = container
            self.name = name
            let area = OpenDirectory(try container.handle.openDirectory(name))
            // A sweep that came between has taken the lock, or the directory.
            lock = try AreaLock(area)
            _ = try container.handle.status(of: name)
            tree = try Self.makeDirectory(RunArea.treeName, in: area)
            aside = try Self.makeDirectory(RunArea.asideName, in: area)
            kept = try Self.makeDirectory(Self.keptName, in: area)
        } catch {
            if let (container, name) = made { DirectoryEraser.erase(name, in: container) }
            throw FileSystemError("make a staging directory for", path: [], cause: error)
        }
    }

    /// The area as the place of a run, still under its first name, so that a sweep removes it.
    package func runArea() throws(FileSystemError) -> RunArea {
        do throws(Errno) {
            return try RunArea(lock, name: name, in: container)
        } catch {
            throw FileSystemError("open the staging directory", path: name.bytes, cause: error)
        }
    }

    /// Says that entries of the workspace may come into the area from now on: no sweep removes it any more.
    ///
    /// - Parameters:
    ///   - area: The area, from ``runArea()``.
    ///   - run: The run.
    ///   - workspace: The workspace's root, which may not have been there when the area was made.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    ///   - flushes: Whether to wait for the disk.
    /// - Returns: The area under its new name.
    /// - Throws: ``FileSystemError``; it is still where it was.
    package static func beginApplying(
        _ area: RunArea, _ run: RunID, to workspace: OpenDirectory, stateDirectory: [UInt8]?, flushes: Bool
    ) throws(FileSystemError) -> RunArea {
        do throws(Errno) {
            let bytes = try applyingPrefix + key(of: workspace) + run.bytes + [0]
            let newName = TerminatedName(unchecked: ArraySlice(bytes))
            var failure = Errno.permissionDenied
            // Where those look that come after a kill; an area that was made for the directory above may be elsewhere.
            for container in candidates(workspace, stateDirectory) {
                do throws(Errno) {
                    return try area.move(to: container, as: newName, flushes: flushes)
                } catch  where [.permissionDenied, .readOnlyFileSystem, .improperLink].contains(error) {
                    failure = error
                }
            }
            throw failure
        } catch {
            throw FileSystemError("rename the staging directory", path: area.name.bytes, cause: error)
        }
    }

    /// A name that no other pull uses.
    package var uniqueName: TerminatedName {
        TerminatedName(unchecked: name.terminated.dropFirst(ReservedNames.temporaryPrefix.count))
    }

    /// Moves ``kept`` to another directory.
    ///
    /// - Parameters:
    ///   - directory: Where it goes.
    ///   - newName: What it is called there.
    /// - Returns: False when the directory is on another file system; then nothing was moved.
    /// - Throws: ``FileSystemError`` when it cannot be moved.
    package func moveKept(to directory: OpenDirectory, as newName: TerminatedName) throws(FileSystemError) -> Bool {
        do throws(Errno) {
            try lock.directory.handle.renameWithoutReplacing(Self.keptName, to: directory.handle, as: newName)
            return true
        } catch .improperLink {
            return false
        } catch {
            throw FileSystemError("keep what was not let in, in", path: newName.bytes, cause: error)
        }
    }

    /// Moves ``tree`` to another directory; the area can then only be discarded.
    ///
    /// - Parameters:
    ///   - directory: Where it goes.
    ///   - newName: What it is called there.
    /// - Returns: False when the directory is on another file system; then nothing was moved.
    /// - Throws: Why it cannot be moved.
    func moveTree(to directory: OpenDirectory, as newName: TerminatedName) throws(Errno) -> Bool {
        do throws(Errno) {
            try lock.directory.handle.renameWithoutReplacing(RunArea.treeName, to: directory.handle, as: newName)
            return true
        } catch .improperLink {
            return false
        }
    }

    /// Removes the area and everything in it, unless it has become a run's.
    package func discard() { DirectoryEraser.erase(name, in: container) }

    private static func make(in container: OpenDirectory, prefix: [UInt8]) throws(Errno) -> TerminatedName {
        var random = SystemRandomNumberGenerator()
        while true {
            let tag = Array(String(random.next(), radix: 36).utf8)
            let name = TerminatedName(unchecked: ArraySlice(prefix + tag + [0]))
            do throws(Errno) {
                try container.handle.makeDirectory(name, mode: 0o700)
                return name
            } catch .fileExists {
                continue
            }
        }
    }

    private static func makeDirectory(_ name: TerminatedName, in area: OpenDirectory) throws(Errno) -> OpenDirectory {
        try area.handle.makeDirectory(name, mode: 0o700)
        return OpenDirectory(try area.handle.openDirectory(name))
    }
}
