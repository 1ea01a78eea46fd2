import Glibc

/// The kernel's cache of files, emptied for the rows that begin cold.
enum PageCache {
    private static let control = "/proc/sys/vm/drop_caches"

    /// Whether this process may empty it.
    static var canBeDropped: Bool { unsafe access(control, W_OK) == 0 }

    /// Empties the cache, entries and inodes too; the programs that are about to run are read again.
    ///
    /// - Parameter pipeline: The programs: how long it takes to load them is no part of the row.
    /// - Throws: When the kernel refuses, or a program cannot be read.
    static func drop(keeping pipeline: Pipeline) throws {
        sync()
        try Files.write("3\n", to: control)
        for stage in pipeline.stages {
            if let path = Tools.find(stage.arguments[0]) { try Files.readThrough(path) }
        }
    }
}
