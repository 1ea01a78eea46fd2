import FerryCore

/// Why an archive could not be written or read.
///
/// Carries what was being done, to which member and where in the stream, the reason, and what to do next.
public struct ArchiveError: Error, Sendable {
    /// The class of a failure, for programs; new ones may be added.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The code's name, as it is shown.
        public let rawValue: String

        /// Makes a code of its name.
        public init(rawValue: String) {
            self.rawValue = rawValue
        }

        /// The bytes are not a well-formed tar archive, or two readings of them disagree.
        public static let malformed = Code(rawValue: "malformed")
        /// The stream ended before the archive did.
        public static let truncated = Code(rawValue: "truncated")
        /// A name or a link could lead outside the root.
        public static let unsafePath = Code(rawValue: "unsafe-path")
        /// A format, a compression or an archive feature that is deliberately not read or written.
        public static let unsupported = Code(rawValue: "unsupported")
        /// One of the ``ArchiveLimits`` was exceeded.
        public static let limitExceeded = Code(rawValue: "limit-exceeded")
        /// The source or the sink of the bytes failed; ``ArchiveError/cause`` says how.
        public static let stream = Code(rawValue: "stream")
        /// The codec failed in a way that says nothing about the archive, such as lack of memory.
        public static let codec = Code(rawValue: "codec")
    }

    /// The class of the failure.
    public var code: Code
    /// What was being done, as a gerund: "reading the next member".
    public var operation: String
    /// The member's name as the archive spells it, when one is known.
    public var path: [UInt8]?
    /// The byte position in the uncompressed archive, when one is known.
    public var position: Int64?
    /// What went wrong, without a full stop.
    public var reason: String
    /// What to do next, without a full stop.
    public var advice: String
    /// The failure of the source or the sink behind this one.
    public var cause: (any Error)?

    /// Makes an error of its parts.
    public init(
        _ code: Code, _ operation: String, path: [UInt8]? = nil, position: Int64? = nil, reason: String, advice: String,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.operation = operation
        self.path = path
        self.position = position
        self.reason = reason
        self.advice = advice
        self.cause = cause
    }

    /// Whether the same archive from a source that starts over may succeed.
    public var isRetryable: Bool {
        code == .truncated || code == .stream
    }
}

extension ArchiveError: CustomStringConvertible {
    /// The whole message for people.
    public var description: String {
        var text = operation
        if let path { text += " '\(displayName(of: path))'" }
        if let position { text += " at byte \(position)" }
        text += ": \(reason)"
        if let cause { text += " (\(cause))" }
        return text + "; \(advice)"
    }
}
