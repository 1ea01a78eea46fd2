import FerryThreads

/// Decides for a backend that serves many users who may do what, and keeps a record of it.
///
/// Everything fails closed. No means: whoever decides said so, threw an error, took too long or gave no answer; the caller began too
/// many operations; or a record of before could not be kept. One guard serves all sandboxes of a backend.
public final class AccessGuard: Sendable {
    /// Authenticates and authorises: says who makes a request, and whether they may.
    ///
    /// It runs in a task that is cancelled when it takes too long; like any task, it must not block its thread. Nil counts as no.
    public typealias Decide = @Sendable (AccessRequest) async throws -> AccessDecision?

    private let decide: Decide
    private let timeLimit: Duration
    private let meter: AccessMeter?
    private let audit: any AuditLog
    private let unwritten = Monitor<[AuditRecord]>([])

    /// Makes a guard.
    ///
    /// - Parameters:
    ///   - audit: Keeps the records.
    ///   - rate: How many operations each caller may begin; nil: any number.
    ///   - timeLimit: How long a decision may take.
    ///   - decide: Authenticates and authorises.
    public init(
        audit: any AuditLog, rate: AccessRate? = nil, timeLimit: Duration = .seconds(5), decide: @escaping Decide
    ) {
        self.audit = audit
        self.timeLimit = timeLimit
        self.decide = decide
        meter = rate.map(AccessMeter.init)
    }

    /// Lets an operation begin, or not; blocks the calling thread.
    ///
    /// - Parameter request: Who wants to do what.
    /// - Returns: What has to be told how the operation ended.
    /// - Throws: ``TransportError`` with the code `denied`, or `busy` when the caller began too many operations.
    public func admit(_ request: AccessRequest) throws(TransportError) -> AccessPass {
        guard writeOverdue() else {
            // Without records nothing may happen.
            throw Self.error(.denied, request, "the audit record cannot be kept", "see the log of the backend")
        }
        let pass = AccessPass(request, guardedBy: self)
        switch answer(to: request) {
        case .allowed(let caller):
            pass.caller.withLock { pass.caller.state = caller }
            guard meter?.take(for: caller) ?? true else {
                pass.end(.limited)
                throw Self.error(.busy, request, "there were too many operations", "try again later")
            }
            return pass
        case .refused(let caller):
            pass.caller.withLock { pass.caller.state = caller }
            pass.end(.refused)
            throw Self.error(.denied, request, "it is not allowed", "ask whoever runs the backend")
        case nil:
            pass.end(.undecided)
            throw Self.error(.denied, request, "nobody could say whether it is allowed", "try again later")
        }
    }

    /// Keeps a record, or puts it aside to be kept before anything else is allowed.
    func record(_ record: AuditRecord) {
        unwritten.withLock { unwritten.state.append(record) }
        _ = writeOverdue()
    }

    private func writeOverdue() -> Bool {
        unwritten.withLock {
            while let next = unwritten.state.first {
                do throws(AuditError) {
                    try audit.append(next)
                    unwritten.state.removeFirst()
                } catch {
                    return false
                }
            }
            return true
        }
    }

    /// The decision; nil when there is none in time.
    private func answer(to request: AccessRequest) -> AccessDecision? {
        let answer = Monitor<(isThere: Bool, decision: AccessDecision?)>((false, nil))
        let decide = decide
        let task = Task.detached {
            // An error is no answer, and no answer is no.
            let decision = try? await decide(request)
            answer.withLock {
                answer.state = (true, decision)
                answer.broadcast()
            }
        }
        let end = ContinuousClock.now + timeLimit
        let decision = answer.withLock { () -> AccessDecision? in
            while !answer.state.isThere && .now < end { answer.wait(atMost: end - .now) }
            return answer.state.decision
        }
        task.cancel()
        return decision
    }

    private static func error(
        _ code: TransportError.Code, _ request: AccessRequest, _ reason: String, _ advice: String
    ) -> TransportError {
        TransportError(code, sandbox: request.sandbox, purpose: request.purpose, reason: reason, advice: advice)
    }
}

/// An operation that was let in; it becomes a record when it ends, and at the latest when nobody holds it any more.
public final class AccessPass: Sendable {
    private let request: AccessRequest
    private let owner: AccessGuard
    private let time = WallClock.milliseconds
    private let start = ContinuousClock.now
    private let hasEnded = Monitor(false)
    let caller = Monitor<String?>(nil)

    init(_ request: AccessRequest, guardedBy owner: AccessGuard) {
        self.request = request
        self.owner = owner
    }

    deinit { end(.abandoned) }

    /// Says how the operation ended; only the first time counts.
    ///
    /// - Parameters:
    ///   - outcome: How it ended.
    ///   - entries: How many entries were written or removed; nil where it is not known.
    ///   - bytesIn: How many bytes went into the sandbox.
    ///   - bytesOut: How many bytes came out of it.
    public func end(
        _ outcome: AuditRecord.Outcome, entries: Int? = nil, bytesIn: Int64? = nil, bytesOut: Int64? = nil
    ) {
        let isFirst = hasEnded.withLock { () -> Bool in
            defer { hasEnded.state = true }
            return !hasEnded.state
        }
        guard isFirst else { return }
        owner.record(
            AuditRecord(
                time: time, caller: caller.withLock { caller.state }, sandbox: request.sandbox,
                operation: request.operation, purpose: request.purpose, entries: entries, bytesIn: bytesIn,
                bytesOut: bytesOut, duration: .now - start, outcome: outcome))
    }
}
