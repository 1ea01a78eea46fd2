/// Byte strings packed one behind the other, each followed by a NUL.
///
/// It grows by whole chunks: nothing is copied when it does, so its peak is what it holds. A string never straddles chunks.
struct ByteArena: Sendable {
    /// Large enough that the tail lost in a chunk is small beside it, small enough that a tiny tree stays tiny.
    private static let chunkShift = 16
    private static let chunkSize = 1 << chunkShift

    private var chunks: [[UInt8]] = []

    /// Stores bytes and returns where.
    mutating func append(_ bytes: Span<UInt8>) -> UInt32 {
        let needed = bytes.count + 1
        if let last = chunks.indices.last, chunks[last].count + needed <= Self.chunkSize {
            let start = chunks[last].count
            Self.append(bytes, to: &chunks[last])
            return UInt32(last << Self.chunkShift | start)
        }
        var chunk: [UInt8] = []
        chunk.reserveCapacity(chunks.isEmpty ? needed : max(needed, Self.chunkSize))
        Self.append(bytes, to: &chunk)
        chunks.append(chunk)
        return UInt32((chunks.count - 1) << Self.chunkShift)
    }

    private static func append(_ bytes: Span<UInt8>, to chunk: inout [UInt8]) {
        chunk.append(addingCapacity: bytes.count + 1) { room in
            for index in bytes.indices { room.append(bytes[index]) }
            room.append(0)
        }
    }

    /// Whether the bytes stored at an offset are, or begin with, others.
    func holds(_ bytes: ArraySlice<UInt8>, at offset: UInt32) -> Bool {
        let chunk = chunks[Int(offset) >> Self.chunkShift]
        let stored = chunk.span
        let other = bytes.span
        let start = Int(offset) & (Self.chunkSize - 1)
        guard start + other.count <= stored.count else { return false }
        for index in other.indices where stored[start + index] != other[index] { return false }
        return true
    }

    /// Whether the bytes stored at one offset come before those at another, by their values and then by their lengths.
    func isOrdered(_ left: UInt32, _ leftCount: Int, before right: UInt32, _ rightCount: Int) -> Bool {
        let firstChunk = chunks[Int(left) >> Self.chunkShift]
        let secondChunk = chunks[Int(right) >> Self.chunkShift]
        let first = firstChunk.span
        let second = secondChunk.span
        let (leftStart, rightStart) = (Int(left) & (Self.chunkSize - 1), Int(right) & (Self.chunkSize - 1))
        for index in 0..<min(leftCount, rightCount) {
            let (one, other) = (first[leftStart + index], second[rightStart + index])
            if one != other { return one < other }
        }
        return leftCount < rightCount
    }

    /// The first of the bytes stored at an offset, or the NUL behind none.
    func byte(at offset: UInt32) -> UInt8 {
        chunks[Int(offset) >> Self.chunkShift][Int(offset) & (Self.chunkSize - 1)]
    }

    /// The bytes stored at an offset, with the NUL behind them.
    func terminated(at offset: UInt32, count: Int) -> ArraySlice<UInt8> {
        let start = Int(offset) & (Self.chunkSize - 1)
        return chunks[Int(offset) >> Self.chunkShift][start...(start + count)]
    }
}

/// Values in order, grown by whole chunks, so that nothing is copied when it grows and its peak is what it holds.
package struct ChunkedArray<Element: Sendable>: Sendable {
    private static var shift: Int { 11 }
    private static var chunkSize: Int { 1 << shift }

    private var chunks: [[Element]] = []
    /// The number of values.
    package private(set) var count = 0

    /// Makes an empty array.
    package init() {}

    /// Adds a value at the end.
    package mutating func append(_ element: Element) {
        if count & (Self.chunkSize - 1) == 0 {
            chunks.append([])
            // The first chunk grows as it needs: most trees in tests are tiny.
            if count > 0 { chunks[chunks.count - 1].reserveCapacity(Self.chunkSize) }
        }
        chunks[chunks.count - 1].append(element)
        count += 1
    }

    /// The value at a position.
    package subscript(index: Int) -> Element {
        @inline(__always) get { chunks[index >> Self.shift][index & (Self.chunkSize - 1)] }
        _modify { yield &chunks[index >> Self.shift][index & (Self.chunkSize - 1)] }
    }
}
