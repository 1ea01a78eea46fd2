package import FerryCore
import SystemPackage

/// Remembers, while a push is under way, which paths it writes, so that the next one after a kill knows half-written entries
/// for Ferry's own.
///
/// One file of the state directory for each pair of workspace and destination, known by the inodes of their roots. Its paths
/// are those that the push replaces, and the topmost of those that it makes; what lies below them belongs to them.
package struct PushMark: Sendable {
    private let directoryPath: [UInt8]
    private let name: [UInt8]
    private let ownPaths: Set<[UInt8]>

    private static let directoryName = Array("/pushes".utf8)

    /// Finds out what a push that did not come to its end has left.
    ///
    /// - Parameters:
    ///   - stateDirectory: The directory for Ferry's state.
    ///   - workspace: The workspace's root.
    ///   - destination: The destination's root.
    /// - Throws: ``FileSystemError`` when that cannot be read.
    package init(
        in stateDirectory: [UInt8], from workspace: OpenDirectory, to destination: OpenDirectory
    ) throws(FileSystemError) {
        directoryPath = stateDirectory + Self.directoryName
        do throws(Errno) {
            name = Array("\(try Self.key(workspace))-\(try Self.key(destination))".utf8)
            ownPaths = try Self.read(directoryPath, name)
        } catch {
            throw FileSystemError("read the mark of the last push in", path: directoryPath, cause: error)
        }
    }

    /// Whether an earlier push did not come to its end.
    package var isSet: Bool { !ownPaths.isEmpty }

    /// Whether that push was writing a path, or something above it.
    package func owns(_ path: [UInt8]) -> Bool {
        guard isSet else { return false }
        if ownPaths.contains(path) { return true }
        return path.indices.contains { path[$0] == RelativePath.separator && ownPaths.contains(Array(path[..<$0])) }
    }

    /// Marks a push as under way, before its first change.
    package func set(for plan: Plan) throws(FileSystemError) {
        var content: [UInt8] = []
        for group in plan.groups where group.destination != nil {
            for index in group.steps {
                let step = plan.steps[index]
                guard [.create, .update, .changeKind, .changeMode].contains(step.action) else { continue }
                content += plan.path(of: step)
                content.append(0)
            }
        }
        guard !content.isEmpty else { return }
        try RootDirectory.createWithParents(directoryPath)
        let file = try NewFile(at: directoryPath + [RelativePath.separator] + name)
        var output = try file.makeOutput()
        do throws(Errno) {
            try output.write(content.span)
        } catch {
            throw FileSystemError("write the mark of the push in", path: directoryPath, cause: error)
        }
        try file.commit()
    }

    /// Takes the mark away when the push has come to its end.
    package func clear() {
        guard let directory = try? RootDirectory.open(directoryPath), let name = try? TerminatedName(name) else {
            return
        }
        try? directory.handle.removeFile(name)
    }

    /// Removes the temporary files that the earlier push left beside what it replaced.
    package func sweep(_ destination: OpenDirectory) {
        let parents = Set(
            ownPaths.map { path in path.lastIndex(of: RelativePath.separator).map { Array(path[..<$0]) } ?? [] })
        var cursor = DirectoryCursor(root: destination)
        var reader = DirectoryReader()
        for parent in parents {
            guard let directory = try? cursor.open(parent), let listing = try? directory.handle.reopen(),
                (try? reader.read(listing, fillsBuffer: false)) != nil
            else { continue }
            for index in 0..<reader.count {
                let name = reader.name(at: index)
                if name.bytes.starts(with: ReservedNames.temporaryPrefix) { try? directory.handle.removeFile(name) }
            }
        }
    }

    private static func key(_ directory: OpenDirectory) throws(Errno) -> String {
        let status = try directory.handle.status()
        return String(status.device, radix: 36) + "-" + String(status.inode, radix: 36)
    }

    private static func read(_ directoryPath: [UInt8], _ name: [UInt8]) throws(Errno) -> Set<[UInt8]> {
        var content: [UInt8] = []
        do throws(Errno) {
            var input = try InputStream.open(directoryPath + [RelativePath.separator] + name)
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                var span = buffer.mutableSpan
                let count = try input.read(into: &span)
                if count == 0 { break }
                content += buffer[..<count]
            }
        } catch .noSuchFileOrDirectory {
            return []
        }
        return Set(content.split(separator: 0).map(Array.init))
    }
}
