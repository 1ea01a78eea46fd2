import FerryCore

/// A target that cannot be understood, or that is refused.
public struct TargetError: Error, Sendable, Hashable {
    /// What is wrong with it.
    public enum Code: String, Sendable, CaseIterable {
        /// There is nothing, or a part that is needed is missing.
        case incomplete
        /// The scheme is not known.
        case unknownScheme
        /// It has rsync's form for a remote path.
        case rsyncForm
        /// A part of it could be taken for an option, or holds bytes that never belong there.
        case unsafePart
        /// The port is not a number from 1 to 65535.
        case badPort
        /// There is no home directory to expand `~` with.
        case noHome
        /// The scheme is known, but this version of Ferry does not have it.
        case unavailable
    }

    /// What is wrong with it.
    public let code: Code
    /// The target as it was written.
    public let text: [UInt8]
    /// What is wrong, as a clause that follows the target.
    public let message: String
    /// What to write instead.
    public let advice: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: What is wrong.
    ///   - text: The target as it was written.
    ///   - message: What is wrong, as a clause.
    ///   - advice: What to write instead.
    public init(_ code: Code, _ text: [UInt8], _ message: String, advice: String) {
        self.code = code
        self.text = text
        self.message = message
        self.advice = advice
    }
}

extension TargetError: CustomStringConvertible {
    /// The target, what is wrong with it and what to write instead.
    public var description: String { "'\(displayName(of: text))': \(message); \(advice)" }
}
