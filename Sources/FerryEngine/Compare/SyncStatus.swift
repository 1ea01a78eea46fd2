public import FerryCore
public import FerryThreads

/// What syncs of a workspace and a sandbox would do as both are now.
public struct SyncStatus: Sendable {
    /// What one of the two syncs would do.
    public struct Direction: Sendable {
        /// The counts of its plan.
        public var summary = PlanSummary()
        /// What it would change, hold or leave because of a conflict, in the order of paths.
        public var items: [SyncItem] = []
        /// Why it would stop before its first change; nil when it would not.
        public var halt: SyncError?
    }

    /// What a push would do; nil for an archive, which is always written anew.
    public var push: Direction?
    /// What a pull would do.
    public var pull = Direction()
    /// Whether both sides agreed on something once.
    ///
    /// Otherwise nothing says who changed what.
    public var hasBaseline = false
    /// How many entries the workspace changed, made or deleted since then.
    public var localChanges = 0
    /// How many entries the sandbox changed, made or deleted since then, conflicts and held ones included.
    public var remoteChanges = 0
    /// What could not be read, and what an interrupted sync left.
    public var problems: [Problem] = []
    /// How long it took.
    public var duration: Duration = .zero
}

extension SyncEngine {
    /// Tells what a push and what a pull would do, without changing anything.
    ///
    /// What a pull would fetch to compare is compared by digests that the sandbox takes of it.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: The sandbox; also an archive, but no stream.
    ///   - options: How the syncs would be done.
    ///   - cancellation: Raise it to stop.
    ///   - observer: Takes progress and problems.
    /// - Returns: What would be done.
    /// - Throws: ``SyncError`` when one side cannot be looked at.
    public static func status(
        of workspace: [UInt8], and sandbox: Endpoint, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncStatus {
        try await look(
            at: workspace, and: sandbox, options: options, cancellation: cancellation, observer: observer
        ) { (survey, session) throws(SyncError) in
            var status = try StatusSurvey(survey: survey, sandbox: sandbox).run(&session)
            let report = session.finish()
            status.problems = report.problems
            status.duration = report.duration
            return status
        }
    }
}

/// Makes the plans of both directions.
private struct StatusSurvey {
    let survey: Survey
    let sandbox: Endpoint

    func run(_ session: inout SyncSession) throws(SyncError) -> SyncStatus {
        let options = session.options
        var status = SyncStatus()
        var plans: [Plan] = []
        do throws(SyncError) {
            try survey.demandSandbox(sandbox)
            let baseline = try survey.identified(isPush: false, options)
            status.hasBaseline = baseline?.old != nil
            plans.append(try pull(baseline, &session))
        } catch {
            guard error.code == .halted else { throw error }
            status.pull.halt = error
        }
        var push: Int?
        if survey.view.takesPushes {
            status.push = SyncStatus.Direction()
            do throws(SyncError) {
                let baseline = try survey.identified(isPush: true, options)
                plans.append(try self.push(baseline, options))
                push = plans.count - 1
            } catch {
                guard error.code == .halted else { throw error }
                status.push?.halt = error
            }
        }
        try survey.view.settle(&plans, with: survey.workspace, &session)
        if let push {
            survey.view.restrict(&plans[push])
            status.localChanges = plans[push].orderedSteps.count { $0.isChange && !$0.overwritesUnpulled }
            status.push = try direction(plans[push], &session) { (summary, plan) throws(SyncError) in
                if let halt = plan.halt(summary: summary, overrides: options.overrides, isMirror: options.mirrors) {
                    throw SyncError(halt)
                }
                try survey.view.checkSpace(summary, options)
            }
        }
        if status.pull.halt == nil, let plan = plans.first, plan.policy.merge == .pull {
            // What is in conflict changed on both sides.
            status.localChanges += plan.orderedSteps.count { $0.action == .conflict }
            status.remoteChanges = plan.orderedSteps.count {
                $0.isChange || $0.action == .conflict || $0.action == .held
            }
            status.pull = try direction(plan, &session) { (summary, plan) throws(SyncError) in
                try PullTarget.checkHalts(plan, summary, options)
                try DirectoryEndpoints.checkSpace(summary, on: survey.workspace, options)
            }
        }
        return status
    }

    private func pull(_ baseline: SyncBaseline?, _ session: inout SyncSession) throws(SyncError) -> Plan {
        let options = session.options
        var policy = baseline?.policy(options.pullPolicy) ?? options.pullPolicy
        let known = try survey.view.digests(for: baseline)
        policy.remoteDigest = { known[$0] }
        let plan = try SyncBaseline.plan(
            source: survey.remote, destination: survey.local, policy: policy, base: baseline?.old)
        guard let remote = try survey.view.recheck(plan, &session) else { return plan }
        return try SyncBaseline.plan(source: remote, destination: survey.local, policy: policy, base: baseline?.old)
    }

    private func push(_ baseline: SyncBaseline?, _ options: SyncOptions) throws(SyncError) -> Plan {
        var policy = baseline?.policy(options.pushPolicy) ?? options.pushPolicy
        let known = try survey.view.digests(for: baseline)
        policy.remoteDigest = { known[$0] }
        return try SyncBaseline.plan(
            source: survey.local, destination: survey.remote, policy: policy, base: baseline?.old)
    }

    private func direction(
        _ plan: Plan, _ session: inout SyncSession,
        _ check: (PlanSummary, Plan) throws(SyncError) -> Void
    ) throws(SyncError) -> SyncStatus.Direction {
        var direction = SyncStatus.Direction()
        direction.summary = plan.summary()
        for step in plan.orderedSteps where session.isTold(step) {
            direction.items.append(session.item(step, in: plan))
        }
        session.note(plan.problems)
        do throws(SyncError) { try check(direction.summary, plan) } catch {
            guard error.code == .halted else { throw error }
            direction.halt = error
        }
        return direction
    }
}

extension PlanStep {
    /// Whether it changes the destination.
    var isChange: Bool {
        switch action {
        case .create, .update, .changeMode, .changeKind, .delete: true
        case .descend, .conflict, .held, .blocked, .compare, .unchanged, .withheld: false
        }
    }
}
