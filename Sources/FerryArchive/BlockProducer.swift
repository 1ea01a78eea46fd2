import FerryCore

/// One stage of the way from the source to the tar codec: refills a block of bytes on demand.
///
/// A class because libarchive's callbacks hold it as their context; it never leaves the thread that uses the reader.
class BlockProducer {
    /// Room for one block: large enough that the cost of a refill vanishes, small enough to stay in the cache.
    static let blockSize = 256 * 1024

    /// The bytes of the last refill.
    final var block = ByteBuffer(capacity: BlockProducer.blockSize)
    /// The number of bytes in all refills.
    final var produced: Int64 = 0

    /// Replaces the block's bytes with the next ones; none at the end.
    func refill() throws(ArchiveError) {
        block.removeAll()
    }

    /// The bytes taken from the source so far.
    var sourceBytes: Int64 { produced }
    /// The compression that this stage and the ones before it undo.
    var compression: Compression { .none }
}

/// The first stage: the caller's source.
final class SourceProducer<Source: ByteSource & ~Copyable>: BlockProducer {
    private var source: Source
    private var hasEnded = false

    init(_ source: consuming Source) {
        self.source = source
    }

    override func refill() throws(ArchiveError) {
        block.removeAll()
        // The first block must hold enough of the archive to tell what it is, however small the source's pieces are.
        let wanted = produced == 0 ? TarBlock.size : 1
        while block.count < wanted, !hasEnded {
            let room = BlockProducer.blockSize - block.count
            do throws(Source.Failure) {
                let count = try block.append(upTo: room) { bytes throws(Source.Failure) in
                    try source.read(into: &bytes)
                }
                hasEnded = count == 0
            } catch {
                throw ArchiveError(
                    .stream, "reading the archive", position: produced, reason: "the source failed",
                    advice: "see the cause, then start over", cause: error)
            }
        }
        produced += Int64(block.count)
    }
}
