public import FerryTransport

/// Archives: `tar:FILE`, and `-` for a stream on standard input or output.
public struct TarProvider: Provider {
    /// Makes the provider.
    public init() {}

    /// Archives and streams.
    public var schemes: [TargetScheme] { [.tar, .standardStream] }

    /// The archive itself.
    public func endpoint(for target: Target) -> EndpointDescription {
        target.scheme == .standardStream ? .standardStream : .archive(target.path)
    }
}
