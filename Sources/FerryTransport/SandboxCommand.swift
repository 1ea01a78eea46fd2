/// A command for a sandbox.
public struct SandboxCommand: Sendable {
    /// A command line for a POSIX shell; run as `sh -c TEXT` from `/` unless ``directory`` says otherwise.
    ///
    /// Any bytes but NUL.
    public var text: [UInt8]
    /// What it is for, as a noun phrase, for messages: "the listing of the sandbox".
    public var purpose: String
    /// Where it starts; nil: `/`.
    public var directory: [UInt8]?
    /// Variables that are set for this command only, over the sandbox's own.
    ///
    /// The command's own entry wins over the sandbox's of the same name, and a later one over an earlier one. Names are of letters, digits
    /// and underscores; values hold no NUL. They travel by the transport's own way or by standard input, never as an argument, because
    /// they may be secret. For the same reason a description of the command shows the names only.
    public var environment: [(name: [UInt8], value: [UInt8])] = []
    /// How long it may run as a whole; nil: for ever.
    ///
    /// When it is over, the command is terminated and whoever waits gets ``TransportError/Code/timedOut``.
    public var deadline: Duration?
    /// How long neither side may send anything; nil: for ever.
    public var idleTimeout: Duration?
    /// Whether repeating it is harmless, so that a decorator may.
    public var isIdempotent = false

    /// Makes a command.
    ///
    /// - Parameters:
    ///   - text: A command line for a POSIX shell.
    ///   - purpose: What it is for, as a noun phrase.
    public init(_ text: [UInt8], purpose: String) {
        self.text = text
        self.purpose = purpose
    }
}

extension SandboxCommand: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The purpose; a command's text and its variables' values may hold what nobody else is to see.
    public var description: String { "a command for \(purpose)" }
    /// The purpose.
    public var debugDescription: String { description }
    /// The purpose and the names of the variables.
    public var customMirror: Mirror {
        Mirror(
            self,
            children: [
                "purpose": purpose, "variables": environment.map { String(decoding: $0.name, as: UTF8.self) },
            ])
    }
}

extension SandboxCommand {
    /// Gives the command a secret by its environment.
    ///
    /// - Parameters:
    ///   - secret: The secret.
    ///   - name: The variable's name; an entry of that name is replaced.
    public mutating func set(_ secret: Secret, as name: String) {
        let name = Array(name.utf8)
        environment.removeAll { $0.name == name }
        environment.append((name, Array(secret.revealed.utf8)))
    }
}
