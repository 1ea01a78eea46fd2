import FerryCore
import FerryThreads
import FerryTransport

/// One command in a sandbox that serves a whole push or pull: it has looked at what is there, and answers requests until a last
/// one, ``receive(_:produce:)`` or ``send(_:compression:)``.
///
/// One thread uses it at a time; ``stopper`` may be used by any. After a failure nothing can be asked any more.
final class RemoteSession {
    /// What the probe found.
    let facts: RemoteFacts
    /// The directory that it works in.
    let root: RemoteRoot
    /// How much longer the sandbox took to say its first word than two machines that are as busy as these need for it.
    ///
    /// What it then says of itself takes as long as both of them make it, however far away they are from each other.
    let distance: Duration
    let channel: RemoteChannel
    let capabilities: SandboxCapabilities
    private var isOver = false
    /// Whether a listing was asked for with the start of the command, and not taken yet.
    private(set) var isListingUnderWay: Bool

    /// What a sandbox may print before the script's first word, such as a greeting of its login.
    private static let longestGreeting = 1 << 20
    private static let mostFacts = 64

    private init(
        _ channel: RemoteChannel, facts: RemoteFacts, distance: Duration, root: RemoteRoot,
        capabilities: SandboxCapabilities, isListingUnderWay: Bool
    ) {
        self.isListingUnderWay = isListingUnderWay
        self.distance = distance
        self.channel = channel
        self.facts = facts
        self.root = root
        self.capabilities = capabilities
    }

    deinit { if !isOver { channel.process.terminate() } }

    /// Starts the command and waits for what it finds.
    ///
    /// - Parameters:
    ///   - sandbox: Where.
    ///   - root: The directory that the session is about; it need not exist.
    ///   - request: What ``list(_:)`` will ask for first of all: it is asked for at once, which saves a round trip.
    ///   - deadline: How long the session may last as a whole.
    ///   - idleTimeout: How long neither side may be silent.
    ///   - cancellation: Raised when it shall not go on; noticed until the session is open.
    /// - Returns: The session.
    /// - Throws: ``TransportError``.
    static func open(
        _ sandbox: any Sandbox, root: RemoteRoot, listing request: RemoteListingRequest? = nil,
        deadline: Duration? = nil, idleTimeout: Duration? = nil, cancellation: CancellationFlag? = nil
    ) throws(TransportError) -> RemoteSession {
        let purpose = "looking at '\(root.display)'"
        func failure(_ code: TransportError.Code, _ reason: String, _ advice: String) -> TransportError {
            TransportError(code, sandbox: sandbox.name, purpose: purpose, reason: reason, advice: advice)
        }
        guard root.isValid else {
            throw failure(.unsupported, "the path is not absolute or has a NUL", "name a directory by its whole path")
        }
        let capabilities = sandbox.capabilities
        guard capabilities.runsCommands else {
            throw failure(.unsupported, "its transport cannot feed a command", "use another transport to this sandbox")
        }
        let nonce = RemoteNonce()
        let program = RemoteScript.text(root: root, nonce: nonce)
        // A path may be as long as the program.
        let isFed = program.count > capabilities.longestCommand
        let text = isFed ? RemoteBootstrap.text(nonce: nonce) : program
        guard text.count <= capabilities.longestCommand else {
            throw failure(
                .unsupported, "it takes commands of \(capabilities.longestCommand) bytes only",
                "use another transport to this sandbox")
        }
        var command = SandboxCommand(text, purpose: purpose)
        command.deadline = deadline
        command.idleTimeout = idleTimeout
        let input = isFed ? RemoteBootstrap.input(program, nonce: nonce) : []
        let process: any SandboxProcess =
            if capabilities.streamsInput {
                try sandbox.start(command)
            } else {
                TurnTakingProcess(sandbox, command, preamble: input, nonce: nonce)
            }
        // A sandbox that never answers must not keep who wants to stop.
        let watch = cancellation.map { flag in
            Ticker(every: .milliseconds(100)) { if flag.isRaised { process.terminate() } }
        }
        defer { watch?.stop() }
        // From here on: what `start` had to wait for, such as a connection that many commands share, is over.
        let start = ContinuousClock.now
        let channel = RemoteChannel(process, sandbox: sandbox.name, nonce: nonce, purpose: purpose)
        do throws(TransportError) {
            try feed(capabilities.streamsInput ? input : [], request, channel)
            try greet(channel)
            let greeted = ContinuousClock.now
            let facts = try probe(channel)
            let distance = (greeted - start) - (ContinuousClock.now - greeted) * 2
            return RemoteSession(
                channel, facts: facts, distance: distance, root: root, capabilities: capabilities,
                isListingUnderWay: request != nil)
        } catch {
            process.terminate()
            throw error
        }
    }

