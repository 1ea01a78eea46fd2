package import FerryCore
import SystemPackage

extension RootDirectory {
    /// Opens a directory below another one, made where it is missing, without following any link on the way.
    ///
    /// - Parameters:
    ///   - components: The names on the way.
    ///   - root: Where to begin.
    /// - Returns: The directory.
    /// - Throws: Why it cannot be made or opened; something else that stands in the way is left alone.
    package static func openOrCreate(
        _ components: [TerminatedName], below root: OpenDirectory
    ) throws(FileSystemError) -> OpenDirectory {
        var current = root
        var path: [UInt8] = []
        for name in components {
            path += (path.isEmpty ? [] : [RelativePath.separator]) + name.bytes
            do throws(Errno) {
                do throws(Errno) { try current.handle.makeDirectory(name, mode: 0o777) } catch .fileExists {}
                current = OpenDirectory(try current.handle.openDirectory(name))
            } catch {
                throw FileSystemError("make and open the directory", path: path, cause: error)
            }
        }
        return current
    }

    /// Opens a directory below another one without following any link on the way.
    ///
    /// - Parameters:
    ///   - components: The names on the way.
    ///   - root: Where to begin.
    /// - Returns: The directory; nil when it is known that it is not there.
    /// - Throws: Why it cannot be opened.
    package static func openIfPresent(
        _ components: [TerminatedName], below root: OpenDirectory
    ) throws(FileSystemError) -> OpenDirectory? {
        var current = root
        var path: [UInt8] = []
        for name in components {
            path += (path.isEmpty ? [] : [RelativePath.separator]) + name.bytes
            do throws(Errno) {
                current = OpenDirectory(try current.handle.openDirectory(name))
            } catch .noSuchFileOrDirectory {
                return nil
            } catch {
                throw FileSystemError("open the directory", path: path, cause: error)
            }
        }
        return current
    }

    /// A path that leads to exactly a directory that is open, whatever became of its names; in this process and while it is open.
    package static func pathOfDescriptor(_ directory: OpenDirectory) -> [UInt8] {
        Array("/proc/self/fd/\(directory.handle.descriptor)".utf8)
    }
}
