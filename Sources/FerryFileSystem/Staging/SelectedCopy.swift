import CFerryShims
package import FerryCore
package import FerryThreads
import Glibc
import SystemPackage

/// A copy of a directory of the user's own, without what rules exclude and, if asked for, with links replaced by what they lead to.
///
/// For what is to be sent as an exact image although it is not one of the directory. Hard links become files of their own.
package struct SelectedCopy {
    /// What a copy could not do.
    package enum Failure: Error, Sendable {
        /// Something failed; there is no copy then.
        case fileSystem(FileSystemError)
        /// Somebody asked to stop.
        case cancelled
    }

    private let rules: IgnoreRules
    private let followsLinks: Bool
    private let cancellation: CancellationFlag
    private var problems: [Problem] = []

    private init(_ rules: IgnoreRules, followsLinks: Bool, _ cancellation: CancellationFlag) {
        self.rules = rules
        self.followsLinks = followsLinks
        self.cancellation = cancellation
    }

    /// A directory that is to be copied, or to get its mode and time because all in it is there.
    private enum Job {
        case copy(Found)
        case finish(OpenDirectory, EntryStatus, path: [UInt8])
    }

    /// A directory that was found and is opened when its turn comes, so that few are open at a time.
    private struct Found {
        var parent: Pair
        var name: TerminatedName
        var isFollowed: Bool
        var status: EntryStatus
        var path: [UInt8]
        /// The directories above it, so that a link to one of them is not followed for ever.
        var above: [Place]
    }

    /// A directory and its copy.
    private struct Pair {
        var source: OpenDirectory
        var destination: OpenDirectory
    }

    private struct Place: Equatable {
        var device: UInt64
        var inode: UInt64

        init(_ status: EntryStatus) {
            device = status.device
            inode = status.inode
        }
    }

    /// Copies.
    ///
    /// - Parameters:
    ///   - source: The user's directory.
    ///   - destination: An empty directory of our own.
    ///   - rules: What is left out.
    ///   - followsLinks: Whether links are replaced by what they lead to.
    ///   - cancellation: Raise it to stop.
    /// - Returns: What was left out although no rule says so: what is behind a link to a directory above it, devices,
    ///   sockets and fifos.
    /// - Throws: ``Failure``; also when something cannot be read, since what is missing would be deleted over there.
    package static func make(
        of source: OpenDirectory, in destination: OpenDirectory, rules: IgnoreRules, followsLinks: Bool,
        cancellation: CancellationFlag
    ) throws(Failure) -> [Problem] {
        var copy = SelectedCopy(rules, followsLinks: followsLinks, cancellation)
        let root: EntryStatus
        do throws(Errno) { root = try source.handle.status() } catch {
            throw .fileSystem(FileSystemError("read the metadata of", path: [], cause: error))
        }
        var jobs: [Job] = []
        try copy.fill(Pair(source: source, destination: destination), path: [], above: [Place(root)], &jobs)
        while let job = jobs.popLast() {
            switch job {
            case .copy(let found): try copy.copy(found, &jobs)
            case .finish(let directory, let status, let path):
                do throws(Errno) {
                    try directory.handle.setTime(status.mtime)
                    try directory.handle.setMode(status.mode)
                } catch {
                    throw .fileSystem(FileSystemError("set the mode of the copy of", path: path, cause: error))
                }
            }
        }
        return copy.problems
    }

    /// Copies a directory that was found: its files now, its directories as jobs.
    private mutating func copy(_ found: Found, _ jobs: inout [Job]) throws(Failure) {
        let pair: Pair
        do throws(Errno) {
            let (source, destination) = (found.parent.source, found.parent.destination)
            let opened =
                try found.isFollowed
                ? source.handle.openDirectoryFollowingLinks(found.name) : source.handle.openDirectory(found.name)
            try destination.handle.makeDirectory(found.name, mode: 0o700)
            let made = try destination.handle.openDirectory(found.name)
            pair = Pair(source: OpenDirectory(opened), destination: OpenDirectory(made))
        } catch {
            throw .fileSystem(FileSystemError("copy the directory", path: found.path, cause: error))
        }
        jobs.append(.finish(pair.destination, found.status, path: found.path))
        try fill(pair, path: found.path, above: found.above + [Place(found.status)], &jobs)
    }

    private mutating func fill(
        _ pair: Pair, path: [UInt8], above: [Place], _ jobs: inout [Job]
    ) throws(Failure) {
        var reader = DirectoryReader()
        do throws(Errno) {
            try reader.read(try pair.source.handle.reopen(), fillsBuffer: false)
        } catch {
            throw .fileSystem(FileSystemError("list the directory", path: path, cause: error))
        }
        for index in 0..<reader.count {
            if cancellation.isRaised { throw .cancelled }
            let name = reader.name(at: index)
            let path = path + (path.isEmpty ? [] : [RelativePath.separator]) + name.bytes
            do throws(Errno) {
                try copy(name, path, pair, above, &jobs)
            } catch {
                throw .fileSystem(FileSystemError("copy", path: path, cause: error))
            }
        }
    }

    private mutating func copy(
        _ name: TerminatedName, _ path: [UInt8], _ pair: Pair, _ above: [Place], _ jobs: inout [Job]
    ) throws(Errno) {
        let (source, destination) = (pair.source, pair.destination)
        var status = try source.handle.status(of: name)
        var isFollowed = followsLinks && status.kind == .symlink
        if isFollowed {
            do throws(Errno) {
                status = try source.handle.statusFollowingLinks(of: name)
            } catch  where [.noSuchFileOrDirectory, .tooManySymbolicLinkLevels, .notDirectory].contains(error) {
                // It leads nowhere and stays a link.
                isFollowed = false
            }
        }
        let isDirectory = status.kind == .directory
        guard !rules.verdict(for: RelativePath(unchecked: path), isDirectory: isDirectory).isExcluded else { return }
        switch status.kind {
        case .directory:
            guard !above.contains(Place(status)) else {
                skip(path, "a link to a directory that holds it; it is sent as an empty directory")
                try destination.handle.makeDirectory(name, mode: 0o700)
                return try destination.handle.setMode(of: name, to: 0o755)
            }
            // The reader's names are views of a buffer that is used again.
            let owned = TerminatedName(unchecked: ArraySlice(Array(name.terminated)))
            jobs.append(
                .copy(
                    Found(
                        parent: pair, name: owned, isFollowed: isFollowed, status: status, path: path, above: above)))
        case .file:
            let file = try isFollowed ? source.handle.openFileFollowingLinks(name) : source.handle.openFile(name)
            try Self.copy(file, to: destination.handle.createFile(name, mode: 0o600))
        case .symlink:
            let target = try source.handle.target(of: name)
            try destination.handle.createSymlink(name, terminatedTarget: ArraySlice(target + [0]))
            try destination.handle.setTime(of: name, to: status.mtime)
        default: skip(path, "neither a file nor a directory nor a link, left out")
        }
    }

    private mutating func skip(_ path: [UInt8], _ message: String) {
        problems.append(Problem(.skipped, path: path, message: message))
    }

    private static func copy(_ source: consuming FileHandle, to destination: consuming FileHandle) throws(Errno) {
        let status = try source.status()
        // It was a file a moment ago.
        guard status.kind == .file else { throw .invalidArgument }
        if (try? source.clone(to: destination)) == nil { try copyContent(source, to: destination) }
        try destination.setMode(status.mode)
        try destination.setTime(status.mtime)
    }

    private static func copyContent(
        _ source: borrowing FileHandle, to destination: borrowing FileHandle
    ) throws(Errno) {
        do throws(Errno) {
            while try source.copyRange(to: destination, count: 16 << 20) > 0 {}
            return
        } catch  where [.improperLink, .invalidArgument, .noFunction, .notSupported].contains(error) {
            try source.seek(to: 0)
            try destination.seek(to: 0)
        }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            var span = buffer.mutableSpan
            let count = try source.read(into: &span)
            if count == 0 { return }
            try destination.write(buffer.span.extracting(..<count))
        }
    }
}

extension DirectoryHandle {
    /// The metadata of what an entry leads to.
    ///
    /// For the user's own directories only, whose links are the user's own.
    fileprivate func statusFollowingLinks(of name: TerminatedName) throws(Errno) -> EntryStatus {
        var buffer = stat()
        unsafe try withCString(name) { name throws(Errno) in
            _ = try systemCall { unsafe fstatat(descriptor, name, &buffer, 0) }
        }
        return EntryStatus(buffer)
    }

    /// Opens the directory that an entry leads to.
    fileprivate func openDirectoryFollowingLinks(_ name: TerminatedName) throws(Errno) -> DirectoryHandle {
        unsafe DirectoryHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall { unsafe openat(descriptor, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
            })
    }

    /// Opens the file that an entry leads to, and never waits for a fifo.
    fileprivate func openFileFollowingLinks(_ name: TerminatedName) throws(Errno) -> FileHandle {
        unsafe FileHandle(
            descriptor: try withCString(name) { name throws(Errno) in
                try systemCall { unsafe openat(descriptor, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC) }
            })
    }
}
