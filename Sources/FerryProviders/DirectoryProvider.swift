public import FerryTransport

/// Directories on this machine: `PATH`, `dir:PATH`.
public struct DirectoryProvider: Provider {
    /// Makes the provider.
    public init() {}

    /// Directories.
    public var schemes: [TargetScheme] { [.directory] }

    /// The directory itself.
    public func endpoint(for target: Target) -> EndpointDescription { .directory(target.path) }
}
