import Crypto
package import FerryCore
import Glibc
import SystemPackage

/// Keeps baselines on disk: one file for each pair of workspace and endpoint, below `baselines` in the state directory.
///
/// A file is the encoded baseline and the SHA-256 of it. It is replaced as a whole: written beside its name and renamed, so a kill leaves
/// the old one or the new one; synced before, and the directory after it, a power failure does so too. ``load(workspace:endpoint:)``
/// refuses anything but exactly what was written; for callers, a damaged baseline is a warning and then no baseline.
///
/// Both keys are the caller's and opaque: for a directory its real path with device and inode of its root, for a sandbox the target's
/// text and the sandbox's identity.
package struct BaselineStore: Sendable {
    /// The directory that holds the baselines.
    private let path: [UInt8]

    private static let directoryName = Array("/baselines".utf8)
    private static let suffix = ".baseline"
    private static let checksumLength = SHA256.byteCount
    /// More than ten million entries take; a larger file is not one of ours.
    private static let maximumLength: Int64 = 4 << 30
    private static let pieceLength = 1 << 20

    /// Prepares; nothing is made yet.
    ///
    /// - Parameter stateDirectory: The directory for Ferry's state.
    package init(in stateDirectory: [UInt8]) { path = stateDirectory + Self.directoryName }

    /// The path of the file for a pair of keys.
    package func path(workspace: [UInt8], endpoint: [UInt8]) -> [UInt8] {
        path + [RelativePath.separator] + Self.fileName(workspace, endpoint)
    }

    /// Reads a baseline.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's key.
    ///   - endpoint: The endpoint's key.
    /// - Returns: The baseline; nil when there is none.
    /// - Throws: ``BaselineStoreError`` when it is damaged or cannot be read.
    package func load(workspace: [UInt8], endpoint: [UInt8]) throws(BaselineStoreError) -> Baseline? {
        try read(workspace, endpoint, header: \.header) { (content) throws(BaselineDamage) in
            try Baseline(encoded: content, trailing: Self.checksumLength)
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
        try read(workspace, endpoint, header: { $0 }) { (content) throws(BaselineDamage) in
            try Baseline.header(ofEncoded: content)
        }
    }

    private func read<Value>(
        _ workspace: [UInt8], _ endpoint: [UInt8], header: (Value) -> BaselineHeader,
        _ decode: ([UInt8]) throws(BaselineDamage) -> Value
    ) throws(BaselineStoreError) -> Value? {
        let file = path(workspace: workspace, endpoint: endpoint)
        let content: [UInt8]
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            content = try Self.read(try Self.name(workspace, endpoint), in: directory)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .fileTooLarge {
            throw .damaged(path: file, .notABaseline)
        } catch {
            throw .fileSystem(FileSystemError("read the baseline in", path: file, cause: error))
        }
        do throws(BaselineDamage) {
            try Self.checkSum(of: content)
            let value = try decode(content)
            // A copy of another pair's file is not this pair's.
            guard header(value).workspaceKey == workspace, header(value).endpointKey == endpoint else {
                throw .malformed(at: Baseline.preambleLength)
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
        try RootDirectory.createWithParents(path)
        let file = path(workspace: baseline.header.workspaceKey, endpoint: baseline.header.endpointKey)
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            let name = try Self.name(baseline.header.workspaceKey, baseline.header.endpointKey)
            let temporary = try Self.temporaryName(baseline.header.workspaceKey, baseline.header.endpointKey)
            do throws(Errno) {
                try Self.write(baseline, to: try directory.createFileAnew(temporary, mode: 0o600), flushes: flushes)
                try directory.rename(temporary, to: directory, as: name)
            } catch {
                try? directory.removeFile(temporary)
                throw error
            }
            if flushes { try directory.synchronize() }
        } catch {
            throw FileSystemError("write the baseline in", path: file, cause: error)
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
        where Array(names.name(at: index).bytes).suffix(Self.suffix.utf8.count)
            .elementsEqual(Self.suffix.utf8)
            && !names.name(at: index).bytes.starts(with: ReservedNames.temporaryPrefix)
        {
            guard let content = try? Self.read(names.name(at: index), in: directory.handle),
                let baseline = try? Self.decode(content), baseline.header.workspaceKey == workspace,
                let next = baseline.replacing(localFingerprints: prints)
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
            let name = try? Self.temporaryName(workspace, endpoint)
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
            try directory.removeFile(try Self.name(workspace, endpoint))
            try directory.synchronize()
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileSystemError(
                "remove the baseline in", path: path(workspace: workspace, endpoint: endpoint), cause: error)
        }
    }

    // MARK: Parts

    private static func fileName(_ workspace: [UInt8], _ endpoint: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        // The length first: no two pairs may run together.
        hash.update(data: Array("\(workspace.count):".utf8))
        hash.update(data: workspace)
        hash.update(data: endpoint)
        let digits = Array("0123456789abcdef".utf8)
        return hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + suffix.utf8
    }

    private static func name(_ workspace: [UInt8], _ endpoint: [UInt8]) throws(Errno) -> TerminatedName {
        try component(fileName(workspace, endpoint))
    }

    /// Each pair has one, so that the next command for the pair finds what a kill left.
    private static func temporaryName(_ workspace: [UInt8], _ endpoint: [UInt8]) throws(Errno) -> TerminatedName {
        try component(ReservedNames.temporaryPrefix + fileName(workspace, endpoint))
    }

    private static func component(_ bytes: [UInt8]) throws(Errno) -> TerminatedName {
        do throws(RelativePathError) {
            return try TerminatedName(bytes)
        } catch {
            throw .invalidArgument
        }
    }

    private static func write(
        _ baseline: Baseline, to file: consuming FileHandle, flushes: Bool
    ) throws(Errno) {
        var hash = SHA256()
        for part in [baseline.encodedPrefix()[...], baseline.encodedBlocks] {
            var start = part.startIndex
            while start < part.endIndex {
                let piece = part[start..<min(start + pieceLength, part.endIndex)]
                hash.update(data: piece)
                try file.write(piece.span)
                start = piece.endIndex
            }
        }
        try file.write(Array(hash.finalize()).span)
        if flushes { try file.synchronize() }
    }

    /// Reads a file of plausible length; the length that it claims must be the length that it has before more is read than that.
    private static func read(_ name: TerminatedName, in directory: borrowing DirectoryHandle) throws(Errno) -> [UInt8] {
        let file = try directory.openFile(name)
        let status = try file.status()
        guard status.kind == .file, status.size <= maximumLength else { throw .fileTooLarge }
        var content: [UInt8] = []
        try fill(&content, to: min(Int(status.size), Baseline.preambleLength), from: file)
        guard let preamble = try? Baseline.Preamble(content),
            preamble.prefixLength + preamble.blocksLength + checksumLength == Int(status.size)
        else { return content }
        content.reserveCapacity(Int(status.size))
        try fill(&content, to: Int(status.size), from: file)
        return content
    }

    private static func fill(_ content: inout [UInt8], to length: Int, from file: borrowing FileHandle) throws(Errno) {
        var buffer = [UInt8](repeating: 0, count: min(pieceLength, max(1, length - content.count)))
        while content.count < length {
            var span = buffer.mutableSpan
            let count = try file.read(into: &span)
            if count == 0 { return }
            content.append(contentsOf: buffer[..<min(count, length - content.count)])
        }
    }

    private static func decode(_ content: [UInt8]) throws(BaselineDamage) -> Baseline {
        try checkSum(of: content)
        return try Baseline(encoded: content, trailing: checksumLength)
    }

    private static func checkSum(of content: [UInt8]) throws(BaselineDamage) {
        let preamble = try Baseline.Preamble(content)
        let length = preamble.prefixLength + preamble.blocksLength
        guard content.count == length + checksumLength else { throw .malformed(at: content.count) }
        var hash = SHA256()
        var start = 0
        while start < length {
            let end = min(start + pieceLength, length)
            hash.update(data: content[start..<end])
            start = end
        }
        guard hash.finalize().elementsEqual(content[length...]) else { throw .malformed(at: length) }
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
