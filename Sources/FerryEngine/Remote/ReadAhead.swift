/// Bytes that were taken in before anybody wanted them, in pieces that are given back one by one.
struct ReadAhead {
    private var pieces: [[UInt8]] = []
    /// How much of the first piece was taken, and how much there is of the last.
    private var start = 0
    private var end = 0

    private static let pieceLength = 256 << 10
    /// More than any mark has.
    private static let markLength = 256

    /// The number of bytes.
    var count: Int { pieces.isEmpty ? 0 : (pieces.count - 1) * Self.pieceLength + end - start }

    /// Takes in more.
    ///
    /// - Parameter read: Fills the beginning of the room that it gets, and says how much of it.
    /// - Returns: How much came.
    /// - Throws: What the closure throws.
    mutating func fill<Failure: Error>(
        _ read: (inout MutableSpan<UInt8>) throws(Failure) -> Int
    ) throws(Failure) -> Int {
        if pieces.isEmpty || end == Self.pieceLength {
            pieces.append([UInt8](repeating: 0, count: Self.pieceLength))
            end = 0
        }
        let last = pieces.count - 1
        var piece = pieces[last].mutableSpan
        var room = piece._mutatingExtracting(end...)
        let count = try read(&room)
        end += count
        return count
    }

    /// Moves what came first into the room behind some bytes.
    ///
    /// - Parameters:
    ///   - buffer: The bytes, and room.
    ///   - position: Where the room begins.
    /// - Returns: How much was moved.
    mutating func move(into buffer: inout [UInt8], at position: Int) -> Int {
        guard let first = pieces.first else { return 0 }
        let limit = pieces.count == 1 ? end : Self.pieceLength
        let moved = min(limit - start, buffer.count - position)
        buffer.replaceSubrange(position..<(position + moved), with: first[start..<(start + moved)])
        start += moved
        if start == limit {
            pieces.removeFirst()
            start = 0
            if pieces.isEmpty { end = 0 }
        }
        return moved
    }

    /// Whether the last that came is a whole mark.
    ///
    /// - Parameters:
    ///   - prefix: What marks begin with.
    ///   - before: What came before all of this.
    /// - Returns: Whether it is; false also where it is longer than marks are.
    func endsWithMark(_ prefix: [UInt8], after before: ArraySlice<UInt8>) -> Bool {
        var tail: [UInt8] = []
        for index in pieces.indices.suffix(2) {
            let limit = index == pieces.count - 1 ? end : Self.pieceLength
            tail += pieces[index][(index == 0 ? start : 0)..<limit].suffix(Self.markLength)
        }
        if tail.count < Self.markLength { tail = before.suffix(Self.markLength) + tail }
        guard tail.last == 0 else { return false }
        let first = tail.dropLast().lastIndex(of: 0).map { $0 + 1 } ?? 0
        return tail[first...].starts(with: prefix)
    }
}
