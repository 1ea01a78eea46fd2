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
    /// Its name from the moment on when entries of the workspace may be in it.
    private let nameWhileApplying: TerminatedName
    private let area: OpenDirectory

    private static let treeName = "tree"
    private static let asideName = "aside"
    private static let keptName = "kept"
    static let stagingPrefix = ReservedNames.temporaryPrefix + Array("stage-".utf8)
    static let applyingPrefix = ReservedNames.temporaryPrefix + Array("apply-".utf8)

    /// Makes an empty staging area.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    /// - Throws: ``FileSystemError`` when no place for it can be written to.
    package init(for workspace: OpenDirectory, stateDirectory: [UInt8]?) throws(FileSystemError) {
        do throws(Errno) {
            let prefix = try Self.stagingPrefix + Self.key(of: workspace)
            var made: (OpenDirectory, TerminatedName)?
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
            self.area = area
            nameWhileApplying = Self.renamed(name, to: Self.applyingPrefix)
            // A sweep that came between has taken the lock, or the directory.
            _ = try systemCall { ferry_try_lock(area.handle.descriptor) }
            _ = try container.handle.status(of: name)
            tree = try Self.makeDirectory(Self.treeName, in: area)
            aside = try Self.makeDirectory(Self.asideName, in: area)
            kept = try Self.makeDirectory(Self.keptName, in: area)
        } catch {
            throw FileSystemError("make a staging directory for", path: [], cause: error)
        }
    }

    /// Says that entries of the workspace may come into the area from now on: no sweep removes it any more.
    package func beginApplying() throws(FileSystemError) {
        do throws(Errno) {
            try container.handle.renameWithoutReplacing(name, to: container.handle, as: nameWhileApplying)
        } catch {
            throw FileSystemError("rename the staging directory", path: name.bytes, cause: error)
        }
    }

    /// The name under which an area applies.
    private static func renamed(_ name: TerminatedName, to prefix: [UInt8]) -> TerminatedName {
        TerminatedName(unchecked: ArraySlice(prefix + name.terminated.dropFirst(stagingPrefix.count)))
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
        let name = TerminatedName(unchecked: ArraySlice(Array(Self.keptName.utf8) + [0]))
        do throws(Errno) {
            try area.handle.renameWithoutReplacing(name, to: directory.handle, as: newName)
            return true
        } catch .improperLink {
            return false
        } catch {
            throw FileSystemError("keep what was not let in, in", path: newName.bytes, cause: error)
        }
    }

    /// Removes the area and everything in it.
    package func discard() {
        DirectoryEraser.erase(name, in: container)
        DirectoryEraser.erase(nameWhileApplying, in: container)
    }

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

    private static func makeDirectory(_ name: String, in area: OpenDirectory) throws(Errno) -> OpenDirectory {
        let name = TerminatedName(unchecked: ArraySlice(Array(name.utf8) + [0]))
        try area.handle.makeDirectory(name, mode: 0o700)
        return OpenDirectory(try area.handle.openDirectory(name))
    }
}
