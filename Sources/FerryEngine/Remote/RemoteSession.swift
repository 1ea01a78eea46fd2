import FerryCore
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
    let channel: RemoteChannel
    let capabilities: SandboxCapabilities
    private var isOver = false
    /// Whether a listing was asked for ahead of everything else and nobody has taken it yet.
    private var hasListingAhead: Bool

    /// What a sandbox may print before the script's first word, such as a greeting of its login.
    private static let longestGreeting = 1 << 20
    private static let mostFacts = 64

    private init(
        _ channel: RemoteChannel, facts: RemoteFacts, root: RemoteRoot, capabilities: SandboxCapabilities
    ) {
        self.channel = channel
        self.facts = facts
        self.root = root
        self.capabilities = capabilities
        hasListingAhead = !capabilities.streamsInput
    }

    deinit { if !isOver { channel.process.terminate() } }

    /// Starts the command and waits for what it finds.
    ///
    /// - Parameters:
    ///   - sandbox: Where.
    ///   - root: The directory that the session is about; it need not exist.
    ///   - deadline: How long the session may last as a whole.
    ///   - idleTimeout: How long neither side may be silent.
    /// - Returns: The session.
    /// - Throws: ``TransportError``.
    static func open(
        _ sandbox: any Sandbox, root: RemoteRoot, deadline: Duration? = nil, idleTimeout: Duration? = nil
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
        let channel = RemoteChannel(process, sandbox: sandbox.name, nonce: nonce, purpose: purpose)
        do throws(TransportError) {
            // A turn costs a command, and nearly every session lists.
            if !capabilities.streamsInput { try channel.send(line: "list") } else if isFed { try feed(input, channel) }
            let facts = try probe(channel)
            return RemoteSession(channel, facts: facts, root: root, capabilities: capabilities)
        } catch {
            process.terminate()
            throw error
        }
    }

    /// Sends the program to the command that waits for it.
    private static func feed(_ input: [UInt8], _ channel: RemoteChannel) throws(TransportError) {
        do throws(TransportError) {
            try channel.send(input)
        } catch  where error.code == .closedInput {
            // It ended already; its output and its status tell why.
        }
    }

    private static func probe(_ channel: RemoteChannel) throws(TransportError) -> RemoteFacts {
        let hello = channel.nonce.prefix + Array("hello \(RemoteScript.version)".utf8)
        guard try channel.skip(to: hello, limit: longestGreeting) else { throw channel.cut() }
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

    /// Asks for the listing, unless that was done.
    func askForListing() throws(TransportError) {
        if hasListingAhead { hasListingAhead = false } else { try channel.send(line: "list") }
    }

    /// Begins a request.
    ///
    /// - Parameters:
    ///   - purpose: What is being done, for messages.
    ///   - isListing: Whether it is for the listing.
    /// - Throws: ``TransportError`` when the session is over.
    func begin(_ purpose: String, isListing: Bool = false) throws(TransportError) {
        channel.purpose = purpose
        if hasListingAhead, !isListing {
            hasListingAhead = false
            channel.discard()
        }
        guard !isOver else {
            throw TransportError(
                .closedInput, sandbox: channel.sandbox, purpose: purpose, reason: "the session is over")
        }
    }

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
