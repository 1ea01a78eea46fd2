public import FerryCore

/// A member of an archive that is being read: checked, and with what Ferry does not carry left out.
public struct ArchiveMember: Hashable, Sendable {
    /// What a member is.
    public enum Kind: Hashable, Sendable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A symbolic link with the bytes of its target, verbatim.
        case symlink(target: [UInt8])
        /// Another name of a file. Whether that file comes earlier in the archive is for the reader of the archive to check.
        case hardLink(target: RelativePath)
        /// A device or a fifo, which Ferry never makes.
        case skipped(EntryKind)
    }

    /// The member's path.
    public var path: RelativePath
    /// What it is.
    public var kind: Kind
    /// The nine permission bits.
    public var mode: UInt16
    /// A file's size with its holes; 0 for other kinds.
    public var size: Int64
    /// The time of the last change of the content.
    public var mtime: Timestamp
    /// Whether the content has holes.
    public var isSparse: Bool
    /// Where its header begins in the uncompressed archive.
    public var position: Int64
    /// Whom the header says it belongs to.
    package var owner: RemoteOwner
}

/// A piece of a file's content that was copied.
public struct ContentPiece: Hashable, Sendable {
    /// Where the piece belongs in the file; a gap after the piece before is a hole.
    public var offset: Int64
    /// The number of bytes.
    public var count: Int
}

/// What proves that an archive was read to its end; only a reader that saw the end makes one.
public struct EndOfArchiveEvidence: Hashable, Sendable {
    /// The number of members, a root member and skipped kinds included.
    public let members: Int64
    /// The bytes of the uncompressed archive, end marker and padding included.
    public let archiveBytes: Int64
    /// The bytes that were taken from the source.
    public let sourceBytes: Int64
    /// The bytes of content that the members hold in the archive.
    public let contentBytes: Int64
    /// The compression that was undone.
    public let compression: Compression
}

/// A compression of a whole archive.
public enum Compression: String, Sendable, CaseIterable {
    /// None.
    case none
    /// RFC 1952, one member.
    case gzip
    /// RFC 8878.
    case zstd
    /// The xz format.
    case xz
}
