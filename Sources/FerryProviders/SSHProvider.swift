public import FerryTransport

/// Hosts: `ssh://[user@]host[:port]/PATH`.
public struct SSHProvider: Provider {
    private let command: [[UInt8]]?

    /// Makes the provider.
    ///
    /// - Parameter command: The ssh command with its first arguments; nil: the variable `FERRY_SSH`, or `ssh`.
    public init(command: [[UInt8]]? = nil) { self.command = command }

    /// Hosts.
    public var schemes: [TargetScheme] { [.ssh] }

    /// The directory on the host.
    public func endpoint(for target: Target) throws(TargetError) -> EndpointDescription {
        guard case .host(let user, let host, let port) = target.authority else {
            throw TargetError(.incomplete, target.text, "there is no host", advice: "write \(TargetScheme.ssh.form)")
        }
        let command = command
        return .sandbox(
            SandboxEndpoint(target) { () throws(TransportError) in
                SSHSandbox(user: user, host: host, port: port, command: command)
            })
    }
}
