/// A place where an untrusted program works, and the way there.
///
/// Everything that comes out of one is hostile until it was checked; a transport only carries it. All calls block the calling
/// thread and are made from threads that may block, never from a task. A sandbox may be used by several threads at once.
public protocol Sandbox: Sendable {
    /// What to call it in messages, for example `ssh://host`.
    var name: String { get }
    /// What its transport can do.
    var capabilities: SandboxCapabilities { get }

    /// Says which sandbox this is, where the transport knows.
    ///
    /// - Returns: Nil when only the sandbox's own file system can tell.
    /// - Throws: ``TransportError`` when it cannot be reached.
    func identity() throws(TransportError) -> SandboxIdentity?

    /// Starts a command.
    ///
    /// - Parameter command: What to run; a command line for a POSIX shell.
    /// - Returns: The running command. Whoever started it must wait for it or terminate it.
    /// - Throws: ``TransportError`` when it could not be started.
    func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess

    /// Moves whole archives without a command in the sandbox; nil where the transport cannot.
    var archives: (any SandboxArchives)? { get }

    /// Breaks off a connection that is being made, for somebody who wants to stop: who waits for it in ``identity()`` or
    /// ``start(_:)`` gets ``TransportError/Code/cancelled``.
    ///
    /// May come from any thread and again and again, and does not wait; commands that run are not concerned.
    func interrupt()

    /// Ends what the transport keeps open, for example a shared connection.
    ///
    /// May be called more than once; nothing is started afterwards.
    func close()
}

extension Sandbox {
    /// Nothing is known.
    public func identity() throws(TransportError) -> SandboxIdentity? { nil }
    /// There is no such way.
    public var archives: (any SandboxArchives)? { nil }
    /// Nothing takes long enough to be broken off.
    public func interrupt() {}
    /// Nothing is kept open.
    public func close() {}
}

/// Moves archives in and out of a sandbox without a shell or a tar over there, as the Docker Engine API does.
public protocol SandboxArchives: Sendable {
    /// Unpacks a tar stream below a directory.
    ///
    /// - Parameters:
    ///   - directory: The absolute path of a directory. Entries get the owners, modes and times that the stream says.
    ///   - idleTimeout: How long neither side may be silent; nil: as long as the transport finds right.
    ///   - produce: Writes the whole stream through the function it is given; when it throws, the upload is broken off.
    /// - Throws: ``TransportError``.
    func upload(
        to directory: [UInt8], idleTimeout: Duration?,
        _ produce: (_ write: @escaping (Span<UInt8>) throws(TransportError) -> Void) throws(TransportError) -> Void
    ) throws(TransportError)

    /// Starts packing a directory or a file.
    ///
    /// - Parameters:
    ///   - path: Its absolute path. With `/.` at its end, what is inside a directory; anything else at that path is an error that says so.
    ///   - idleTimeout: How long neither side may be silent; nil: as long as the transport finds right.
    /// - Returns: The tar stream. Names in it begin with the path's last component, or, of what is inside a directory, there.
    /// - Throws: ``TransportError``.
    func download(_ path: [UInt8], idleTimeout: Duration?) throws(TransportError) -> any SandboxDownload

    /// Looks whether there is anything at a path.
    ///
    /// - Parameter path: An absolute path.
    /// - Returns: False only when it is known that nothing is there.
    /// - Throws: ``TransportError``.
    func holds(_ path: [UInt8]) throws(TransportError) -> Bool

    /// Whether downloads tell whom entries belong to; where not, they say root.
    ///
    /// - Returns: True when they do.
    /// - Throws: ``TransportError``.
    func tellsOwners() throws(TransportError) -> Bool

    /// Whom commands in the sandbox run as, as it was configured: `user`, `user:group`, by names or numbers.
    ///
    /// - Returns: Nil when that is root.
    /// - Throws: ``TransportError``.
    func configuredUser() throws(TransportError) -> [UInt8]?
}

extension SandboxArchives {
    /// Unpacks a tar stream below a directory, with the transport's own idle time-out.
    ///
    /// - Parameters:
    ///   - directory: The absolute path of a directory.
    ///   - produce: Writes the whole stream through the function it is given.
    /// - Throws: ``TransportError``.
    public func upload(
        to directory: [UInt8],
        _ produce: (_ write: @escaping (Span<UInt8>) throws(TransportError) -> Void) throws(TransportError) -> Void
    ) throws(TransportError) {
        try upload(to: directory, idleTimeout: nil, produce)
    }

    /// Starts packing a directory or a file, with the transport's own idle time-out.
    ///
    /// - Parameter path: Its absolute path.
    /// - Returns: The tar stream.
    /// - Throws: ``TransportError``.
    public func download(_ path: [UInt8]) throws(TransportError) -> any SandboxDownload {
        try download(path, idleTimeout: nil)
    }
}

/// An archive on its way out of a sandbox.
public protocol SandboxDownload: Sendable {
    /// Waits for bytes.
    ///
    /// - Parameter buffer: Where they go.
    /// - Returns: How many came; 0 only at the proven end of the transfer.
    /// - Throws: ``TransportError``, also when the transfer ended early.
    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int

    /// Breaks it off; may be called from any thread and more than once.
    func terminate()
}
