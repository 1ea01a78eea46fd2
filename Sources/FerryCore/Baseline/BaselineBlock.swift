/// The head of the block of one directory of a baseline.
struct BaselineBlock {
    /// Where the block begins; like all offsets, counted from the beginning of the first block.
    var start = 0
    /// The number of entries of the directory.
    var count = 0
    /// The length of the entries.
    var length = 0
    /// The length of the blocks of all directories below, which stand right before this one.
    var lengthBelow = 0
    /// The number of entries in the blocks below.
    var countBelow = 0
    /// Where the entries begin.
    var entriesStart = 0

    /// The longest head: four numbers of variable length.
    static let longestHead = 40

    /// Where the bytes of the directory and all below it begin.
    var pieceStart: Int { start - lengthBelow }
    /// Where they end.
    var end: Int { entriesStart + length }
    /// The number of entries of the directory and all below it.
    var countInPiece: Int { count + countBelow }
}

/// What all blocks of a baseline hold together.
struct BaselineContents: Equatable {
    var entryCount = 0
    var root: BaselineDirectory?
    var lastLinkGroup: UInt32 = 0
}

extension BaselineReader {
    /// Reads the head of a block.
    ///
    /// - Parameter start: Where the block begins, counted from the first.
    /// - Returns: What it says; nothing of use when it is damaged.
    mutating func block(at start: Int) -> BaselineBlock {
        let place = position
        var block = BaselineBlock(start: start)
        block.count = count()
        block.length = count()
        block.lengthBelow = Int(number(upTo: UInt64(start)))
        block.countBelow = Int(number(upTo: UInt64(start)))
        block.entriesStart = start + position - place
        return block
    }
}

extension BaselineWriter {
    /// Writes the head of a block.
    mutating func block(_ block: BaselineBlock) {
        number(UInt64(block.count))
        number(UInt64(block.length))
        number(UInt64(block.lengthBelow))
        number(UInt64(block.countBelow))
    }
}
