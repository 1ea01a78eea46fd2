import CFerryShims
package import FerryCore
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

    /// The areas of runs that were killed while they changed the workspace, each locked as long as the value lives.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root.
    ///   - stateDirectory: The directory for Ferry's state, if there is one.
    /// - Returns: The areas; mostly none.
    package static func interrupted(_ workspace: OpenDirectory, stateDirectory: [UInt8]?) -> [RunArea] {
        guard let prefix = try? applyingPrefix + key(of: workspace) else { return [] }
        return candidates(workspace, stateDirectory).flatMap { container in
            names(in: container, prefix: prefix).compactMap { try? RunArea($0, in: container) }
        }
    }

    /// The name under which an area is kept that cannot be brought to an end.
    package static func rescueName(of area: RunArea) -> TerminatedName {
        TerminatedName(unchecked: area.name.terminated.dropFirst(ReservedNames.temporaryPrefix.count))
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
        names(in: container, prefix: prefix).filter { name in
            guard let area = try? container.handle.openDirectory(name) else { return false }
            return ferry_try_lock(area.descriptor) == 0
        }
    }

    private static func names(in container: OpenDirectory, prefix: [UInt8]) -> [TerminatedName] {
        var reader = DirectoryReader()
        guard let listing = try? container.handle.reopen(), (try? reader.read(listing, fillsBuffer: false)) != nil
        else { return [] }
        return (0..<reader.count).map { reader.name(at: $0) }.filter { $0.bytes.starts(with: prefix) }
            .map { TerminatedName(unchecked: ArraySlice(Array($0.terminated))) }
    }
}
