/// What makes two runs parts of one session: the same directory of the same sandbox of the same vendor, calling back to the same place.
///
/// The time-out and the key are not part of it. An adapter stores it with its session, by any encoder, and asks
/// ``matches(saved:current:)`` before it goes on with one.
public struct SessionIdentity: Sendable, Codable {
    /// The vendor's name.
    public let provider: String
    /// The vendor's identifier of the sandbox.
    public let sandboxID: String
    /// The directory in the sandbox.
    public let remoteDirectory: String
    /// Where programs in the sandbox can call back.
    public let callbackURL: String?
    private let transport: String

    private enum CodingKeys: String, CodingKey {
        case transport
        case provider
        case sandboxID = "sandboxId"
        case remoteDirectory = "remoteCwd"
        case callbackURL = "callbackApiUrl"
    }

    init(provider: String, sandboxID: String, remoteDirectory: String, callbackURL: String?) {
        transport = ExecutionSpec.transport
        self.provider = provider
        self.sandboxID = sandboxID
        self.remoteDirectory = remoteDirectory
        self.callbackURL = callbackURL
    }

    /// Whether a saved session can go on.
    ///
    /// - Parameters:
    ///   - saved: The identity that was saved; nil when there is none or it cannot be read.
    ///   - current: The spec of this run; nil when there is none.
    /// - Returns: True only when both are there and equal in all parts.
    public static func matches(saved: SessionIdentity?, current: ExecutionSpec?) -> Bool {
        guard let saved, let current else { return false }
        return saved == current.identity
    }
}

extension SessionIdentity: Hashable {
    private var parts: [[UInt8]?] {
        [transport, provider, sandboxID, remoteDirectory, callbackURL].map { $0.map { Array($0.utf8) } }
    }

    /// Whether all parts are the same bytes; texts that only look alike are not.
    public static func == (one: SessionIdentity, other: SessionIdentity) -> Bool { one.parts == other.parts }

    /// Hashes all parts.
    public func hash(into hasher: inout Hasher) { hasher.combine(parts) }
}
