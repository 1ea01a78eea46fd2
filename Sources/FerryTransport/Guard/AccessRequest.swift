/// What somebody wants to do with a sandbox, for whoever decides whether they may.
public struct AccessRequest: Sendable {
    /// The kinds of operations.
    public enum Operation: String, Sendable, CaseIterable {
        /// Ask which sandbox it is.
        case identify
        /// Run a command.
        case command
        /// Unpack an archive.
        case upload
        /// Pack an archive.
        case download
        /// Ask about a path or a user without running a command.
        case inspect
        /// Prepare a managed runtime.
        case prepare
        /// Bring a managed runtime's results back.
        case restore
        /// Give a managed runtime up.
        case release
    }

    /// What the caller proves with who it is; nil when it brought nothing.
    public var credential: Secret?
    /// The sandbox.
    public var sandbox: String
    /// What is to be done.
    public var operation: Operation
    /// What it is for, as a noun phrase.
    public var purpose: String

    /// Makes a request.
    ///
    /// - Parameters:
    ///   - credential: What the caller proves with who it is.
    ///   - sandbox: The sandbox.
    ///   - operation: What is to be done.
    ///   - purpose: What it is for, as a noun phrase.
    public init(credential: Secret?, sandbox: String, operation: Operation, purpose: String) {
        self.credential = credential
        self.sandbox = sandbox
        self.operation = operation
        self.purpose = purpose
    }
}

/// What was decided about an ``AccessRequest``.
public enum AccessDecision: Sendable, Hashable {
    /// The caller is known by this name, and may.
    case allowed(caller: String)
    /// The caller may not; the name is nil for somebody who is not known.
    case refused(caller: String?)
}
