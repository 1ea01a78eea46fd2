import FerryCore
import FerryEngine

/// The exit codes, with the order in which they count when several apply.
struct ExitStatus: Hashable, Sendable {
    let code: Int32

    static let done = ExitStatus(code: 0)
    static let failed = ExitStatus(code: 1)
    static let usage = ExitStatus(code: 2)
    static let leftOver = ExitStatus(code: 3)
    static let halted = ExitStatus(code: 4)
    static let partial = ExitStatus(code: 5)
    static let unstable = ExitStatus(code: 6)
    static let locked = ExitStatus(code: 7)
    static let verification = ExitStatus(code: 8)
    static let transport = ExitStatus(code: 9)
    static let unsafeArchive = ExitStatus(code: 10)
    static let secrets = ExitStatus(code: 11)
    static let timedOut = ExitStatus(code: 124)

    /// The clean stop after a signal.
    static func signal(_ number: Int32) -> ExitStatus { ExitStatus(code: 128 + number) }

    /// The codes from the one that counts most.
    ///
    /// A signal counts more than all of them.
    static let precedence: [ExitStatus] = [
        .unsafeArchive, .transport, .timedOut, .halted, .secrets, .verification, .locked, .usage, .failed, .leftOver,
        .partial,
        .unstable, .done,
    ]

    private var rank: Int {
        if code > 128 { return -1 }
        return ExitStatus.precedence.firstIndex(of: self) ?? ExitStatus.precedence.count
    }

    /// The one of two that counts.
    func combined(with other: ExitStatus) -> ExitStatus { other.rank < rank ? other : self }

    mutating func formUnion(_ other: ExitStatus) { self = combined(with: other) }
}

extension ExitStatus {
    /// The status of an error; `interruption` is that of a stop on request.
    init(_ code: SyncError.Code, interruption: ExitStatus) {
        switch code {
        case .failed: self = .failed
        case .usage: self = .usage
        case .halted: self = .halted
        case .locked: self = .locked
        case .verification: self = .verification
        case .transport: self = .transport
        case .unsafeArchive: self = .unsafeArchive
        case .secrets: self = .secrets
        case .timedOut: self = .timedOut
        case .cancelled: self = interruption
        }
    }

    /// The status of a sync that came to its end with a problem.
    init(_ problem: Problem.Code) {
        switch problem {
        case .unreadable, .unwritable, .protected: self = .partial
        case .unstable: self = .unstable
        case .skipped, .nothingLeft, .rescued, .baselineLost, .secret, .divergedRepository: self = .done
        }
    }

    /// The status of a sync that came to its end.
    init(_ report: SyncReport) {
        self = report.summary.conflicts + report.summary.held > 0 ? .leftOver : .done
        if report.summary.blocked > 0 { formUnion(.partial) }
        for problem in report.problems { formUnion(ExitStatus(problem.code)) }
    }
}

/// A command that cannot go on: what to tell, and the code to exit with.
struct CommandFailure: Error {
    let status: ExitStatus
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }
}
