/// What an account at a provider is proven with: it makes, finds and removes sandboxes, and reaches the provider's control plane only.
///
/// It is another type than ``SandboxCredential``, and neither can be made of the other: to send one where the other belongs does not
/// compile.
public struct AccountCredential: Sendable, Hashable {
    /// The token and the control plane's origin.
    package let token: OriginBoundToken

    /// Makes a credential.
    ///
    /// - Parameters:
    ///   - token: The account's token.
    ///   - origin: The provider's control plane.
    public init(_ token: Secret, controlPlane origin: Origin) {
        self.token = OriginBoundToken(token, for: origin)
    }
}
