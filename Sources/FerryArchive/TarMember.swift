public import FerryCore

/// What a tar header says about a member apart from its name and its link target.
public struct TarMember: Hashable, Sendable {
    /// What a member is.
    public enum Kind: UInt8, Sendable {
        /// A regular file with content.
        case file
        /// A directory.
        case directory
        /// A symbolic link; its target is any bytes but NUL.
        case symlink
        /// Another name of a file that comes earlier in the same archive; its target is that file's path.
        case hardLink
    }

    /// What the member is.
    public var kind: Kind
    /// The nine permission bits; others are dropped.
    public var mode: UInt16
    /// The size of a file's content; written as 0 for the other kinds.
    public var size: Int64
    /// The time of the last change of the content.
    public var mtime: Timestamp
    /// Whom it is given to by a reader that obeys it; root unless it is set.
    package var owner = RemoteOwner(user: 0, group: 0)

    /// Makes a description of a member.
    public init(kind: Kind, mode: UInt16, size: Int64 = 0, mtime: Timestamp) {
        self.kind = kind
        self.mode = mode & 0o777
        self.size = kind == .file ? max(size, 0) : 0
        self.mtime = mtime
    }
}

/// The 512-byte block that the tar format is made of.
public enum TarBlock {
    /// The size of a block.
    public static let size = 512

    /// The number of NULs that fill up the last block after content of the given size.
    public static func padding(after size: Int64) -> Int {
        Int(truncatingIfNeeded: -size) & (TarBlock.size - 1)
    }

    private static let lanes: UInt64 = 0x00FF_00FF_00FF_00FF

    /// The sum of some of a block's bytes.
    ///
    /// PERF: eight bytes at a time, in lanes that 64 words cannot make overflow.
    ///
    /// - Parameters:
    ///   - block: A whole block.
    ///   - range: Which bytes; its bounds are multiples of eight.
    /// - Returns: The sum.
    @unsafe
    static func sum(of block: UnsafeRawPointer, in range: Range<Int>) -> UInt32 {
        var sum: UInt64 = 0
        for offset in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
            let word = unsafe block.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            sum &+= (word & lanes) &+ (word >> 8 & lanes)
        }
        return addUp(lanes: sum)
    }

    /// The four numbers of 16 bits in a word, added.
    private static func addUp(lanes sum: UInt64) -> UInt32 {
        let pairs = (sum & 0x0000_FFFF_0000_FFFF) &+ (sum >> 16 & 0x0000_FFFF_0000_FFFF)
        return UInt32(truncatingIfNeeded: pairs) &+ UInt32(truncatingIfNeeded: pairs >> 32)
    }

    /// The sum of the bytes of a block, and how many of them have their high bit set.
    ///
    /// PERF: eight bytes at a time, in lanes that 64 words cannot make overflow.
    ///
    /// - Parameter block: A whole block.
    /// - Returns: Both numbers.
    @unsafe
    static func sums(of block: UnsafeRawPointer) -> (bytes: UInt32, high: UInt32) {
        let ones: UInt64 = 0x0101_0101_0101_0101
        var sum: UInt64 = 0
        var high: UInt64 = 0
        for offset in stride(from: 0, to: TarBlock.size, by: 8) {
            let word = unsafe block.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            sum &+= (word & lanes) &+ (word >> 8 & lanes)
            high &+= word >> 7 & ones
        }
        let bytes = addUp(lanes: sum)
        high = (high & lanes) &+ (high >> 8 & lanes)
        return (bytes, UInt32(truncatingIfNeeded: high &* 0x0001_0001_0001_0001 >> 48))
    }
}

/// The two blocks of NULs that end an archive.
///
/// Without them an archive counts as cut, so nothing writes them but an explicit finish.
public enum TarEndMarker {
    /// The number of bytes.
    public static let size = 2 * TarBlock.size

    /// Appends the end of the archive.
    public static func append(to buffer: inout ByteBuffer) {
        buffer.appendZeros(size)
    }
}
