/// What an entry of a tree is.
public enum EntryKind: UInt8, Sendable, CaseIterable {
    /// A regular file.
    case file = 1
    /// A directory.
    case directory = 2
    /// A symbolic link.
    case symlink = 3
    /// A named pipe.
    case fifo = 4
    /// A Unix-domain socket.
    case socket = 5
    /// A character device.
    case characterDevice = 6
    /// A block device.
    case blockDevice = 7
    /// A kind that this system does not name, or an entry whose kind could not be learnt.
    case unknown = 8

    /// Whether Ferry carries entries of this kind.
    ///
    /// The others are skipped and reported.
    public var isCarried: Bool {
        self == .file || self == .directory || self == .symlink
    }

    /// The kind's name in messages, without an article.
    public var noun: String {
        switch self {
        case .file: "file"
        case .directory: "directory"
        case .symlink: "symbolic link"
        case .fifo: "fifo"
        case .socket: "socket"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .unknown: "entry of unknown kind"
        }
    }
}
