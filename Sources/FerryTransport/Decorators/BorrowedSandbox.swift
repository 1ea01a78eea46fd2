/// A sandbox that somebody else keeps open: ``close()`` leaves it so.
package struct BorrowedSandbox: Sandbox {
    private let sandbox: any Sandbox

    /// Wraps a sandbox, which its owner closes.
    ///
    /// - Parameter sandbox: The sandbox.
    package init(_ sandbox: any Sandbox) { self.sandbox = sandbox }

    package var name: String { sandbox.name }
    package var capabilities: SandboxCapabilities { sandbox.capabilities }
    package var archives: (any SandboxArchives)? { sandbox.archives }
    package func identity() throws(TransportError) -> SandboxIdentity? { try sandbox.identity() }
    package func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        try sandbox.start(command)
    }
    package func interrupt() { sandbox.interrupt() }
    package func close() {}
}
