public import FerryCore
import FerryEngine
import FerryFileSystem
import FerryTransport

/// Why a managed runtime could not be prepared, restored or released.
///
/// ``sentence`` and ``advice`` may be shown to whoever asked for the runtime: no path of this machine is in them. ``detail`` is for the
/// host program's own log.
public struct RuntimeError: Error, Sendable {
    /// What kind of failure it is; the words never change.
    public enum Code: String, Sendable, CaseIterable {
        /// A key, a path or a name of the request is not acceptable.
        case invalidRequest = "invalid-request"
        /// The key of the adapter or of an asset is not acceptable.
        case invalidKey = "invalid-key"
        /// The workspace is missing, is not a directory, or cannot be read.
        case workspaceUnavailable = "workspace-unavailable"
        /// An asset's directory is missing, is not a directory, or cannot be read as a whole.
        case assetUnavailable = "asset-unavailable"
        /// It would probably have destroyed something.
        case halted
        /// Another run holds the workspace, the sandbox or the runtime.
        case locked
        /// The sandbox, or the way to it, failed.
        case sandboxFailed = "sandbox-failed"
        /// The sandbox's answer is unsafe, or damaged.
        case unsafeArchive = "unsafe-archive"
        /// What arrived is not what was sent.
        case verification
        /// What was to be sent looks like a secret.
        case secrets
        /// The time given was over.
        case timedOut = "timed-out"
        /// Somebody asked to stop.
        case cancelled
        /// No runtime is known for this workspace and this sandbox.
        case notPrepared = "not-prepared"
        /// Several runtimes fit.
        case ambiguous
        /// The runtime was released before.
        case released
        /// What is known of the runtime cannot be read or written.
        case stateUnavailable = "state-unavailable"
        /// Something failed that has no code of its own.
        case failed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What failed, in a sentence for anybody.
    public let sentence: String
    /// What to do next, in a sentence for anybody.
    public let advice: String
    /// All that is known, paths of this machine included; for the host's own log only.
    public let detail: String
    /// The reason of a halt.
    public let halt: Halt.Reason?
    /// Some of the entries concerned, as paths below the workspace.
    public let examples: [[UInt8]]

    init(
        _ code: Code, _ sentence: String, advice: String = "", detail: String = "", halt: Halt.Reason? = nil,
        examples: [[UInt8]] = []
    ) {
        self.code = code
        self.sentence = sentence
        self.advice = advice
        self.detail = detail.isEmpty ? sentence : detail
        self.halt = halt
        self.examples = examples
    }
}

extension RuntimeError: CustomStringConvertible {
    /// The sentence and the advice; never ``detail``.
    public var description: String { advice.isEmpty ? sentence : "\(sentence) \(advice)" }
}

extension RuntimeError {
    /// Says in words for anybody why a sync did not happen or did not finish.
    ///
    /// - Parameters:
    ///   - error: The failure.
    ///   - source: What was to be sent, as a noun phrase.
    ///   - task: What was being done.
    init(_ error: SyncError, of source: String, while task: String) {
        let words = Words(error, source: source, task: task)
        self.init(
            words.code, words.sentence, advice: words.advice, detail: "\(task) failed: \(error.message)",
            halt: error.halt?.reason, examples: error.examples)
    }

    init(_ error: TransportError, doing what: String) {
        self.init(
            error.code == .timedOut ? .timedOut : error.code == .cancelled ? .cancelled : .sandboxFailed,
            "The sandbox could not be used for \(what).",
            advice: "Check that it runs and can be reached, and try again.", detail: error.description)
    }

    static func state(_ error: FileSystemError) -> RuntimeError {
        RuntimeError(
            .stateUnavailable, "The state of the runtime could not be read or written.",
            advice: "The host's administrator finds the reason in its log.", detail: error.description)
    }

    static let stopped = RuntimeError(
        .cancelled, "The run was stopped on request.", advice: "Repeating it goes on from there.")
}

/// The words for a sync that failed.
private struct Words {
    var code: RuntimeError.Code
    var sentence: String
    var advice: String

    init(_ error: SyncError, source: String, task: String) {
        switch error.code {
        case .halted: self.init(halt: error.halt?.reason, source: source)
        case .locked:
            self.init(
                .locked, "Another run is using the workspace or the sandbox.", "Wait until it has ended and try again.")
        case .transport:
            self.init(
                .sandboxFailed, "The sandbox failed while \(task).",
                "Check that it runs and can be reached, and try again: what was done by then is not lost.")
        case .unsafeArchive:
            self.init(
                .unsafeArchive, "What the sandbox sent is unsafe or damaged; nothing was changed here.",
                "Look at what ran in the sandbox before it is used again.")
        case .verification:
            self.init(.verification, "What arrived is not what was sent while \(task).", "Try again.")
        case .secrets:
            self.init(
                .secrets, "Something in \(source) looks like a secret, and nothing was sent.",
                "Exclude it, or allow secrets to be sent.")
        case .timedOut: self.init(.timedOut, "The time was over while \(task).", "Give it more time and try again.")
        case .cancelled: self.init(.cancelled, RuntimeError.stopped.sentence, RuntimeError.stopped.advice)
        case .usage, .failed:
            self.init(
                .failed, "Something failed while \(task).", "The host's administrator finds the reason in its log.")
        }
    }

    private init(halt: Halt.Reason?, source: String) {
        let (sentence, advice) =
            switch halt {
            case .overwriteSandbox:
                (
                    "The sandbox holds content that would be overwritten before anybody restored it.",
                    "Restore first, or prepare with a sandbox that the runtime owns."
                )
            case .emptiedRoot:
                ("The source is empty and the other side is not: all of it would be deleted.", "Check the source.")
            case .massDelete:
                ("More than half of the entries on the other side would be deleted.", "Check the source.")
            case .newIdentity:
                (
                    "The sandbox is not the one that was used before, and it is not empty.",
                    "Check the sandbox's identifier."
                )
            case .lowSpace: ("There is not enough space left.", "Free some and try again.")
            case .conflicts:
                ("Both sides changed the same entries, and nothing was written.", "Resolve the conflicts.")
            case nil:
                (
                    "\(source) is missing or is not a directory; a missing source never counts as empty.",
                    "Check that it is there."
                )
            }
        self.init(.halted, sentence.prefix(1).uppercased() + sentence.dropFirst(), advice)
    }

    private init(_ code: RuntimeError.Code, _ sentence: String, _ advice: String) {
        (self.code, self.sentence, self.advice) = (code, sentence, advice)
    }
}
