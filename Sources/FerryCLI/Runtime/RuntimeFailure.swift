import FerryCore
import FerryEngine
import FerryRuntime

/// Why a command of `ferry runtime` failed: what its result says, and what is for people to read on standard error.
struct RuntimeFailure: Error {
    /// A word that stays the same between versions.
    var code: String
    /// What failed, in a sentence without a path of this machine unless the request named it.
    var message: String
    /// What to do next, in a sentence; empty when nothing helps.
    var advice = ""
    /// All that is known.
    var detail: String
    /// The member of the request that is wrong.
    var member: String?
    /// The reason of a halt.
    var halt: Halt.Reason?
    /// Some of the entries concerned.
    var examples: [[UInt8]] = []
    /// How the command ends.
    var status: ExitStatus

    /// Explains any error of this command.
    ///
    /// - Parameters:
    ///   - error: The error.
    ///   - interruption: The status of a stop on request.
    init(_ error: any Error, interruption: ExitStatus) {
        switch error {
        case let error as RuntimeFailure: self = error
        case let error as RequestError:
            self.init(
                code: error.code.rawValue, message: Self.sentence(error.message), detail: error.message,
                member: error.member, status: .usage)
        case let error as SpecError:
            self.init(
                code: error.code.rawValue, message: Self.sentence(error.reason), detail: error.reason,
                member: error.field.isEmpty ? "spec" : "spec.\(error.field)", status: .usage)
        case let error as RuntimeError:
            self.init(
                code: error.code.rawValue, message: error.sentence, advice: error.advice, detail: error.detail,
                halt: error.halt, examples: error.examples,
                status: ExitStatus(error.code, interruption: interruption))
        default:
            self.init(
                code: RuntimeError.Code.failed.rawValue, message: "Something failed.", detail: "\(error)",
                status: .failed)
        }
    }

    private init(
        code: String, message: String, advice: String = "", detail: String, member: String? = nil,
        halt: Halt.Reason? = nil, examples: [[UInt8]] = [], status: ExitStatus
    ) {
        self.code = code
        self.message = message
        self.advice = advice
        self.detail = detail
        self.member = member
        self.halt = halt
        self.examples = examples
        self.status = status
    }

    private static func sentence(_ clause: String) -> String {
        clause.prefix(1).uppercased() + clause.dropFirst() + (clause.hasSuffix(".") ? "" : ".")
    }
}

extension ExitStatus {
    /// The status of a runtime's error; `interruption` is that of a stop on request.
    init(_ code: RuntimeError.Code, interruption: ExitStatus) {
        switch code {
        case .invalidRequest, .invalidKey, .ambiguous: self = .usage
        case .workspaceUnavailable, .assetUnavailable, .notPrepared, .released, .stateUnavailable, .failed:
            self = .failed
        case .halted: self = .halted
        case .locked: self = .locked
        case .sandboxFailed: self = .transport
        case .unsafeArchive: self = .unsafeArchive
        case .verification: self = .verification
        case .secrets: self = .secrets
        case .timedOut: self = .timedOut
        case .cancelled: self = interruption
        }
    }
}
