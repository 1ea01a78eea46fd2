import FerryCore
import SystemPackage

/// A file that is written beside its final name and takes it only when it is complete.
package final class NewFile {
    private let directory: OpenDirectory
    private let name: TerminatedName
    private let temporary: TerminatedName
    private let path: [UInt8]
    private var isPending = false

    /// Finds the place.
    ///
    /// - Parameter path: The final path, as the user gave it.
    /// - Throws: ``FileSystemError`` when the directory is not there or the name is none.
    package init(at path: [UInt8]) throws(FileSystemError) {
        self.path = path
        let slash = path.lastIndex(of: RelativePath.separator)
        let parent = slash.map { $0 == 0 ? Array("/".utf8) : Array(path[..<$0]) } ?? Array(".".utf8)
        let last = path[(slash.map { $0 + 1 } ?? 0)...]
        directory = try RootDirectory.open(parent)
        do throws(RelativePathError) {
            name = try TerminatedName(last)
        } catch {
            throw FileSystemError("write", path: path, cause: .isDirectory)
        }
        var names = TemporaryNames(worker: 0)
        temporary = names.next()
    }

    deinit {
        if isPending { try? directory.handle.removeFile(temporary) }
    }

    /// Makes the file, under its temporary name.
    package func makeOutput() throws(FileSystemError) -> OutputStream {
        do throws(Errno) {
            if let status = try? directory.handle.status(of: name), status.kind == .directory { throw .isDirectory }
            let file = try directory.handle.createFile(temporary, mode: 0o666)
            isPending = true
            return try OutputStream(file)
        } catch {
            throw FileSystemError("create", path: path, cause: error)
        }
    }

    /// Gives the file its name.
    package func commit() throws(FileSystemError) {
        do throws(Errno) {
            try directory.handle.rename(temporary, to: directory.handle, as: name)
            isPending = false
        } catch {
            throw FileSystemError("rename to", path: path, cause: error)
        }
    }
}
