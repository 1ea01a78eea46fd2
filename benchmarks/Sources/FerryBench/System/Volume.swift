import Glibc

/// Where trees are made: a fresh file system for each timed run where possible, else fresh directories.
///
/// Creating after deleting is many times slower on some file systems, so no destination is ever made where another one
/// was deleted during the measurement.
final class Volume {
    /// How destinations are made, for the report.
    let description: String

    private let base: String
    private let image: String?
    private var isMounted = false
    private var serial = 0

    /// Prepares a volume.
    ///
    /// - Parameters:
    ///   - base: a directory that only this volume uses.
    ///   - size: how much it can hold, in bytes; taken from the disk only as far as it is used.
    /// - Throws: when the directory cannot be made; a missing loop device is no error.
    init(base: String, size: Int64) throws {
        self.base = base
        try Files.makeDirectory(base + "/mnt")
        let path = base + "/volume.img"
        do {
            guard geteuid() == 0 else { throw BenchError("not root") }
            guard try Files.freeBytes(at: base) > size else { throw BenchError("not enough free space") }
            let descriptor = try unsafe check(open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600), "open", path)
            defer { close(descriptor) }
            try check(ftruncate(descriptor, Int(size)), "ftruncate", path)
            try Self.mount(path, on: base + "/mnt", scratch: base)
            isMounted = true
            image = path
            description = "ext4 with a journal, made afresh on a loop device (\(size >> 20) MiB) for each run"
        } catch {
            unsafe unlink(path)
            image = nil
            description = "a fresh directory for each run, on the file system of the work directory (\(error))"
        }
    }

    /// The size that holds a destination: three times its bytes, and 32 KiB an entry, for inodes come one in 16 KiB.
    ///
    /// For very many entries it is less, or writing the tables of inodes would take longer than all else.
    static func size(bytes: Int64, entries: Int) -> Int64 {
        if entries > 1_000_000 { return 2 * bytes + Int64(entries) * 17_408 }
        return max(1 << 30, 3 * bytes + Int64(entries) * 32_768)
    }

    /// A new, empty directory on a new file system; what earlier calls gave is gone or out of the way.
    func fresh() throws -> String {
        serial += 1
        if let image {
            try unmount()
            try Self.mount(image, on: base + "/mnt", scratch: base)
            isMounted = true
        } else if try Files.freeBytes(at: base) < 8 << 30 {
            // Only when space runs out: deleting before creating distorts what follows.
            Tools.removeTree(base + "/mnt")
        }
        let directory = "\(base)/mnt/run-\(serial)"
        try Files.makeDirectory(directory)
        return directory
    }

    /// Unmounts the image, if there is one.
    func unmount() throws {
        guard isMounted else { return }
        let point = base + "/mnt"
        var attempts = 0
        while unsafe umount2(point, 0) != 0 {
            attempts += 1
            // A shell that was asked to end takes its two seconds.
            guard errno == EBUSY, attempts < 300 else { throw BenchError.call("umount", point) }
            usleep(20_000)
        }
        isMounted = false
        Interruption.remove(mount: point)
    }

    /// Makes the file system, keeping the image's blocks: their first touch would otherwise be charged to the subjects.
    private static func mount(_ image: String, on point: String, scratch: String) throws {
        try Tools.run(
            ["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", image],
            scratch: scratch)
        Interruption.add(mount: point)
        do {
            try Tools.run(["mount", "-o", "loop", image, point], scratch: scratch)
        } catch {
            Interruption.remove(mount: point)
            throw error
        }
    }
}
