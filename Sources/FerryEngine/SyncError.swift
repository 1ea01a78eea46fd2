public import FerryCore

/// Why a sync did not happen or did not finish.
public struct SyncError: Error, Sendable {
    /// What kind of failure it is; each has its own exit code at the command line.
    public enum Code: String, Sendable, CaseIterable {
        /// Something failed that has no code of its own.
        case failed
        /// The endpoints or options make no sense.
        case usage
        /// It would probably have destroyed something.
        case halted
        /// Another sync holds the lock.
        case locked
        /// What arrived is not what was sent.
        case verification
        /// The other side or the way to it failed.
        case transport
        /// The archive asks for something that is never done, or is damaged.
        case unsafeArchive
        /// What a push was to send looks like a secret.
        case secrets
        /// The time given was over.
        case timedOut
        /// Somebody asked to stop.
        case cancelled
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed, on which path, why, and what to do next.
    public let message: String
    /// Paths concerned, at most a few.
    public let examples: [[UInt8]]
    /// The halt, when it is one.
    public let halt: Halt?
    /// The plan that was kept, which finishes what halted; nil when none was.
    public let plan: String?

    /// Makes an error.
    public init(_ code: Code, _ message: String, examples: [[UInt8]] = []) {
        self.code = code
        self.message = message
        self.examples = examples
        halt = nil
        plan = nil
    }

    /// Makes an error of a halt.
    public init(_ halt: Halt) { self.init(halt, plan: nil) }

    init(_ halt: Halt, plan: String?) {
        code = .halted
        message = halt.message
        examples = halt.examples
        self.halt = halt
        self.plan = plan
    }

    /// The same halt with one more thing to say; what is no halt stays as it is.
    func adding(_ words: String) -> SyncError {
        guard let halt else { return self }
        return SyncError(Halt(halt.reason, message: "\(halt.message); \(words)", examples: halt.examples), plan: plan)
    }
}

extension SyncError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
