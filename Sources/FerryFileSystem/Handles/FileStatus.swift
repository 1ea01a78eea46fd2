import FerryCore
import Glibc

extension EntryStatus {
    /// Takes over what `stat(2)` says.
    ///
    /// Setuid, setgid and sticky bits are dropped: they are never carried.
    init(_ status: stat) {
        self.init(
            kind: EntryKind(modeBits: status.st_mode),
            mode: UInt16(status.st_mode & 0o777),
            size: Int64(status.st_size),
            mtime: Timestamp(status.st_mtim),
            ctime: Timestamp(status.st_ctim),
            inode: UInt64(status.st_ino),
            device: UInt64(status.st_dev),
            linkCount: UInt64(status.st_nlink),
            allocatedSize: Int64(status.st_blocks) * 512)
    }
}

extension EntryKind {
    /// The kind in the upper bits of `st_mode`.
    init(modeBits: mode_t) {
        switch modeBits & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symlink
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        case S_IFCHR: self = .characterDevice
        case S_IFBLK: self = .blockDevice
        default: self = .unknown
        }
    }

    /// The kind in a directory entry's `d_type`; nil where the file system does not say.
    init?(directoryEntryType type: UInt8) {
        switch Int32(type) {
        case Int32(DT_REG): self = .file
        case Int32(DT_DIR): self = .directory
        case Int32(DT_LNK): self = .symlink
        case Int32(DT_FIFO): self = .fifo
        case Int32(DT_SOCK): self = .socket
        case Int32(DT_CHR): self = .characterDevice
        case Int32(DT_BLK): self = .blockDevice
        default: return nil
        }
    }
}

extension Timestamp {
    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }

    /// Access time left alone, modification time as given: what `utimensat(2)` takes.
    var asTimes: (timespec, timespec) {
        (
            timespec(tv_sec: 0, tv_nsec: Int(UTIME_OMIT_VALUE)),
            timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        )
    }
}

/// `UTIME_OMIT` of <sys/stat.h>, a macro with a shift that Swift does not import.
private let UTIME_OMIT_VALUE = (1 << 30) - 2
