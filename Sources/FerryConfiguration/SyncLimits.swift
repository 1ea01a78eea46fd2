public import FerryCore

/// Limits that a configuration may set; nil: what holds otherwise.
public struct SyncLimits: Sendable, Hashable {
    /// The most entries that come from the other side.
    public var entries: Int?
    /// The most bytes of content that come from the other side.
    public var bytes: Int?
    /// The deepest path that comes from the other side.
    public var depth: Int?
    /// The most deletions of one sync: a number, or hundredths of the destination's entries.
    public var deletions: DeletionLimit?

    /// Makes limits that limit nothing.
    public init() {}

    static let keys = ["entries", "bytes", "depth", "max-delete"]

    init(_ reader: inout TOMLReader) throws(ConfigurationError) {
        entries = try reader.count("entries")
        bytes = try reader.count("bytes")
        depth = try reader.count("depth")
        deletions = try Self.deletions(&reader)
        try reader.end(knowing: Self.keys)
    }

    private static func deletions(_ reader: inout TOMLReader) throws(ConfigurationError) -> DeletionLimit? {
        let key = "max-delete"
        guard let node = reader.value(key) else { return nil }
        if case .integer(let number) = node, number >= 0 { return .count(number) }
        if case .string(let text) = node, text.hasSuffix("%"), let percent = Int(text.dropLast()),
            (0...100).contains(percent)
        {
            return .percent(percent)
        }
        throw reader.error(key, "it is neither a number nor a percentage", advice: #"write 100 or "10%""#)
    }

    /// The numbers of both, the smaller one where both have one.
    ///
    /// `deletions` stays out of it: a number and a percentage only compare when the destination is known, and a plan must then keep both.
    ///
    /// - Parameter other: Other limits.
    /// - Returns: The stricter ones.
    public func stricter(_ other: SyncLimits) -> SyncLimits {
        func least(_ one: Int?, _ two: Int?) -> Int? { [one, two].compactMap(\.self).min() }
        var result = self
        result.entries = least(entries, other.entries)
        result.bytes = least(bytes, other.bytes)
        result.depth = least(depth, other.depth)
        return result
    }
}
