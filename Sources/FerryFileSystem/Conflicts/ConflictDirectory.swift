package import FerryCore
import SystemPackage

/// One directory of the conflict store: what one pull withheld.
package struct ConflictArea: Sendable {
    /// What is known of it.
    package enum Content: Sendable {
        /// What its record says.
        case recorded(ConflictRecord)
        /// There is no record, or it is damaged: an earlier Ferry made it.
        case unknown
        /// What a run had taken out of the workspace and could not be brought back.
        case setAside
    }

    /// Its name in the store.
    package let name: TerminatedName
    package let content: Content
    /// Whether the tree is there; without one, the pull never came to apply anything.
    package let isComplete: Bool

    /// The record; nil where none is known.
    package var record: ConflictRecord? {
        if case .recorded(let record) = content { record } else { nil }
    }
}

/// The directory of the conflict store: a tree of each pull, laid out like its workspace, and a record beside it.
package struct ConflictDirectory: Sendable {
    /// Its path.
    package let path: [UInt8]
    private let directory: OpenDirectory

    private static let recordSuffix = Array(".record".utf8)
    private static let newSuffix = Array(".new".utf8)
    private static let largestRecord: Int64 = 1 << 30

    package init(path: [UInt8], directory: OpenDirectory) {
        self.path = path
        self.directory = directory
    }

    /// The handle that trees are moved into.
    package var handle: OpenDirectory { directory }

    /// Where an entry of an area is.
    package func place(of path: [UInt8], in area: TerminatedName) -> [UInt8] {
        self.path + [RelativePath.separator] + area.bytes + (path.isEmpty ? [] : [RelativePath.separator]) + path
    }

    // MARK: Areas

    /// The areas of a workspace, the oldest first.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's root, which names those that have no record.
    ///   - realPath: Its real path, which records name.
    /// - Returns: The areas.
    /// - Throws: ``JournalError`` when the store or a record cannot be read, or a newer Ferry wrote one.
    package func areas(of workspace: OpenDirectory, at realPath: [UInt8]) throws(JournalError) -> [ConflictArea] {
        var keys: [[UInt8]] = []
        var bases: Set<[UInt8]> = []
        try journaled("list the conflict store", path) { () throws(Errno) in
            keys = [try StagingArea.key(of: workspace)]
            // A pull that makes its workspace stages for the directory above it.
            if let parent = try? workspace.handle.openParent() {
                keys.append(try StagingArea.key(of: OpenDirectory(parent)))
            }
            var reader = DirectoryReader()
            try reader.read(try directory.handle.reopen(), fillsBuffer: false)
            for index in 0..<reader.count {
                let name = Array(reader.name(at: index).bytes)
                if name.hasSuffix(Self.newSuffix) { continue }
                bases.insert(name.hasSuffix(Self.recordSuffix) ? name.dropLast(Self.recordSuffix.count) : name)
            }
        }
        var areas: [ConflictArea] = []
        for base in bases.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
            let content: ConflictArea.Content
            if let record = try record(of: base) {
                guard record.workspace == realPath else { continue }
                content = .recorded(record)
            } else if keys.contains(where: { base.starts(with: Array("stage-".utf8) + $0) }) {
                content = .unknown
            } else if base.starts(with: Array("apply-".utf8) + keys[0]) {
                content = .setAside
            } else {
                continue
            }
            let name = TerminatedName(unchecked: ArraySlice(base + [0]))
            areas.append(ConflictArea(name: name, content: content, isComplete: try isDirectory(name)))
        }
        // A stable order among those of the same second: the names.
        return areas.enumerated().sorted {
            ($0.element.record?.time ?? .min, $0.element.record?.run ?? "", $0.offset)
                < ($1.element.record?.time ?? .min, $1.element.record?.run ?? "", $1.offset)
        }.map(\.element)
    }

    private func isDirectory(_ name: TerminatedName) throws(JournalError) -> Bool {
        try journaled("look at", place(of: [], in: name)) { () throws(Errno) in
            do throws(Errno) {
                return try directory.handle.status(of: name).kind == .directory
            } catch .noSuchFileOrDirectory {
                return false
            }
        }
    }

    /// Reads a record; nil where there is none, or none that can be understood.
    private func record(of base: [UInt8]) throws(JournalError) -> ConflictRecord? {
        let name = Self.recordName(of: base)
        let bytes: [UInt8]
        do throws(Errno) {
            let file = try directory.handle.openFile(name)
            let status = try file.status()
            guard status.kind == .file, status.size <= Self.largestRecord else { return nil }
            bytes = try file.bytes(Int(status.size), at: 0)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw .file(FileSystemError("read", path: path + [RelativePath.separator] + name.bytes, cause: error))
        }
        do throws(JournalError) {
            return try ConflictRecord(decoding: bytes)
        } catch .damaged {
            return nil
        }
    }

    // MARK: Changes

    /// Removes what killed runs of a workspace, whose lock the caller holds, left half written.
    package func sweep(of workspace: OpenDirectory) {
        var reader = DirectoryReader()
        guard let key = try? StagingArea.key(of: workspace), let listing = try? directory.handle.reopen(),
            (try? reader.read(listing, fillsBuffer: false)) != nil
        else { return }
        let names = (0..<reader.count).map { Array(reader.name(at: $0).bytes) }
        for name in names where name.hasSuffix(Self.newSuffix) && name.starts(with: Array("stage-".utf8) + key) {
            let name = TerminatedName(unchecked: ArraySlice(name + [0]))
            if (try? directory.handle.removeFile(name)) == nil { DirectoryEraser.erase(name, in: directory) }
        }
    }

    /// Writes an area's record, atomically.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - area: The area's name.
    ///   - flushes: Whether to wait for the disk.
    /// - Throws: ``FileSystemError``; the old record is still there.
    package func write(_ record: ConflictRecord, of area: TerminatedName, flushes: Bool) throws(FileSystemError) {
        let name = Self.recordName(of: area.bytes)
        let newName = Self.newName(of: name.bytes)
        do throws(Errno) {
            do throws(Errno) { try directory.handle.removeFile(newName) } catch .noSuchFileOrDirectory {}
            let file = try directory.handle.createFile(newName, mode: 0o600)
            let bytes = record.encoded
            try file.write(bytes.span)
            if flushes { try file.synchronize() }
            try directory.handle.rename(newName, to: directory.handle, as: name)
            if flushes { try directory.handle.synchronize() }
        } catch {
            throw FileSystemError("write", path: path + [RelativePath.separator] + name.bytes, cause: error)
        }
    }

    /// Makes the directory that a tree is copied into before it gets its name.
    package func makeNewTree(for area: TerminatedName) throws(FileSystemError) -> OpenDirectory {
        let name = Self.newName(of: area.bytes)
        DirectoryEraser.erase(name, in: directory)
        do throws(Errno) {
            try directory.handle.makeDirectory(name, mode: 0o700)
            return OpenDirectory(try directory.handle.openDirectory(name))
        } catch {
            throw FileSystemError("create", path: place(of: [], in: name), cause: error)
        }
    }

    /// Gives a tree that was copied its name.
    package func acceptNewTree(of area: TerminatedName) throws(FileSystemError) {
        do throws(Errno) {
            try directory.handle.renameWithoutReplacing(
                Self.newName(of: area.bytes), to: directory.handle, as: area)
        } catch {
            throw FileSystemError("rename to", path: place(of: [], in: area), cause: error)
        }
    }

    /// Waits until names that came or went are on the disk.
    package func flush() throws(FileSystemError) {
        do throws(Errno) {
            try directory.handle.synchronize()
        } catch {
            throw FileSystemError("flush", path: path, cause: error)
        }
    }

    /// Opens the tree of an area.
    package func tree(of area: TerminatedName) throws(FileSystemError) -> OpenDirectory {
        do throws(Errno) {
            return OpenDirectory(try directory.handle.openDirectory(area))
        } catch {
            throw FileSystemError("open", path: place(of: [], in: area), cause: error)
        }
    }

    /// Removes stored versions of an area; the area goes with the last one.
    ///
    /// The record goes first: a kill leaves a file that nobody lists, and never an entry without one.
    ///
    /// - Parameters:
    ///   - paths: The entries' paths.
    ///   - area: The area.
    ///   - flushes: Whether to wait for the disk.
    /// - Throws: ``FileSystemError``; what is still listed is still there.
    package func remove(_ paths: Set<[UInt8]>, from area: ConflictArea, flushes: Bool) throws(FileSystemError) {
        var paths = paths
        if var record = area.record {
            let stored = Set(record.entries.filter { $0.version == .stored }.map(\.path))
            record.entries.removeAll { paths.contains($0.path) }
            try write(record, of: area.name, flushes: flushes)
            if record.entries.isEmpty { return erase(area) }
            // What is in the place of any other is the directory of entries that stay.
            paths.formIntersection(stored)
        }
        var cursor = DirectoryCursor(root: try tree(of: area.name))
        for path in paths {
            let path = RelativePath(unchecked: path)
            do throws(Errno) {
                let parent = try cursor.open(path.parent?.bytes ?? [])
                let name = TerminatedName(unchecked: ArraySlice(Array(path.name) + [0]))
                cursor.forget(path.bytes)
                if try parent.handle.status(of: name).kind == .directory {
                    DirectoryEraser.erase(name, in: parent)
                } else {
                    try parent.handle.removeFile(name)
                }
            } catch  where error.isAbsence {
                continue
            } catch {
                throw FileSystemError("remove", path: place(of: path.bytes, in: area.name), cause: error)
            }
        }
    }

    /// Removes an area with all that is in it, its record last.
    package func erase(_ area: ConflictArea) {
        DirectoryEraser.erase(area.name, in: directory)
        DirectoryEraser.erase(Self.newName(of: area.name.bytes), in: directory)
        try? directory.handle.removeFile(Self.recordName(of: area.name.bytes))
    }

    private static func recordName(of area: some Collection<UInt8>) -> TerminatedName {
        TerminatedName(unchecked: ArraySlice(Array(area) + recordSuffix + [0]))
    }

    private static func newName(of name: some Collection<UInt8>) -> TerminatedName {
        TerminatedName(unchecked: ArraySlice(Array(name) + newSuffix + [0]))
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
        count > suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}
