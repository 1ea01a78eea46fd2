/// Patterns without wildcards, by their bytes: one look-up whatever their number.
struct IgnoreLiteralTable: Sendable {
    /// One text and the ranks of the last patterns that have it; -1 where there is none.
    private struct Entry: Sendable {
        let start: Int32
        let count: Int32
        let hash: Int
        var anyRank: Int32
        var directoryRank: Int32
    }

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    /// The index of an entry, or -1, by hash and open addressing.
    ///
    /// The size is a power of two and at least twice the entries.
    private var slots: [Int32] = []
    // PERF: most names are neither as long as any text nor begin as one, and are dismissed before they are hashed.
    private var lengths: UInt64 = 0
    private var firstBytes = IgnoreByteSet()

    var isEmpty: Bool { entries.isEmpty }

    /// Adds a text; of equal ones the higher rank counts.
    mutating func insert(_ text: borrowing Span<UInt8>, rank: Int32, isDirectoryOnly: Bool) {
        guard text.count > 0 else { return }
        let hash = IgnoreLiteralTable.hash(text, 0..<text.count)
        let index: Int
        if let known = self.index(of: text, 0..<text.count, hash: hash) {
            index = known
        } else {
            index = entries.count
            let start = Int32(bytes.count)
            for position in 0..<text.count { bytes.append(text[position]) }
            lengths |= IgnoreLiteralTable.lengthBit(text.count)
            firstBytes.insert(text[0])
            entries.append(
                Entry(start: start, count: Int32(text.count), hash: hash, anyRank: -1, directoryRank: -1))
            if slots.count < entries.count * 2 { grow() } else { place(index) }
        }
        if isDirectoryOnly {
            entries[index].directoryRank = max(entries[index].directoryRank, rank)
        } else {
            entries[index].anyRank = max(entries[index].anyRank, rank)
        }
    }

    /// The highest rank among the patterns that are equal to a part of some bytes; -1 when there is none.
    func rank(of text: borrowing Span<UInt8>, from lower: Int, isDirectory: Bool) -> Int32 {
        let range = lower..<text.count
        guard !range.isEmpty, lengths & IgnoreLiteralTable.lengthBit(range.count) != 0,
            firstBytes.contains(text[lower]),
            let index = index(of: text, range, hash: IgnoreLiteralTable.hash(text, range))
        else { return -1 }
        let entry = entries[index]
        return isDirectory ? max(entry.anyRank, entry.directoryRank) : entry.anyRank
    }

    private func index(of text: borrowing Span<UInt8>, _ range: Range<Int>, hash: Int) -> Int? {
        if slots.isEmpty { return nil }
        var slot = hash & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if entries[index].hash == hash, isEqual(entries[index], text, range) { return index }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isEqual(_ entry: Entry, _ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Bool {
        guard Int(entry.count) == range.count else { return false }
        for offset in 0..<range.count where bytes[Int(entry.start) + offset] != text[range.lowerBound + offset] {
            return false
        }
        return true
    }

    private mutating func grow() {
        slots = [Int32](repeating: -1, count: max(8, slots.count * 2))
        for index in entries.indices { place(index) }
    }

    private mutating func place(_ index: Int) {
        var slot = entries[index].hash & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index)
    }

    private static func lengthBit(_ length: Int) -> UInt64 {
        UInt64(1) << UInt64(min(length, 63))
    }

    /// A keyed hash, so that nobody can write a rule file that makes every look-up slow.
    private static func hash(_ text: borrowing Span<UInt8>, _ range: Range<Int>) -> Int {
        // PERF: eight bytes a step; a step for each byte takes several times as long.
        var hasher = Hasher()
        var word: UInt64 = 0
        var filled: UInt64 = 0
        for index in range {
            word |= UInt64(text[index]) << filled
            filled += 8
            if filled == 64 {
                hasher.combine(word)
                word = 0
                filled = 0
            }
        }
        hasher.combine(word)
        return hasher.finalize()
    }
}
