package import FerryCore
package import SystemPackage

extension DirectoryHandle {
    /// Makes a file that only the caller, who holds a lock, gives this name; one that a kill left there goes first.
    package func createFileAnew(_ name: TerminatedName, mode: UInt16) throws(Errno) -> FileHandle {
        do throws(Errno) {
            return try createFile(name, mode: mode)
        } catch .fileExists {
            try removeFile(name)
            return try createFile(name, mode: mode)
        }
    }
}
