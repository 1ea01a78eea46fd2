package import FerryCore
import SystemPackage

/// A directory of our own for a short time, in the state directory: made empty, and removed with all that is in it.
package struct PrivateTree: Sendable {
    /// Its path.
    package let path: [UInt8]
    /// The directory.
    package let directory: OpenDirectory
    private let container: OpenDirectory
    private let name: TerminatedName

    /// Makes it, for this user only; what an earlier process left there goes first.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - container: The path of the directory that holds it, made where it is missing.
    /// - Throws: ``FileSystemError``.
    package init(named name: TerminatedName, in container: [UInt8]) throws(FileSystemError) {
        try RootDirectory.createWithParents(container)
        self.container = try RootDirectory.open(container)
        self.name = name
        path = container + [RelativePath.separator] + name.bytes
        try Self.erase(name, in: self.container)
        do throws(Errno) {
            try self.container.handle.makeDirectory(name, mode: 0o700)
            directory = OpenDirectory(try self.container.handle.openDirectory(name))
        } catch {
            throw FileSystemError("make the directory", path: path, cause: error)
        }
    }

    /// Removes it; what cannot be removed goes before the next one of its name is made.
    package func discard() { DirectoryEraser.erase(name, in: container) }

    /// Makes a directory in it.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - mode: Its permission bits.
    /// - Returns: The directory.
    /// - Throws: ``FileSystemError``.
    @discardableResult
    package func makeDirectory(_ name: TerminatedName, mode: UInt16) throws(FileSystemError) -> OpenDirectory {
        try Self.makeDirectory(name, in: directory, mode: mode)
    }

    /// Makes a directory in one of its directories.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - directory: The directory that is to hold it.
    ///   - mode: Its permission bits.
    /// - Returns: The directory.
    /// - Throws: ``FileSystemError``.
    @discardableResult
    package static func makeDirectory(
        _ name: TerminatedName, in directory: OpenDirectory, mode: UInt16
    ) throws(FileSystemError) -> OpenDirectory {
        do throws(Errno) {
            try directory.handle.makeDirectory(name, mode: 0o700)
            let made = OpenDirectory(try directory.handle.openDirectory(name))
            try made.handle.setMode(mode)
            return made
        } catch {
            throw FileSystemError("make the directory", path: name.bytes, cause: error)
        }
    }

    /// Makes a file in one of its directories.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - directory: The directory.
    ///   - content: What is in it.
    ///   - time: Its modification time.
    /// - Throws: ``FileSystemError``.
    package static func makeFile(
        _ name: TerminatedName, in directory: OpenDirectory, content: [UInt8], time: Timestamp
    ) throws(FileSystemError) {
        do throws(Errno) {
            let file = try directory.handle.createFile(name, mode: 0o600)
            try file.write(content.span)
            try file.setMode(0o644)
            try file.setTime(time)
        } catch {
            throw FileSystemError("write the file", path: name.bytes, cause: error)
        }
    }

    /// Removes an entry with all that is below it, whatever it is, without following any link.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - container: The directory that holds it.
    /// - Throws: ``FileSystemError`` when something of it is still there; that there was nothing is fine.
    package static func erase(_ name: TerminatedName, in container: OpenDirectory) throws(FileSystemError) {
        do throws(Errno) {
            guard try container.handle.status(of: name).kind == .directory else {
                return try container.handle.removeFile(name)
            }
            DirectoryEraser.erase(name, in: container)
            _ = try container.handle.status(of: name)
            throw .directoryNotEmpty
        } catch .noSuchFileOrDirectory {
            return
        } catch {
            throw FileSystemError("remove", path: name.bytes, cause: error)
        }
    }

    /// Removes a directory that holds nothing but one file of a known name.
    ///
    /// - Parameters:
    ///   - file: The only file that may be in it.
    ///   - name: The directory's name.
    ///   - container: The directory that holds it.
    /// - Throws: ``FileSystemError``; that there is more in it is fine, and it stays.
    package static func eraseIfOnly(
        _ file: TerminatedName, isIn name: TerminatedName, in container: OpenDirectory
    ) throws(FileSystemError) {
        do throws(Errno) {
            let directory = try container.handle.openDirectory(name)
            var reader = DirectoryReader()
            try reader.read(directory, fillsBuffer: false)
            let others = (0..<reader.count).contains { !reader.name(at: $0).bytes.elementsEqual(file.bytes) }
            if others { return }
            if reader.count > 0 { try directory.removeFile(file) }
            try container.handle.removeDirectory(name)
        } catch .noSuchFileOrDirectory, .directoryNotEmpty {
            return
        } catch {
            throw FileSystemError("remove", path: name.bytes, cause: error)
        }
    }
}
