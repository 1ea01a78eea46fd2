public import FerryCore
import FerryFileSystem
public import FerryThreads

/// A plan of a push that was kept.
public struct PushPlan: Sendable {
    /// The beginning of the checksum of the plan: what it is called.
    public let name: String
    /// The workspace's real path.
    public let workspace: [UInt8]
    /// The sandbox as a target.
    public let endpoint: [UInt8]
    /// The rules by which it was made.
    public let rules: RecordedRules
    let stored: StoredPushPlan

    init(name: String, stored: StoredPushPlan) {
        self.name = name
        workspace = stored.workspace
        endpoint = stored.endpoint
        rules = RecordedRules(encoded: stored.settings.rules) ?? RecordedRules()
        self.stored = stored
    }

    /// Puts into options what the push was told; what they allow beyond that is added.
    ///
    /// - Parameter options: The options, with the plan's rules already in them.
    public func apply(to options: inout SyncOptions) {
        options.take(stored.settings)
        options.secrets = SecretPolicy(rawValue: String(decoding: stored.secrets, as: UTF8.self)) ?? options.secrets
    }
}

extension SyncEngine {
    /// Plans a push and keeps the plan; nothing is changed on either side.
    ///
    /// Where the push would halt, the plan is kept all the same, and applying it halts.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: Where it would go; not an archive or a stream, which are always written anew.
    ///   - file: Where a copy of the plan goes.
    ///   - options: How; without a state directory nothing can be kept.
    ///   - cancellation: Raise it to stop.
    ///   - observer: Takes the events.
    /// - Returns: What would be done; ``SyncReport/plan`` names the plan.
    /// - Throws: ``SyncError``.
    @discardableResult
    public static func planPush(
        _ workspace: [UInt8], to sandbox: Endpoint, file: [UInt8]? = nil, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        switch sandbox {
        case .archive, .standardStream:
            throw SyncError(
                .usage, "an archive is always written anew, so there is nothing to plan; push it, or use -n")
        case .directory, .sandbox: break
        }
        var planning = options
        planning.keepsPlan = true
        // Whoever plans wants to see what is there.
        planning.trustsBaseline = false
        let report = try await push(
            workspace, to: sandbox, options: planning, cancellation: cancellation, observer: observer)
        try await write(report, to: file)
        return report
    }

    /// Carries out the plan of a push, or a part of it: what it showed, and nothing else.
    ///
    /// It is refused where either side is not any more what the plan was made from. What has changed elsewhere is left alone.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - sandbox: Where it goes, from ``PushPlan/endpoint``.
    ///   - paths: The part; empty for all.
    ///   - options: The rules, and what is let through; see ``PushPlan/apply(to:)``.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``.
    @discardableResult
    public static func apply(
        _ plan: PushPlan, to sandbox: Endpoint, paths: [RelativePath] = [], options: SyncOptions,
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        var applying = options
        applying.approvedPush = ApprovedPush(stored: plan.stored, paths: paths)
        applying.trustsBaseline = false
        let report = try await push(
            plan.workspace, to: sandbox, options: applying, cancellation: cancellation, observer: observer)
        // What was left out, or did not succeed, can be applied later.
        if paths.isEmpty, !report.isDryRun, !report.isPartial, let state = options.stateDirectory {
            try await onThread(named: "plan") { () throws(SyncError) in PlanStore(in: state).remove(plan.name) }
        }
        return report
    }
}
