/// A run of bytes of a file that is not a hole.
public struct SparseExtent: Hashable, Sendable {
    /// Where the run begins in the file.
    public var offset: Int64
    /// The number of bytes in it.
    public var length: Int64

    /// Makes an extent of its parts.
    public init(offset: Int64, length: Int64) {
        self.offset = offset
        self.length = length
    }
}

extension Span where Element == SparseExtent {
    /// Whether all extents but the last are whole blocks: GNU tar begins each at a block, the others do not.
    var haveTarLengths: Bool {
        var index = 0
        while index < count - 1 {
            if self[index].length % Int64(TarBlock.size) != 0 { return false }
            index += 1
        }
        return true
    }
}

extension ByteBuffer {
    /// Replaces the content with a sparse map of GNU tar's pax form 1.0, filled up to whole blocks.
    ///
    /// - Parameters:
    ///   - size: The size of the file with its holes.
    ///   - extents: The runs of data, in order, without overlap, inside the size.
    /// - Returns: The number of bytes of data.
    mutating func setSparseMap(ofSize size: Int64, extents: Span<SparseExtent>) -> Int64 {
        var stored: Int64 = 0
        var end: Int64 = 0
        var index = 0
        while index < extents.count {
            let extent = extents[index]
            precondition(extent.offset >= end && extent.length >= 0, "extents out of order")
            end = extent.offset + extent.length
            stored += extent.length
            index += 1
        }
        precondition(end <= size, "an extent beyond the end of the file")
        // An empty extent at the end carries the size when the file ends in a hole.
        let needsEnd = end < size || extents.isEmpty
        removeAll()
        append(decimal: Int64(extents.count + (needsEnd ? 1 : 0)))
        append(UInt8(ascii: "\n"))
        index = 0
        while index < extents.count {
            append(mapLinesOf: extents[index])
            index += 1
        }
        if needsEnd { append(mapLinesOf: SparseExtent(offset: size, length: 0)) }
        appendPadding(after: Int64(count))
        return stored
    }

    private mutating func append(mapLinesOf extent: SparseExtent) {
        append(decimal: extent.offset)
        append(UInt8(ascii: "\n"))
        append(decimal: extent.length)
        append(UInt8(ascii: "\n"))
    }
}
