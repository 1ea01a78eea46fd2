package import FerryCore
import SystemPackage

extension RootDirectory {
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
}
