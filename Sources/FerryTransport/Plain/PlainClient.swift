/// A way into a sandbox that offers six calls and nothing more: what many vendors' interfaces come down to.
///
/// ``PlainSandbox`` makes a whole transport of it. An adapter implements the six calls, in about fifty lines:
///
/// ```swift
/// struct MyClient: PlainClient {
///     func makeDirectory(_ path: String) async throws { … }
///     func writeFile(_ path: String, _ content: [UInt8]) async throws { … }
///     func readFile(_ path: String) async throws -> [UInt8] { … }
///     func list(_ path: String) async throws -> [String] { … }
///     func remove(_ path: String) async throws { … }
///     func run(_ command: String, timeout: Duration) async throws -> PlainResult { … }
/// }
/// let endpoint = SandboxEndpoint(target: Array("my://sandbox/work".utf8), root: SandboxPath(absolute: path)) {
///     PlainSandbox(name: "my://sandbox", client: MyClient())
/// }
/// ```
///
/// Every path is absolute and every path and command consists of printable ASCII only, without anything that a shell would have to
/// quote: Ferry calls with the names of its own temporary files, never with names of the workspace. Content is bytes of every value.
///
/// What a call throws ends the sync with a message that says what was being done. ``PlainClientError`` and ``TransportError`` say what
/// kind of failure it is; any other error counts as a broken connection. A call is retried by nobody: what can safely be repeated, the
/// client may repeat. The task in which a call runs is cancelled when somebody asks to stop or time is up, so a client that passes the
/// cancellation on ends sooner; nobody waits for one that does not.
public protocol PlainClient: Sendable {
    /// Makes a directory and the directories above it; one that exists is no error.
    ///
    /// - Parameter path: The directory.
    /// - Throws: When it is not there afterwards.
    func makeDirectory(_ path: String) async throws

    /// Makes a file with a content, or replaces a file's content.
    ///
    /// - Parameters:
    ///   - path: A file in a directory that exists.
    ///   - content: All of its content, at most ``PlainLimits/largestFile`` bytes.
    /// - Throws: When not all of it was written.
    func writeFile(_ path: String, _ content: [UInt8]) async throws

    /// Reads a file.
    ///
    /// - Parameter path: The file; its size is at most ``PlainLimits/largestFile`` bytes.
    /// - Returns: All of its content.
    /// - Throws: When it is not there or not all of it could be read.
    func readFile(_ path: String) async throws -> [UInt8]

    /// Lists a directory.
    ///
    /// - Parameter path: The directory.
    /// - Returns: The names in it, or their paths, those that begin with a dot included; not what is below its directories.
    /// - Throws: When it is not there or cannot be read.
    func list(_ path: String) async throws -> [String]

    /// Removes a file, or a directory with everything in it; what is not there is no error.
    ///
    /// - Parameter path: The file or directory.
    /// - Throws: When it is still there afterwards.
    func remove(_ path: String) async throws

    /// Runs a command by a shell and waits for its end.
    ///
    /// The command reads no input. It need not be able to print anything but a line of ASCII.
    ///
    /// - Parameters:
    ///   - command: A simple command: words between single spaces.
    ///   - timeout: How long it may run. After that it should be ended over there.
    /// - Returns: How it ended and what it printed.
    /// - Throws: When it could not be run, its result is not known, or time was up.
    func run(_ command: String, timeout: Duration) async throws -> PlainResult
}

/// How a command of a ``PlainClient`` ended.
public struct PlainResult: Sendable, Hashable {
    /// Its exit status.
    public var status: Int32
    /// What it printed; where a client does not tell standard output and standard error apart, both.
    public var output: [UInt8]
    /// What it printed on standard error; for messages only.
    public var errors: [UInt8]

    /// Makes a result.
    ///
    /// - Parameters:
    ///   - status: The exit status.
    ///   - output: What was printed.
    ///   - errors: What was printed on standard error.
    public init(status: Int32, output: [UInt8], errors: [UInt8] = []) {
        self.status = status
        self.output = output
        self.errors = errors
    }
}

/// Why a call of a ``PlainClient`` failed, for a client that knows.
public struct PlainClientError: Error, Sendable, Hashable {
    /// What kind of failure it is.
    public var code: TransportError.Code
    /// Why, as a clause without secrets: it is shown to the user.
    public var reason: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: What kind of failure it is.
    ///   - reason: Why, as a clause.
    public init(_ code: TransportError.Code, _ reason: String) {
        self.code = code
        self.reason = reason
    }
}
