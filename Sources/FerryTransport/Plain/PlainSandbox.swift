import FerryCore
import FerryThreads

/// A sandbox behind the six calls of a ``PlainClient``.
///
/// A command's input is written to files, in pieces, before the command begins; its output goes to files over there and is read in
/// pieces after it has ended. So a command starts when its input was closed, and memory on this side holds one piece at a time.
/// Temporary files are in one directory of the sandbox, which ``close()`` removes. What a program that was killed left there, the next
/// one removes: the directory's name says which process made it.
///
/// Commands take no environment of their own, because that could only be a file in the sandbox. Silence cannot be seen while a command
/// runs, so an idle time-out limits each call for a file, and only a deadline and ``PlainLimits/longestRun`` limit a command.
public final class PlainSandbox: Sandbox {
    /// What to call it in messages.
    public let name: String
    /// Input comes whole, and the end of an output is proven by its length.
    public let capabilities: SandboxCapabilities
    private let knownIdentity: SandboxIdentity?
    private let workplace: PlainWorkplace

    /// Makes a sandbox; nothing is called yet.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages.
    ///   - client: The way there.
    ///   - identity: Which sandbox it is; nil when only its file system can tell.
    ///   - limits: What the client can bear.
    public init(
        name: String, client: any PlainClient, identity: SandboxIdentity? = nil, limits: PlainLimits = PlainLimits()
    ) {
        self.name = name
        knownIdentity = identity
        workplace = PlainWorkplace(client, sandbox: name, limits)
        var capabilities = SandboxCapabilities()
        capabilities.streamsInput = false
        capabilities.storesInput = true
        capabilities.takesEnvironment = false
        capabilities.crossesNetwork = limits.crossesNetwork
        capabilities.concurrentCommands = limits.concurrentCommands
        // The runner and its words are in the same file.
        capabilities.longestCommand = min(120 << 10, limits.piece.size - PlainRunner.mostOverhead)
        self.capabilities = capabilities
    }

    /// What it was made with.
    public func identity() throws(TransportError) -> SandboxIdentity? { knownIdentity }

    /// Prepares a command; it runs when its input was closed and somebody reads or waits.
    ///
    /// - Parameter command: The command, without an environment.
    /// - Returns: The command.
    /// - Throws: ``TransportError``.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        func refused(_ reason: String) -> TransportError {
            TransportError(.unsupported, sandbox: name, purpose: command.purpose, reason: reason)
        }
        guard command.environment.isEmpty else {
            throw refused("its client has no way to hand over variables that leaves no file behind")
        }
        let script = try ShellScript(command, sandbox: name)
        guard command.text.count <= capabilities.longestCommand else {
            throw refused("it takes commands of \(capabilities.longestCommand) bytes only")
        }
        let number = try workplace.enter(command)
        return PlainProcess(command, script.text, number: number, in: workplace)
    }

    /// Breaks off the making of the directory for temporary files.
    public func interrupt() { workplace.interrupt() }

    /// Ends what runs, and removes the temporary files.
    ///
    /// Where the sandbox cannot be reached any more they stay; the next sandbox that this machine opens there removes them.
    public func close() { workplace.close() }
}
