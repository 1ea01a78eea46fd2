/// Some of the entries of one snapshot: a bit for each entry, where a `Set` takes some ten bytes for each member.
public struct EntrySet: Sendable {
    /// By segment and index.
    private var words: [[UInt64]] = []
    /// The number of members.
    public private(set) var count = 0

    /// Whether there is no member.
    public var isEmpty: Bool { count == 0 }

    /// Makes an empty set.
    public init() {}

    /// Whether an entry is a member.
    public func contains(_ id: EntryID) -> Bool {
        let (segment, word) = (id.segment, id.index >> 6)
        guard segment < words.count, word < words[segment].count else { return false }
        return words[segment][word] & 1 << UInt64(id.index & 63) != 0
    }

    /// Makes an entry a member.
    ///
    /// - Parameter id: The entry.
    /// - Returns: Whether it was none before.
    @discardableResult
    public mutating func insert(_ id: EntryID) -> Bool {
        guard !contains(id) else { return false }
        let (segment, word) = (id.segment, id.index >> 6)
        while words.count <= segment { words.append([]) }
        let missing = word + 1 - words[segment].count
        if missing > 0 { words[segment].append(contentsOf: repeatElement(0, count: missing)) }
        words[segment][word] |= 1 << UInt64(id.index & 63)
        count += 1
        return true
    }
}
