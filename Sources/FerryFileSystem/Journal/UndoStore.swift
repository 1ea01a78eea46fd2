import FerryCore
package import SystemPackage

/// Where the areas of finished runs stay, so that the runs can be undone: a directory of each workspace in the state directory.
///
/// An area on another file system stays beside the workspace, and the store holds a file that says where.
package struct UndoStore: Sendable {
    private let path: [UInt8]
    private let workspace: OpenDirectory
    private let stateDirectory: [UInt8]
    private let key: [UInt8]

    private static let directoryName = Array("/undo/".utf8)
    static let besidePrefix = ReservedNames.temporaryPrefix + Array("undo-".utf8)

    /// Finds a workspace's store, which need not exist yet.
    package init(for workspace: OpenDirectory, stateDirectory: [UInt8]) throws(Errno) {
        key = try StagingArea.key(of: workspace)
        path = stateDirectory + Self.directoryName + key.dropLast()
        self.workspace = workspace
        self.stateDirectory = stateDirectory
    }

    /// The runs that can be undone, the oldest first.
    package func runs() -> [RunID] {
        var found: Set<RunID> = []
        if let store = try? RootDirectory.open(path) {
            for name in Self.names(in: store) {
                if let run = RunID(String(decoding: name.bytes, as: UTF8.self)) { found.insert(run) }
            }
        }
        for container in StagingArea.candidates(workspace, stateDirectory) {
            for name in Self.names(in: container) where name.bytes.starts(with: Self.besidePrefix + key) {
                let text = String(decoding: name.bytes.dropFirst(Self.besidePrefix.count + key.count), as: UTF8.self)
                if let run = RunID(text) { found.insert(run) }
            }
        }
        return found.sorted()
    }

    /// Opens the area of a run; nil when it is not there.
    package func open(_ run: RunID) throws(Errno) -> RunArea? {
        var places: [(OpenDirectory, TerminatedName)] = []
        if let store = try? RootDirectory.open(path) { places.append((store, RunArea.terminated(run.text))) }
        for container in StagingArea.candidates(workspace, stateDirectory) {
            places.append((container, besideName(run)))
        }
        for (container, name) in places {
            do throws(Errno) {
                return try RunArea(name, in: container)
            } catch  where error.isAbsence {
                continue
            }
        }
        return nil
    }

    /// Takes in the area of a complete run.
    ///
    /// - Parameters:
    ///   - area: The area.
    ///   - run: The run.
    ///   - flushes: Whether to wait for the disk.
    /// - Throws: ``FileSystemError`` when it cannot; the area then stays where it is.
    package func keep(_ area: RunArea, _ run: RunID, flushes: Bool) throws(FileSystemError) {
        try RootDirectory.createWithParents(path)
        let store = try RootDirectory.open(path)
        do throws(Errno) {
            do throws(Errno) {
                _ = try area.move(to: store, as: RunArea.terminated(run.text), flushes: flushes)
            } catch .improperLink {
                let moved = try area.move(to: area.container, as: besideName(run), flushes: flushes)
                try point(to: moved, run, in: store)
            }
        } catch {
            throw FileSystemError("keep what the pull replaced in", path: path, cause: error)
        }
    }

    /// Removes the oldest runs beyond a number.
    ///
    /// One that is just being undone stays, and so does what cannot be removed: the next run tries again.
    package func retain(_ count: Int) {
        for run in runs().dropLast(max(0, count)) {
            do throws(Errno) {
                if let area = try open(run) { remove(area, run) }
                removePointer(run)
            } catch {
                continue
            }
        }
    }

    private func remove(_ area: RunArea, _ run: RunID) {
        // Under this name a sweep goes on where a kill ended the removal.
        let name = TerminatedName(unchecked: ArraySlice(StagingArea.stagingPrefix + key + run.bytes + [0]))
        for container in StagingArea.candidates(workspace, stateDirectory) {
            if let condemned = try? area.move(to: container, as: name, flushes: false) { return condemned.erase() }
        }
        area.erase()
    }

    /// Forgets that the area of a run lies beside the workspace.
    package func removePointer(_ run: RunID) {
        guard let store = try? RootDirectory.open(path) else { return }
        try? store.handle.removeFile(RunArea.terminated(run.text))
    }

    private func besideName(_ run: RunID) -> TerminatedName {
        TerminatedName(unchecked: ArraySlice(Self.besidePrefix + key + run.bytes + [0]))
    }

    private func point(to area: RunArea, _ run: RunID, in store: OpenDirectory) throws(Errno) {
        let place = try RootDirectory.realPath(of: area.directory)
        let file = try store.handle.createFile(RunArea.terminated(run.text), mode: 0o600)
        let content = place + [UInt8(ascii: "\n")]
        try file.write(content.span)
    }

    private static func names(in directory: OpenDirectory) -> [TerminatedName] {
        var reader = DirectoryReader()
        guard let listing = try? directory.handle.reopen(), (try? reader.read(listing, fillsBuffer: false)) != nil
        else { return [] }
        return (0..<reader.count).map { TerminatedName(unchecked: ArraySlice(Array(reader.name(at: $0).terminated))) }
    }
}
