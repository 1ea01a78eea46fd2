package import FerryCore
import SystemPackage

/// Removes what Ferry put into a runtime directory of this machine, whatever a program made of it meanwhile.
package enum RuntimeDirectoryEraser {
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
