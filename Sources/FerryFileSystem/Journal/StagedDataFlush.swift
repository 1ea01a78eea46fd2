import FerryCore
import SystemPackage

/// Brings what was staged to its disk before anything in the workspace depends on it.
package enum Flushing {
    /// Up to so many entries are flushed one by one; more, all at once with `syncfs(2)`.
    ///
    /// Measured on ext4 with files of 4 kB: 10 files take 1 ms by `fdatasync` from four threads and 8 ms by `syncfs`, 100 files
    /// 8 and 1 ms, 10,000 files 670 and 84 ms. But `syncfs` also waits for what other programs wrote.
    static let fewEntries = 64

    /// Flushes everything below a directory.
    ///
    /// - Throws: ``FileSystemError`` when something may not be on the disk.
    package static func flush(_ root: OpenDirectory) throws(FileSystemError) {
        do throws(Errno) {
            guard try !flushFew(below: root) else { return }
            try root.handle.synchronizeFileSystem()
        } catch {
            throw FileSystemError("flush what was staged in", path: [], cause: error)
        }
    }

    /// Flushes a small tree entry by entry; returns false, half-way, when it is not small.
    private static func flushFew(below root: OpenDirectory) throws(Errno) -> Bool {
        var pending = [root]
        var reader = DirectoryReader()
        var count = 0
        while let directory = pending.popLast() {
            try reader.read(try directory.handle.reopen(), fillsBuffer: false)
            count += reader.count
            if count > fewEntries { return false }
            for index in 0..<reader.count {
                let name = reader.name(at: index)
                do throws(Errno) {
                    switch try directory.handle.status(of: name).kind {
                    case .directory: pending.append(OpenDirectory(try directory.handle.openDirectory(name)))
                    case .file: try directory.handle.openFile(name).synchronize()
                    // A link's target comes to the disk with its directory.
                    default: break
                    }
                } catch .permissionDenied {
                    // Its mode closes it to us.
                    return false
                }
            }
            try directory.handle.synchronize()
        }
        return true
    }
}
