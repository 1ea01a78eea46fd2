public import FerryEngine
public import FerryTransport

/// The way to a sandbox, without the directory in it, which the spec names.
public struct RuntimeTransport: Sendable {
    enum Way: Sendable {
        case machine
        case borrowed(any Sandbox)
        case endpoint(SandboxEndpoint)
    }

    let way: Way

    /// The sandbox's directory is one of this machine.
    public static let thisMachine = RuntimeTransport(way: .machine)

    /// A sandbox that the adapter opened; it stays open and the adapter's.
    ///
    /// - Parameter sandbox: The sandbox.
    /// - Returns: The way there.
    public static func sandbox(_ sandbox: any Sandbox) -> RuntimeTransport { RuntimeTransport(way: .borrowed(sandbox)) }

    /// A sandbox that is opened for each operation and closed after it.
    ///
    /// - Parameter endpoint: How to open it. Where its directory is the spec's, what `ferry sync` knows of this target is used.
    /// - Returns: The way there.
    public static func endpoint(_ endpoint: SandboxEndpoint) -> RuntimeTransport {
        RuntimeTransport(way: .endpoint(endpoint))
    }

    /// The way to what a target was resolved to.
    ///
    /// - Parameter endpoint: A directory of this machine, or one in a sandbox.
    /// - Returns: The way there.
    /// - Throws: ``RuntimeError`` for an archive, in which nothing can run.
    public static func resolved(_ endpoint: Endpoint) throws(RuntimeError) -> RuntimeTransport {
        switch endpoint {
        case .directory: return .thisMachine
        case .sandbox(let endpoint): return .endpoint(endpoint)
        case .archive, .standardStream:
            throw RuntimeError(
                .invalidRequest, "A runtime cannot be prepared in an archive.", advice: "Name a sandbox.")
        }
    }
}
