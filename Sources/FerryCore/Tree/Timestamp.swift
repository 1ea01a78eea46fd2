/// A point in time as file systems keep it: whole seconds since 1970 (negative before) and nanoseconds within the second.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Whole seconds since 1970-01-01T00:00:00Z, rounded towards the past.
    public var seconds: Int64
    /// Nanoseconds after ``seconds``, 0 to 999,999,999.
    public var nanoseconds: UInt32

    /// Stands for the ctime that nobody knows, such as that of an archive's entry: no fingerprint with it is ever trusted.
    package static let unknown = Timestamp(seconds: .max)

    /// Makes a timestamp of its two parts.
    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// Earlier comes first.
    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool {
        lhs.seconds != rhs.seconds ? lhs.seconds < rhs.seconds : lhs.nanoseconds < rhs.nanoseconds
    }
}
