/// A token together with the only origin that may get it.
///
/// Whoever makes a request asks for the token with the origin of that very request; a redirect leads to another request.
public struct OriginBoundToken: Sendable, Hashable {
    /// The origin that may get it.
    public let origin: Origin
    private let token: Secret

    /// Binds a token to an origin.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - origin: The only origin that may get it.
    public init(_ token: Secret, for origin: Origin) {
        self.token = token
        self.origin = origin
    }

    /// The token, for a request to an origin.
    ///
    /// - Parameter origin: Where the request goes.
    /// - Returns: Nil for any other origin than the one that it is bound to.
    public func token(for origin: Origin) -> Secret? { origin == self.origin ? token : nil }

    /// Whether both are the same token for the same origin.
    public static func == (one: OriginBoundToken, other: OriginBoundToken) -> Bool {
        one.origin == other.origin && one.token == other.token
    }

    /// Hashes the origin; a hash of the token would tell something of it.
    public func hash(into hasher: inout Hasher) { hasher.combine(origin) }
}

extension OriginBoundToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The origin.
    public var description: String { "a token for \(origin)" }
    /// The origin.
    public var debugDescription: String { description }
    /// The origin only.
    public var customMirror: Mirror { Mirror(self, children: ["origin": origin]) }
}
