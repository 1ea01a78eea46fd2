/// The last bytes of a stream.
struct ByteTail: Sendable {
    private let limit: Int
    private var kept: [UInt8] = []

    init(limit: Int) { self.limit = limit }

    /// The last bytes, as many as the limit allows.
    var bytes: [UInt8] { Array(kept.suffix(limit)) }

    /// Adds bytes at the end.
    mutating func append(_ bytes: some Collection<UInt8>) {
        kept.append(contentsOf: bytes.suffix(limit))
        // Cut seldom, so that a chatty program costs one copy for each `limit` bytes.
        if kept.count > 4 * limit { kept.removeFirst(kept.count - limit) }
    }
}
