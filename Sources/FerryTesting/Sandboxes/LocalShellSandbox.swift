import FerryProviders
public import FerryTransport

/// A sandbox that is this machine's own shell: commands are child processes, the directory is any one here.
///
/// Nothing is kept apart from the machine; it stands in for a sandbox that is.
public final class LocalShellSandbox: Sandbox {
    /// What to call it in messages.
    public let name: String
    /// Commands stream both ways.
    public let capabilities: SandboxCapabilities
    /// Where ``identity()`` gets its answer.
    private let knownIdentity: SandboxIdentity?
    private let processes: ProcessSandbox

    /// Makes a sandbox.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages.
    ///   - prefix: What runs `sh -c SCRIPT`; empty: nothing in between. For another set of tools, for example `busybox` in a new root:
    ///     `["chroot", ROOT]`.
    ///   - capabilities: What it says of itself.
    ///   - identity: What it says who it is.
    ///   - environment: The environment of the child processes as `NAME=VALUE`; nil: this process's.
    public init(
        name: String = "the local shell", prefix: [[UInt8]] = [], capabilities: SandboxCapabilities = .init(),
        identity: SandboxIdentity? = nil, environment: [[UInt8]]? = nil
    ) {
        self.name = name
        self.capabilities = capabilities
        knownIdentity = identity
        processes = ProcessSandbox(
            name: name, prefix: prefix, capabilities: capabilities, environment: environment)
    }

    /// What it was made with.
    public func identity() throws(TransportError) -> SandboxIdentity? { knownIdentity }

    /// Starts a child process.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        try processes.start(command)
    }

    /// Starts nothing more.
    public func close() { processes.close() }
}
