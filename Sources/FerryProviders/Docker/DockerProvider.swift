import FerryCore
public import FerryTransport

/// Containers of Docker and Podman: `docker://CONTAINER/PATH`.
public struct DockerProvider: Provider {
    private let environment: [String: String]

    /// Makes the provider.
    ///
    /// - Parameter environment: The variables that say where the engine listens; nil: those of this process.
    public init(environment: [String: String]? = nil) {
        self.environment = environment ?? ProcessEnvironment.variables
    }

    /// Containers.
    public var schemes: [TargetScheme] { [.docker] }

    /// The directory in the container; the engine is not asked yet.
    public func endpoint(for target: Target) throws(TargetError) -> EndpointDescription {
        guard case .container(let bytes) = target.authority, let name = Self.name(bytes) else {
            throw TargetError(
                .unsafePart, target.text, "a container's name or identifier has letters, digits, '_', '.' and '-' only",
                advice: "look it up with 'docker ps'")
        }
        let host: DockerHost
        do throws(DockerHostError) {
            host = try DockerHost(environment: environment)
        } catch {
            throw TargetError(.unavailable, target.text, error.reason, advice: error.advice)
        }
        return .sandbox(
            SandboxEndpoint(target) { () throws(TransportError) in DockerSandbox(container: name, host: host) })
    }

    /// The name as text if it is one: the engine's own rule, which also keeps it a single part of a URL.
    private static func name(_ bytes: [UInt8]) -> String? {
        func isPlain(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
        guard let first = bytes.first, isPlain(first), bytes.allSatisfy({ isPlain($0) || "_.-".utf8.contains($0) })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
