public import FerryTransport

/// What a target leads to, in words that do not depend on the engine.
public enum EndpointDescription: Sendable, Hashable {
    /// A directory on this machine.
    case directory([UInt8])
    /// A tar archive.
    case archive([UInt8])
    /// A tar stream on standard input or output.
    case standardStream
    /// A directory in a sandbox behind a transport; nothing was reached yet.
    case sandbox(SandboxEndpoint)
}

/// Knows how to reach the targets of some schemes.
public protocol Provider: Sendable {
    /// The schemes.
    var schemes: [TargetScheme] { get }

    /// Says what a target leads to.
    ///
    /// - Parameter target: A target of one of ``schemes``.
    /// - Returns: What is there.
    /// - Throws: ``TargetError`` when this provider cannot reach it.
    func endpoint(for target: Target) throws(TargetError) -> EndpointDescription
}
