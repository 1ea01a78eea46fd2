/// What opens one sandbox: it reaches that sandbox's data plane only.
///
/// A sandbox without one (`secure: false`) works; its credential is nil, and never the account's.
public struct SandboxCredential: Sendable, Hashable {
    /// The token and the data plane's origin.
    package let token: OriginBoundToken
    /// Which sandbox it opens.
    public let sandboxID: String

    /// Makes a credential.
    ///
    /// - Parameters:
    ///   - token: The sandbox's token.
    ///   - sandboxID: Which sandbox it opens.
    ///   - origin: That sandbox's data plane.
    public init(_ token: Secret, sandboxID: String, dataPlane origin: Origin) {
        self.token = OriginBoundToken(token, for: origin)
        self.sandboxID = sandboxID
    }
}
