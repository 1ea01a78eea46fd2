/// How much of an archive is taken from the other side before it counts as an attack.
///
/// An exceeded limit is an ``ArchiveError`` with the code ``ArchiveError/Code/limitExceeded`` that names the limit.
public struct ArchiveLimits: Hashable, Sendable {
    /// The number of members; 10 million by default, above the largest trees that are synchronised.
    public var entries: Int64 = 10_000_000
    /// The bytes of content that the members hold in the archive; none by default, the engine sets the free space.
    public var contentBytes: Int64?
    /// The number of components of a path; 4,096 by default, which nothing but an attack reaches.
    public var depth = 4_096
    /// The bytes of the headers of one member (long names, extended headers); 1 MiB by default.
    public var headerBytes: Int64 = 1 << 20
    /// How many times larger than its compressed form an archive may be, from its first 64 MiB on; none by default.
    public var expansionRatio: Int64?

    /// Makes the default limits.
    public init() {}

    /// The limits that hold when nothing else is said.
    public static let `default` = ArchiveLimits()

    /// Small archives may well expand by any ratio.
    static let ratioThreshold: Int64 = 64 << 20
}

extension ArchiveLimits {
    static func exceeded(_ name: String, _ limit: Int64, path: [UInt8]? = nil, position: Int64?) -> ArchiveError {
        ArchiveError(
            .limitExceeded, "reading the archive", path: path, position: position,
            reason: "more than the limit '\(name)' of \(limit)",
            advice: "raise the limit if the other side is trusted, otherwise look at what it holds")
    }
}
