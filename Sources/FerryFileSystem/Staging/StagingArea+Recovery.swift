import CFerryShims
import FerryCore
import SystemPackage

/// What killed pulls leave, and what becomes of it. An area whose lock is taken is in use and left alone.
extension StagingArea {
    /// Removes areas of pulls that were killed before they touched the workspace.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    package static func sweep(for workspace: OpenDirectory, stateDirectory: [UInt8]?) {
        guard let prefix = try? stagingPrefix + key(of: workspace) else { return }
        for container in candidates(workspace, stateDirectory) {
            for name in unused(in: container, prefix: prefix) { DirectoryEraser.erase(name, in: container) }
        }
    }

    /// Moves areas of pulls that were killed while they applied to another directory.
    ///
    /// They may hold the only copy of something that was edited in that moment, so they are never swept away.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    ///   - directory: Gives the place where they go; one on another file system stays where it is.
    /// - Returns: The names they have there.
    /// - Throws: What `directory` throws.
    package static func rescue<Failure: Error>(
        for workspace: OpenDirectory, stateDirectory: [UInt8]?, to directory: () throws(Failure) -> OpenDirectory?
    ) throws(Failure) -> [[UInt8]] {
        guard let prefix = try? applyingPrefix + key(of: workspace) else { return [] }
        var rescued: [[UInt8]] = []
        for container in candidates(workspace, stateDirectory) {
            for name in unused(in: container, prefix: prefix) {
                guard let target = try directory() else { return rescued }
                let newName = TerminatedName(
                    unchecked: name.terminated.dropFirst(ReservedNames.temporaryPrefix.count))
                do throws(Errno) {
                    try container.handle.renameWithoutReplacing(name, to: target.handle, as: newName)
                    rescued.append(Array(newName.bytes))
                } catch {
                    continue
                }
            }
        }
        return rescued
    }

    /// The places that a rename into the workspace reaches, the best first.
    static func candidates(_ workspace: OpenDirectory, _ stateDirectory: [UInt8]?) -> [OpenDirectory] {
        let mount = ferry_mount_id(workspace.handle.descriptor)
        var candidates: [OpenDirectory] = []
        if let stateDirectory, let state = try? RootDirectory.open(stateDirectory) { candidates.append(state) }
        if let parent = try? workspace.handle.openParent() { candidates.append(OpenDirectory(parent)) }
        candidates.append(workspace)
        return candidates.filter { ferry_mount_id($0.handle.descriptor) == mount }
    }

    /// What names an area's workspace: what does not change when it is renamed.
    static func key(of workspace: OpenDirectory) throws(Errno) -> [UInt8] {
        let status = try workspace.handle.status()
        return Array((String(status.device, radix: 36) + "-" + String(status.inode, radix: 36) + "-").utf8)
    }

    private static func unused(in container: OpenDirectory, prefix: [UInt8]) -> [TerminatedName] {
        var reader = DirectoryReader()
        guard let listing = try? container.handle.reopen(), (try? reader.read(listing, fillsBuffer: false)) != nil
        else { return [] }
        var names: [TerminatedName] = []
        for index in 0..<reader.count where reader.name(at: index).bytes.starts(with: prefix) {
            let name = TerminatedName(unchecked: ArraySlice(Array(reader.name(at: index).terminated)))
            guard let area = try? container.handle.openDirectory(name), ferry_try_lock(area.descriptor) == 0 else {
                continue
            }
            names.append(name)
        }
        return names
    }
}
