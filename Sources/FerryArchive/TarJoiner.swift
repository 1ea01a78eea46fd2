import FerryCore

/// The stage that makes one archive of several that follow each other.
///
/// Tars that take names as arguments make one archive for each command line that the names fill. This stage walks the headers, drops
/// the end of each archive and puts one at the end of all. It decides nothing that matters for safety: what it passes on is audited
/// like any other archive.
final class TarJoiner: BlockProducer {
    private enum State {
        /// Headers, and whatever stands in for one.
        case header
        /// Content and padding.
        case content(Int64)
        /// After the first block of an end marker.
        case endMarker
        /// After an end marker, where NULs, another archive or the end may follow.
        case between
    }

    private let upstream: BlockProducer
    private var hasUnreadBlock: Bool
    private var state = State.between
    /// The beginning of a header whose rest comes with the next block.
    private var partial: [UInt8] = []
    private var hasEnded = false

    /// Makes the stage.
    ///
    /// - Parameters:
    ///   - upstream: The archives.
    ///   - hasUnreadBlock: Whether its current block is still to be used.
    init(upstream: BlockProducer, hasUnreadBlock: Bool) {
        self.upstream = upstream
        self.hasUnreadBlock = hasUnreadBlock
    }

    override var sourceBytes: Int64 { upstream.sourceBytes }
    override var compression: Compression { upstream.compression }

    override func refill() throws(ArchiveError) {
        block.removeAll()
        while block.isEmpty, !hasEnded {
            if hasUnreadBlock { hasUnreadBlock = false } else { try upstream.refill() }
            if upstream.block.isEmpty {
                try finish()
            } else {
                try upstream.block.withSpan { bytes throws(ArchiveError) in try take(bytes) }
            }
        }
        produced += Int64(block.count)
    }

    private func take(_ bytes: Span<UInt8>) throws(ArchiveError) {
        var index = 0
        while index < bytes.count {
            if case .content(let left) = state {
                let count = Int(min(left, Int64(bytes.count - index)))
                block.append(bytes.extracting(index..<(index + count)))
                index += count
                state = left == Int64(count) ? .header : .content(left - Int64(count))
            } else if partial.isEmpty, bytes.count - index >= TarBlock.size {
                try visit(bytes.extracting(index..<(index + TarBlock.size)))
                index += TarBlock.size
            } else {
                let count = min(TarBlock.size - partial.count, bytes.count - index)
                TarBlockReader.append(bytes, index..<(index + count), to: &partial)
                index += count
                guard partial.count == TarBlock.size else { return }
                let header = partial
                partial.removeAll(keepingCapacity: true)
                try visit(header.span)
            }
        }
    }

    private func visit(_ header: Span<UInt8>) throws(ArchiveError) {
        if TarBlockReader.isZero(header) {
            if case .header = state { state = .endMarker } else { state = .between }
            return
        }
        if case .endMarker = state {
            throw failure(.malformed, "a block follows a lone block of NULs", "one member may be hidden")
        }
        guard TarBlockReader.hasRightChecksum(header), let size = TarBlockReader.number(header, 124, 12), size >= 0,
            size <= Int64.max - Int64(TarBlock.size)
        else { throw failure(.malformed, "a header is damaged", "see what made the archive") }
        block.append(header)
        let length = size + Int64(TarBlock.padding(after: size))
        state = length == 0 ? .header : .content(length)
    }

    private func finish() throws(ArchiveError) {
        guard case .between = state, partial.isEmpty else {
            throw failure(.truncated, "the last of several archives has no end", "it was cut: start over")
        }
        hasEnded = true
        TarEndMarker.append(to: &block)
    }

    private func failure(_ code: ArchiveError.Code, _ reason: String, _ advice: String) -> ArchiveError {
        ArchiveError(code, "joining archives", position: produced, reason: reason, advice: advice)
    }
}
