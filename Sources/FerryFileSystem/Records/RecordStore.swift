import Crypto
import FerryCore
import Glibc
import SystemPackage

/// Keeps small records in a directory of their own below the state directory: one file each, its content followed by its SHA-256.
///
/// A file is replaced as a whole, so a crash leaves the old one or the new one.
package struct RecordStore: Sendable {
    /// The directory that holds the records.
    package let path: [UInt8]

    /// More no record of ours has.
    private static let maximumLength: Int64 = 16 << 20
    private static let suffix = Array(".record".utf8)

    /// Why a record could not be had.
    package enum Failure: Error, Sendable {
        /// It is not what was written.
        case damaged(path: [UInt8])
        /// It cannot be read.
        case fileSystem(FileSystemError)
    }

    /// Prepares; nothing is made yet.
    ///
    /// - Parameters:
    ///   - stateDirectory: The directory for Ferry's state.
    ///   - name: The name of the directory in it.
    package init(in stateDirectory: [UInt8], name: String) { path = stateDirectory + Array("/\(name)".utf8) }

    /// Writes a record; nobody else may be writing one of that name.
    ///
    /// - Parameters:
    ///   - content: What is to be kept.
    ///   - name: Under which name; one path component.
    /// - Throws: ``FileSystemError``; the old one is then still there.
    package func save(_ content: [UInt8], as name: String) throws(FileSystemError) {
        try RootDirectory.createWithParents(path)
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            let temporary = try Self.temporaryName(name)
            do throws(Errno) {
                let file = try directory.createFileAnew(temporary, mode: 0o600)
                try file.write(content.span)
                try file.write(Array(SHA256.hash(data: content)).span)
                try file.synchronize()
                try directory.rename(temporary, to: directory, as: Self.fileName(name))
            } catch {
                try? directory.removeFile(temporary)
                throw error
            }
            try directory.synchronize()
        } catch {
            throw FileSystemError("write a record in", path: path, cause: error)
        }
    }

    /// Reads a record.
    ///
    /// - Parameter name: Its name.
    /// - Returns: Its content; nil when there is none.
    /// - Throws: ``Failure``.
    package func load(_ name: String) throws(Failure) -> [UInt8]? {
        let content: [UInt8]
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            content = try Self.read(try Self.fileName(name), in: directory)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch .fileTooLarge {
            throw .damaged(path: path + Array("/\(name)".utf8) + Self.suffix)
        } catch {
            throw .fileSystem(FileSystemError("read a record in", path: path, cause: error))
        }
        let (body, digest) = (content.dropLast(SHA256.byteCount), content.suffix(SHA256.byteCount))
        guard digest.count == SHA256.byteCount, SHA256.hash(data: body).elementsEqual(digest) else {
            throw .damaged(path: path + Array("/\(name)".utf8) + Self.suffix)
        }
        return Array(body)
    }

    /// The names of all records.
    ///
    /// - Returns: The names, sorted.
    /// - Throws: ``FileSystemError``; that there is no directory is fine.
    package func names() throws(FileSystemError) -> [String] {
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            var reader = DirectoryReader()
            try reader.read(directory, fillsBuffer: false)
            var names: [String] = []
            for index in 0..<reader.count {
                let name = reader.name(at: index).bytes
                guard name.suffix(Self.suffix.count).elementsEqual(Self.suffix) else { continue }
                names.append(String(decoding: name.dropLast(Self.suffix.count), as: UTF8.self))
            }
            return names
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw FileSystemError("list the records in", path: path, cause: error)
        }
    }

    /// Forgets a record, and what a kill left of one that was being written.
    ///
    /// - Parameter name: Its name.
    /// - Throws: ``FileSystemError``; that there is none is fine.
    package func remove(_ name: String) throws(FileSystemError) {
        do throws(Errno) {
            let directory = try DirectoryHandle(path: path)
            do throws(Errno) { try directory.removeFile(try Self.temporaryName(name)) } catch .noSuchFileOrDirectory {}
            try directory.removeFile(try Self.fileName(name))
            try directory.synchronize()
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileSystemError("remove a record in", path: path, cause: error)
        }
    }

    private static func fileName(_ name: String) throws(Errno) -> TerminatedName {
        try component(Array(name.utf8) + suffix)
    }

    private static func temporaryName(_ name: String) throws(Errno) -> TerminatedName {
        try component(ReservedNames.temporaryPrefix + Array(name.utf8))
    }

    private static func component(_ bytes: [UInt8]) throws(Errno) -> TerminatedName {
        do throws(RelativePathError) {
            return try TerminatedName(bytes)
        } catch {
            throw .invalidArgument
        }
    }

    private static func read(_ name: TerminatedName, in directory: borrowing DirectoryHandle) throws(Errno) -> [UInt8] {
        let file = try directory.openFile(name)
        let status = try file.status()
        guard status.kind == .file, status.size <= maximumLength else { throw .fileTooLarge }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while content.count <= Int(maximumLength) {
            var span = buffer.mutableSpan
            let count = try file.read(into: &span)
            if count == 0 { break }
            content += buffer[..<count]
        }
        return content
    }
}
