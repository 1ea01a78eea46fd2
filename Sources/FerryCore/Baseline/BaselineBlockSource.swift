/// Where the blocks of a baseline are that is too large to be held in memory.
///
/// It gives more than it is asked for, so that a walk, which mostly goes on close by, need not ask for each directory.
public protocol BaselineBlockSource: Sendable {
    /// The length of all blocks in bytes.
    var length: Int { get }
    /// Whether some of them could not be read: what was given in their place is nothing, and so is all that was made of it.
    var hasFailed: Bool { get }

    /// Gives blocks.
    ///
    /// - Parameters:
    ///   - offset: Where they begin, counted from the first.
    ///   - count: How many bytes are needed; they end within ``length``.
    /// - Returns: These bytes and maybe neighbours; NULs when they cannot be read, and then ``hasFailed`` says so.
    func window(at offset: Int, count: Int) -> BaselineWindow
}

/// Some of the bytes of a baseline's blocks.
public struct BaselineWindow: Sendable {
    /// The bytes.
    public let bytes: [UInt8]
    /// Where they begin, counted from the first block.
    public let start: Int

    /// Makes a window.
    public init(bytes: [UInt8], start: Int) {
        self.bytes = bytes
        self.start = start
    }
}

/// The blocks of a baseline, in memory or elsewhere.
enum BaselineBlocks: Sendable {
    /// The first bytes of an array, as many as are told.
    case held([UInt8], Int)
    case elsewhere(any BaselineBlockSource)

    /// How much of a large baseline is copied at once.
    private static let pieceLength = 256 << 10

    var length: Int {
        switch self {
        case .held(_, let length): length
        case .elsewhere(let source): source.length
        }
    }

    var hasFailed: Bool {
        switch self {
        case .held: false
        case .elsewhere(let source): source.hasFailed
        }
    }

    /// A reader from a place on.
    ///
    /// - Parameters:
    ///   - offset: The place, counted from the first block.
    ///   - count: How many bytes it must be able to read, as far as there are so many.
    /// - Returns: The reader.
    func reader(at offset: Int, count: Int) -> BaselineReader {
        switch self {
        case .held(let bytes, let length): return BaselineReader(bytes, at: offset, end: length)
        case .elsewhere(let source):
            let start = min(offset, source.length)
            let window = source.window(at: start, count: min(count, source.length - start))
            return BaselineReader(
                window.bytes, at: start - window.start, end: window.bytes.count,
                beyond: source.length - window.start - window.bytes.count)
        }
    }

    /// Gives the bytes of a range, piece by piece.
    func withPieces<Failure>(
        of range: Range<Int>, _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        switch self {
        case .held(let bytes, _): try body(bytes[range])
        case .elsewhere(let source):
            var offset = range.lowerBound
            // A block that is damaged may say that it goes on behind the last.
            let end = min(range.upperBound, source.length)
            while offset < end {
                let count = min(end - offset, Self.pieceLength)
                let window = source.window(at: offset, count: count)
                let start = offset - window.start
                try body(window.bytes[start..<(start + count)])
                offset += count
            }
        }
    }
}
