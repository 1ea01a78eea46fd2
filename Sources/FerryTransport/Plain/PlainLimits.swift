/// What a ``PlainClient`` can bear, and where a ``PlainSandbox`` keeps its temporary files.
public struct PlainLimits: Sendable, Hashable {
    /// The most bytes of a file that is written or read in one call, at least 4 KiB.
    ///
    /// One such piece is held in memory at a time, whatever is transferred.
    public var largestFile = 8 << 20
    /// A directory of the sandbox for temporary files, an absolute path of letters, digits and `._-/`.
    ///
    /// Its disk has to hold what is sent in one sync, or what is fetched in one, besides the workspace itself.
    public var directory = "/tmp"
    /// How long a command may run when nothing shorter was asked for.
    public var longestRun = Duration.seconds(3_600)
    /// How long a call for a file or a directory may take when nothing shorter was asked for.
    public var longestCall = Duration.seconds(300)
    /// The most commands at the same time; nil for no limit.
    public var concurrentCommands: Int?
    /// Whether calls cross a network, so that compression pays.
    public var crossesNetwork = true

    /// Makes limits that suit most vendors.
    public init() {}

    /// The size of a piece, and the blocks that `dd` makes it of.
    var piece: (size: Int, block: Int, blocks: Int) {
        let largest = max(largestFile, 4 << 10)
        let block = largest < 1 << 20 ? 4 << 10 : 64 << 10
        return (largest / block * block, block, largest / block)
    }

    /// Whether no shell could misread the directory's path.
    var directoryIsPlain: Bool {
        directory.utf8.first == UInt8(ascii: "/")
            && directory.utf8.allSatisfy { byte in
                switch byte {
                case 0x2D...0x39, 0x41...0x5A, 0x5F, 0x61...0x7A: true
                default: false
                }
            }
    }
}