    /// Sends the program to the command that waits for it, and a first request.
    private static func feed(
        _ input: [UInt8], _ request: RemoteListingRequest?, _ channel: RemoteChannel
    ) throws(TransportError) {
        do throws(TransportError) {
            if !input.isEmpty { try channel.send(input) }
            if let request { try channel.ask(for: request) }
        } catch  where error.code == .closedInput {
            // It ended already; its output and its status tell why.
        }
    }

    private static func greet(_ channel: RemoteChannel) throws(TransportError) {
        let hello = channel.nonce.prefix + Array("hello \(RemoteScript.version)".utf8)
        guard try channel.skip(to: hello, limit: longestGreeting) else { throw channel.cut() }
    }

    private static func probe(_ channel: RemoteChannel) throws(TransportError) -> RemoteFacts {
        var fields: [[UInt8]] = []
        while true {
            let field: [UInt8]
            do throws(RemoteFailure) {
                field = try channel.nextString(limit: 64 << 10)
            } catch .transport(let error) {
                throw error
            } catch {
                throw channel.surprise([])
            }
            if channel.nonce.words(of: field) == ["ready"] { break }
            fields.append(field)
            guard fields.count <= mostFacts else { throw channel.surprise(field) }
        }
        guard let facts = RemoteFacts(parsing: fields) else {
            throw channel.surprise(Array(fields.joined(separator: [0x20])))
        }
        return facts
    }

    /// Ends the session from any thread: whoever waits gets ``TransportError/Code/cancelled``.
    var stopper: @Sendable () -> Void {
        let process = channel.process
        return { process.terminate() }
    }

    /// Ends the session; harmless when it is over.
    func close() {
        guard !isOver else { return }
        isOver = true
        // Nobody takes what it still has to tell.
        if isListingUnderWay { return channel.process.terminate() }
        if let turns = channel.process as? TurnTakingProcess, !turns.awaitsAnswer { return turns.terminate() }
        // How it ends is of no interest any more, but it is not left behind. It is told to end, because a way that hides the end of
        // the input would leave it waiting.
        _ = try? channel.send(line: "bye")
        if (try? channel.process.closeInput()) == nil || (try? channel.process.wait()) == nil {
            channel.process.terminate()
        }
    }

    // MARK: For the requests

    /// Whether what is asked for is answered only when all of it was asked.
    var takesTurns: Bool { !capabilities.streamsInput }

    /// Begins a request.
    func begin(_ purpose: String) throws(TransportError) {
        channel.purpose = purpose
        guard !isOver else {
            throw TransportError(
                .closedInput, sandbox: channel.sandbox, purpose: purpose, reason: "the session is over")
        }
    }

    /// Asks for a listing, unless that was done with the start of the command.
    func askOnce(for request: RemoteListingRequest) throws(TransportError) {
        if !isListingUnderWay { try channel.ask(for: request) }
    }

    /// Notes that the listing that was under way has come, or that there is none.
    func endListing() { isListingUnderWay = false }

    /// Notes that nothing can be asked any more, because it was the last request or something failed.
    func end() { isOver = true }

    /// Ends the session because of a failure.
    func giveUp(_ failure: RemoteFailure) -> RemoteFailure {
        if !isOver { channel.process.terminate() }
        isOver = true
        return failure
    }

    func failure(
        _ code: TransportError.Code, _ reason: String, _ advice: String = "", status: Int32? = nil,
        errorTail: [UInt8] = []
    ) -> TransportError {
        TransportError(
            code, sandbox: channel.sandbox, purpose: channel.purpose, reason: reason, advice: advice, status: status,
            errorTail: errorTail)
    }

    /// Demands a tar and a way to hand lists to tools.
    func demandTools() throws(TransportError) {
        guard facts.tar != .none else {
            throw failure(
                .missingTool, "there is no tar", "install tar in the sandbox, or use an image that has it or busybox")
        }
        guard facts.hasXargs else {
            throw failure(
                .missingTool, "there is no xargs that knows -0", "install findutils or busybox in the sandbox")
        }
    }

    func demandRoot() throws(TransportError) {
        switch facts.root {
        case .directory, .missing: break
        case .other: throw failure(.notFound, "'\(root.display)' is not a directory", "name a directory")
        case .unreadable:
            throw failure(.denied, "'\(root.display)' cannot be read", "see who runs commands there, and its mode")
        case .nohome:
            throw failure(.notFound, "the user there has no home directory", "name a directory by its whole path")
        }
    }
}
