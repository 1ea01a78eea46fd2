import FerryCore

/// A command that goes on in a sandbox when nobody listens any more.
///
/// It takes no environment of its own: what lives longer than its caller may not carry a caller's secrets.
public struct DetachedCommand: Sendable {
    /// A command line for a POSIX shell.
    public var text: [UInt8]
    /// What it is for, as a noun phrase.
    public var purpose: String
    /// Where it starts; nil: `/`.
    public var directory: [UInt8]?

    /// Makes a command.
    ///
    /// - Parameters:
    ///   - text: A command line for a POSIX shell.
    ///   - purpose: What it is for, as a noun phrase.
    ///   - directory: Where it starts; nil: `/`.
    public init(_ text: [UInt8], purpose: String, directory: [UInt8]? = nil) {
        self.text = text
        self.purpose = purpose
        self.directory = directory
    }
}

extension Sandbox {
    /// Starts a command that nobody listens to: its input and output are `/dev/null`, and it goes on when the connection ends.
    ///
    /// - Parameter command: The command.
    /// - Returns: Its process number over there.
    /// - Throws: ``TransportError``.
    @discardableResult
    public func start(detached command: DetachedCommand) throws(TransportError) -> Int {
        // A session of its own where the sandbox can make one: otherwise what ends the group of this command ends that one, too. The
        // substitution ends when the command has left this one's group and its output.
        let launcher =
            "if command -v setsid >/dev/null 2>&1; then s=setsid; else s=; fi; trap '' HUP; "
            + #"n=$($s sh -c 'echo "$$"; exec sh -c "$0" </dev/null >/dev/null 2>&1' "#
        var starter = SandboxCommand(
            Array(launcher.utf8) + ShellText.quoted(command.text) + Array(#" </dev/null &) && echo "$n""#.utf8),
            purpose: command.purpose)
        starter.directory = command.directory
        let answer = try run(starter, outputLimit: 100)
        let digits = String(decoding: answer.output.prefix { $0 != 0x0A }, as: UTF8.self)
        guard let number = Int(digits) else {
            throw TransportError(
                .malformed, sandbox: name, purpose: command.purpose, reason: "the shell does not say what it started",
                errorTail: answer.exit.errorTail)
        }
        return number
    }
}
