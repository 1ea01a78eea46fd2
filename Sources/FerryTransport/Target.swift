/// One side of a sync as the user wrote it: what kind it is, where it is, and the path there.
///
/// All parts are the bytes of the command line. Nothing is percent-decoded, and a trailing slash has no meaning.
public struct Target: Sendable, Hashable {
    /// What comes between the scheme and the path.
    public enum Authority: Sendable, Hashable {
        /// Nothing: the target is on this machine.
        case none
        /// A host for `ssh`; a literal IPv6 address without its brackets.
        case host(user: [UInt8]?, name: [UInt8], port: UInt16?)
        /// A container's name or identifier.
        case container([UInt8])
        /// A pod, and one of its containers when it has several.
        case pod(namespace: [UInt8], name: [UInt8], container: [UInt8]?)
        /// A vendor's identifier of a sandbox.
        case sandbox([UInt8])
        /// The name of a profile in the user's configuration.
        case profile([UInt8])
    }

    /// What kind of target it is.
    public let scheme: TargetScheme
    /// What comes between the scheme and the path.
    public let authority: Authority
    /// The path; empty for a stream.
    ///
    /// On this machine it is as the user gave it, with `~` expanded; elsewhere it is absolute.
    public let path: [UInt8]
    /// The whole target as it was written.
    public let text: [UInt8]

    init(_ scheme: TargetScheme, _ authority: Authority = .none, path: [UInt8], text: [UInt8]) {
        self.scheme = scheme
        self.authority = authority
        self.path = path
        self.text = text
    }

    /// Whether an absolute path that begins with `/~/` is meant, which lies below the home directory over there.
    public var isBelowRemoteHome: Bool {
        scheme == .ssh && (path.starts(with: "/~/".utf8) || path.elementsEqual("/~".utf8))
    }
}
