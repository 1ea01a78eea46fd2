/// What a transport can do, as data.
public struct SandboxCapabilities: Sendable, Hashable {
    /// Whether commands take their standard input as a stream while they run.
    ///
    /// Where not, a command begins when its input was closed.
    public var streamsInput = true
    /// Whether a command's input lies in the sandbox as a whole before the command runs, and needs space there.
    public var storesInput = false
    /// Whether commands can have variables of their own.
    public var takesEnvironment = true
    /// Whether commands can be run at all.
    public var runsCommands = true
    /// Whether an archive can be unpacked and packed without a command.
    public var movesArchives = false
    /// Whether the way there may be slow, so that compression can pay.
    public var crossesNetwork = false
    /// Whether the end of a command's output can be trusted to be its end.
    ///
    /// Where not (`kubectl exec` cuts output and still exits with 0), only an end mark within the output counts.
    public var provesEndOfOutput = true
    /// The most bytes that one command's input may have; nil for no limit.
    public var largestInput: Int?
    /// The longest command line, in bytes.
    public var longestCommand = 120 << 10
    /// The most commands that may run at the same time; nil for no limit.
    public var concurrentCommands: Int?

    /// Makes the capabilities of a transport that streams both ways.
    public init() {}
}

/// Which sandbox it is.
public struct SandboxIdentity: Sendable, Hashable {
    /// The vendor's, container's or pod's identifier: another one is another sandbox.
    public var id: [UInt8]
    /// Changes when the sandbox was started anew; empty where nothing says so.
    public var boot: [UInt8]

    /// Makes an identity.
    public init(id: [UInt8], boot: [UInt8] = []) {
        self.id = id
        self.boot = boot
    }
}
