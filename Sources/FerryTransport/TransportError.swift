import FerryCore

/// Why a sandbox could not be reached or did not do what it was told.
public struct TransportError: Error, Sendable {
    /// What went wrong.
    public enum Code: String, Sendable, CaseIterable {
        /// The sandbox does not exist, or not any more.
        case notFound
        /// The way there could not be opened: no such host, refused, a program is missing.
        case unreachable
        /// Whoever guards the way said no.
        case denied
        /// The connection broke while it was in use.
        case disconnected
        /// The command no longer reads its input.
        case closedInput
        /// A deadline or an idle time-out was over.
        case timedOut
        /// Somebody asked to stop.
        case cancelled
        /// The command ended with a status other than 0.
        case commandFailed
        /// The other side said something that its protocol does not allow, or was cut off.
        case malformed
        /// The sandbox lacks something: a shell, a tar.
        case missingTool
        /// The transport cannot do this.
        case unsupported
        /// The other side has too much to do.
        case busy
        /// A disk over there is full.
        case noSpace
    }

    /// What went wrong.
    public var code: Code
    /// The sandbox, as messages name it.
    public var sandbox: String
    /// What was being done, as a noun phrase.
    public var purpose: String
    /// Why it failed, as a clause.
    public var reason: String
    /// What to do next, as a clause; empty when nothing helps.
    public var advice: String
    /// The command's exit status, where it ended.
    public var status: Int32?
    /// The last bytes of the command's standard error.
    public var errorTail: [UInt8]

    /// Makes an error.
    public init(
        _ code: Code, sandbox: String, purpose: String, reason: String, advice: String = "", status: Int32? = nil,
        errorTail: [UInt8] = []
    ) {
        self.code = code
        self.sandbox = sandbox
        self.purpose = purpose
        self.reason = reason
        self.advice = advice
        self.status = status
        self.errorTail = errorTail
    }

    /// Whether the same thing may work a moment later.
    public var isTransient: Bool {
        switch code {
        case .disconnected, .busy, .unreachable: true
        default: false
        }
    }
}

extension TransportError: CustomStringConvertible {
    /// The sandbox, what failed, why, the command's own words, and what to do next.
    public var description: String {
        var text = "\(sandbox): \(purpose) failed: \(reason)"
        if let status { text += " (exit status \(status))" }
        let lines = errorTail.suffix(1_000).split { $0 == 0x0A || $0 == 0x0D }.filter { !$0.allSatisfy { $0 == 0x20 } }
        if !lines.isEmpty { text += "; it said: \(lines.map { displayName(of: $0) }.joined(separator: " / "))" }
        if !advice.isEmpty { text += "; \(advice)" }
        return text
    }
}
