import FerryCore

/// A configuration file that cannot be obeyed.
public struct ConfigurationError: Error, Sendable, Hashable {
    /// The file's path.
    public let file: [UInt8]
    /// The key as it is written, with those above it: `profiles.box.command`; empty when it is not about a key.
    public let key: String
    /// What is wrong, as a clause.
    public let reason: String
    /// What to do, as a clause.
    public let advice: String

    /// Whether the file could not be read at all, so that nothing is known of what it says.
    public let isUnreadable: Bool

    /// Makes an error.
    public init(file: [UInt8], key: String = "", reason: String, advice: String, isUnreadable: Bool = false) {
        self.isUnreadable = isUnreadable
        self.file = file
        self.key = key
        self.reason = reason
        self.advice = advice
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// The file, the key, what is wrong and what to do.
    public var description: String {
        "\(displayName(of: file)): \(key.isEmpty ? "" : "'\(key)': ")\(reason); \(advice)"
    }
}
