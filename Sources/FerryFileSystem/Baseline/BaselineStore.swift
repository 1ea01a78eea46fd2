package import FerryCore
import Glibc
import SystemPackage

/// Keeps baselines on disk: one file for each pair of workspace and endpoint, below `baselines` in the state directory.
///
/// A file is the encoded baseline and the SHA-256 of it. It is replaced as a whole: written beside its name and renamed, so a kill leaves
/// the old one or the new one; synced before, and the directory after it, a power failure does so too. ``load(workspace:endpoint:)``
/// refuses anything but exactly what was written; for callers, a damaged baseline is a warning and then no baseline.
///
/// Before a push begins, what it is about to write may be stored as marks beside the baseline, in a file of its own that names the
/// baseline's checksum: marks of another one are none. Whoever reads gets both as one.
///
/// Both keys are the caller's and opaque: for a directory its real path with device and inode of its root, for a sandbox the target's
/// text and the sandbox's identity.
package struct BaselineStore: Sendable {
    /// The directory that holds the baselines.
    private let path: [UInt8]
    /// The blocks of a longer file are read as they are needed.
    private let largestHeld: Int

    private static let directoryName = Array("/baselines".utf8)

    /// Prepares; nothing is made yet.
    ///
    /// - Parameters:
    ///   - stateDirectory: The directory for Ferry's state.
    ///   - largestHeld: How long a file may be to be held in memory: as long as that of some 75,000 entries.
    package init(in stateDirectory: [UInt8], holdingUpTo largestHeld: Int = 4 << 20) {
        path = stateDirectory + Self.directoryName
        self.largestHeld = largestHeld
    }

    /// The path of the file for a pair of keys.
    package func path(workspace: [UInt8], endpoint: [UInt8]) -> [UInt8] {
        path + [RelativePath.separator] + BaselineFile.fileName(.baseline, workspace, endpoint)
    }

    /// Reads a baseline.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's key.
    ///   - endpoint: The endpoint's key.
    /// - Returns: The baseline; nil when there is none.
    /// - Throws: ``BaselineStoreError`` when it is damaged or cannot be read.
    package func load(workspace: [UInt8], endpoint: [UInt8]) throws(BaselineStoreError) -> Baseline? {
        try read(workspace, endpoint, header: \.header) { (content, marks) throws(BaselineDamage) in
            try BaselineFile.decode(content, marks)
        }
    }

    /// Reads what a baseline is a baseline of, and none of its entries.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's key.
    ///   - endpoint: The endpoint's key.
    /// - Returns: The header; nil when there is no baseline.
    /// - Throws: ``BaselineStoreError`` when it is not what was written or cannot be read.
    package func loadHeader(workspace: [UInt8], endpoint: [UInt8]) throws(BaselineStoreError) -> BaselineHeader? {
        try read(workspace, endpoint, header: { $0 }) { (content, marks) throws(BaselineDamage) in
            if let marks = try BaselineFile.marks(marks, of: content) { return marks.header }
            return try BaselineFile.header(of: content)
        }
    }

    private func read<Value>(
        _ workspace: [UInt8], _ endpoint: [UInt8], header: (Value) -> BaselineHeader,
        _ decode: (_ content: BaselineFile.Content, _ marks: [UInt8]?) throws(BaselineDamage) -> Value
    ) throws(BaselineStoreError) -> Value? {
        let file = path(workspace: workspace, endpoint: endpoint)
        let content: BaselineFile.Content
        let marks: [UInt8]?
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            content = try BaselineFile.read(
                try BaselineFile.name(.baseline, workspace, endpoint), in: directory, holdingUpTo: largestHeld)
            marks = try BaselineFile.readMarks(workspace, endpoint, in: directory)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .fileTooLarge {
            throw .damaged(path: file, .notABaseline)
        } catch {
            throw .fileSystem(FileSystemError("read the baseline in", path: file, cause: error))
        }
        do throws(BaselineDamage) {
            try BaselineFile.checkSum(of: content)
            let value = try decode(content, marks)
            // A copy of another pair's file is not this pair's.
            guard header(value).workspaceKey == workspace, header(value).endpointKey == endpoint else {
                throw .malformed(at: content.bytes.count)
            }
            return value
        } catch {
            throw .damaged(path: file, error)
        }
    }

    /// Writes a baseline, for the keys in its header; the caller holds the locks of both.
    ///
    /// - Parameters:
    ///   - baseline: The baseline.
    ///   - flushes: Whether to wait for the disk.
    /// - Throws: ``FileSystemError``; the old one is then still there.
    package func save(_ baseline: Baseline, flushes: Bool = true) throws(FileSystemError) {
        try save(baseline.header, flushes: flushes) { output throws(Errno) in
            try baseline.withEncodedBlocks { bytes throws(Errno) in try output.write(bytes) }
            try output.write(baseline.encodedEnding()[...])
        }
    }

    /// Writes a baseline while it is made; the caller holds the locks of both.
    ///
    /// - Parameters:
    ///   - header: What it is a baseline of, as far as its keys go.
    ///   - flushes: Whether to wait for the disk.
    ///   - encode: Writes its encoded form, piece by piece.
    /// - Throws: ``FileSystemError``; the old one is then still there.
    package func save(
        _ header: BaselineHeader, flushes: Bool, _ encode: (inout BaselineOutput) throws(BaselineOutput.Failure) -> Void
    ) throws(FileSystemError) {
        try write(.baseline, header, flushes: flushes) { _, output throws(Errno) in try encode(&output) }
    }

    /// Writes the marks of a push beside the baseline that it was planned with; the caller holds the locks of both.
    ///
    /// - Parameters:
    ///   - marks: The marks, for the keys in their header.
    ///   - flushes: Whether to wait for the disk.
    /// - Throws: ``FileSystemError``; the baseline is as it was.
    package func save(marks: Baseline, flushes: Bool) throws(FileSystemError) {
        let (workspace, endpoint) = (marks.header.workspaceKey, marks.header.endpointKey)
        try write(.marks, marks.header, flushes: flushes) { directory, output throws(Errno) in
            let file = try BaselineFile.name(.baseline, workspace, endpoint)
            try output.write(BaselineFile.readCheckSum(of: file, in: directory)[...])
            try marks.withEncodedBlocks { bytes throws(Errno) in try output.write(bytes) }
            try output.write(marks.encodedEnding()[...])
        }
    }

    private func write(
        _ kind: BaselineFile.Kind, _ header: BaselineHeader, flushes: Bool,
        _ content: (_ directory: borrowing DirectoryHandle, _ output: inout BaselineOutput) throws(Errno) -> Void
    ) throws(FileSystemError) {
        let (workspace, endpoint) = (header.workspaceKey, header.endpointKey)
        try RootDirectory.createWithParents(path)
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            let name = try BaselineFile.name(kind, workspace, endpoint)
            let temporary = try BaselineFile.temporaryName(workspace, endpoint)
            do throws(Errno) {
                var output = BaselineOutput(try directory.createFileAnew(temporary, mode: 0o600))
                try content(directory, &output)
                try output.finish(flushes: flushes)
                if flushes {
                    try directory.rename(temporary, to: directory, as: name)
                } else {
                    try BaselineFile.swap(temporary, name, in: directory)
                }
            } catch {
                try? directory.removeFile(temporary)
                throw error
            }
            // They are in it, or done with.
            if kind == .baseline { try BaselineFile.removeMarks(workspace, endpoint, in: directory) }
            if flushes { try directory.synchronize() }
        } catch {
            throw FileSystemError(
                "write the baseline in", path: path(workspace: workspace, endpoint: endpoint), cause: error)
        }
    }

    /// Tells the baselines of a workspace, with whichever endpoint, about files that were moved and are what they were.
    ///
    /// What cannot be read as a baseline is passed over: whoever needs it will tell.
    ///
    /// - Parameters:
    ///   - prints: The files' new fingerprints by their old ones.
    ///   - workspace: The workspace's key.
    /// - Throws: ``FileSystemError`` when a baseline cannot be written; it is as it was then.
    package func replace(
        localFingerprints prints: [FerryCore.Fingerprint: FerryCore.Fingerprint], workspace: [UInt8]
    ) throws(FileSystemError) {
        guard !prints.isEmpty, let directory = try? RootDirectory.open(path) else { return }
        var names = DirectoryReader()
        do throws(Errno) {
            try names.read(directory.handle, fillsBuffer: false)
        } catch {
            throw FileSystemError("list the baselines in", path: path, cause: error)
        }
        for index in 0..<names.count
        where Array(names.name(at: index).bytes).suffix(BaselineFile.Kind.baseline.suffix.count)
            .elementsEqual(BaselineFile.Kind.baseline.suffix)
            && !names.name(at: index).bytes.starts(with: ReservedNames.temporaryPrefix)
        {
            guard
                let content = try? BaselineFile.read(
                    names.name(at: index), in: directory.handle, holdingUpTo: largestHeld),
                let baseline = try? BaselineFile.decode(checked: content, in: directory.handle),
                baseline.header.workspaceKey == workspace,
                let next = baseline.replacing(localFingerprints: prints), !baseline.isUnreadable
            else { continue }
            try save(next)
        }
    }

    /// Removes what a kill left of a baseline that was being written; the caller holds the locks of both.
    ///
    /// What cannot be removed is in nobody's way: the next ``save(_:)`` replaces it.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's key.
    ///   - endpoint: The endpoint's key.
    package func removeUnfinished(workspace: [UInt8], endpoint: [UInt8]) {
        guard let directory = try? DirectoryHandle(path: path),
            let name = try? BaselineFile.temporaryName(workspace, endpoint)
        else { return }
        try? directory.removeFile(name)
    }

    /// Forgets a baseline.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's key.
    ///   - endpoint: The endpoint's key.
    /// - Throws: ``FileSystemError``; that there is none is fine.
    package func remove(workspace: [UInt8], endpoint: [UInt8]) throws(FileSystemError) {
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            try BaselineFile.removeMarks(workspace, endpoint, in: directory)
            try directory.removeFile(try BaselineFile.name(.baseline, workspace, endpoint))
            try directory.synchronize()
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileSystemError(
                "remove the baseline in", path: path(workspace: workspace, endpoint: endpoint), cause: error)
        }
    }
}

/// Why a baseline could not be had.
package enum BaselineStoreError: Error, Sendable, Hashable {
    /// There is one, but it is not what was written. To be told as a warning; the sync goes on without one.
    case damaged(path: [UInt8], BaselineDamage)
    /// The file cannot be read.
    case fileSystem(FileSystemError)
}

extension BaselineStoreError: CustomStringConvertible {
    /// What is wrong with which file, and what follows.
    package var description: String {
        switch self {
        case .damaged(let path, let damage):
            "the baseline in '\(displayName(of: path))' \(damage.reason): this sync goes on as if it were the first, so it"
                + " deletes nothing"
        case .fileSystem(let error): error.description
        }
    }
}
