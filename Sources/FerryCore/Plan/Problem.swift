/// Something that a sync could not do, or that the user should know, about one path.
///
/// The sync goes on.
public struct Problem: Error, Sendable, Hashable {
    /// What kind of problem it is.
    public enum Code: String, Sendable, CaseIterable {
        /// The entry could not be read.
        case unreadable
        /// The entry could not be written.
        case unwritable
        /// The entry is of a kind that is not carried: a fifo, a socket, a device.
        case skipped
        /// The file changed while it was read.
        case unstable
        /// The entry was left as it is because it holds something protected.
        case protected
        /// What an interrupted sync had put aside was found and kept. Nothing is wrong.
        case rescued
        /// What was last agreed on is not known any more: the sync goes on as if it were the first.
        case baselineLost
        /// Both sides changed a git repository; the message says how to get at the sandbox's commits.
        case divergedRepository
        /// The rules leave nothing of the workspace.
        case nothingLeft
        /// What a push sends looks like a secret.
        case secret
    }

    /// What kind of problem it is.
    public let code: Code
    /// The path below the root; empty for the root itself.
    public let path: [UInt8]
    /// What failed and why, and what can be done.
    public let message: String

    /// Makes a problem.
    public init(_ code: Code, path: [UInt8], message: String) {
        self.code = code
        self.path = path
        self.message = message
    }
}
