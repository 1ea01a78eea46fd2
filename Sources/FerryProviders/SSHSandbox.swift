import FerryCore
import FerryProcess
public import FerryTransport

/// A host that the system's `ssh` reaches; its configuration, keys, agent and host checks are ssh's own.
///
/// All commands share one connection. Without a terminal nothing is ever asked: what would need an answer fails.
public final class SSHSandbox: Sandbox {
    /// What to call it in messages: `ssh://host`.
    public let name: String
    /// Commands stream both ways, over a network.
    public let capabilities: SandboxCapabilities

    private let arguments: SSHArguments
    private let connection: SSHConnection

    /// Makes a sandbox; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - user: Who to log in as; nil: as ssh's configuration says.
    ///   - host: The host, as ssh takes it; it must not begin with '-'.
    ///   - port: The port; nil: as ssh's configuration says.
    ///   - command: The ssh command with its first arguments; nil: the variable `FERRY_SSH`, split at spaces, or `ssh`.
    public init(user: [UInt8]? = nil, host: [UInt8], port: UInt16? = nil, command: [[UInt8]]? = nil) {
        let words = command ?? Self.commandOfEnvironment()
        arguments = SSHArguments(ssh: words, user: user, host: host, port: port)
        let login = user.map { "\(displayName(of: $0))@" } ?? ""
        name = "ssh://\(login)\(displayName(of: host))\(port.map { ":\($0)" } ?? "")"
        connection = SSHConnection(arguments, name: name)
        var capabilities = SandboxCapabilities()
        capabilities.crossesNetwork = true
        // Ten sessions a connection is sshd's default; each further command would open a connection of its own.
        capabilities.concurrentCommands = 8
        // Quoting makes four bytes of one, and the line is one argument of the login shell.
        capabilities.longestCommand = 30 << 10
        self.capabilities = capabilities
    }

    /// Starts a command over the shared connection.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        let options = try connection.options(deadline: command.deadline, idleTimeout: command.idleTimeout)
        let sandbox = ProcessSandbox(
            name: name, prefix: arguments.command(options, line: nil), form: .line, capabilities: capabilities,
            verdict: SSHVerdict.ofCommand)
        return try sandbox.start(command)
    }

    /// Ends an ssh that is connecting.
    public func interrupt() { connection.interrupt() }

    /// Ends the shared connection, and with it the commands that still use it.
    public func close() { connection.close() }

    private static func commandOfEnvironment() -> [[UInt8]] {
        let words = Surroundings.variable("FERRY_SSH")?.split(separator: UInt8(ascii: " ")).map(Array.init) ?? []
        return words.isEmpty ? [Array("ssh".utf8)] : words
    }
}
