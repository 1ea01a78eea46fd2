public import FerryCore
import FerryFileSystem
public import FerryThreads

/// A plan of a pull that was kept with its results.
public struct PullPlan: Sendable {
    /// The beginning of the checksum of the plan: what it is called.
    public let name: String
    /// The workspace's real path.
    public let workspace: [UInt8]
    /// The sandbox as the user wrote it.
    public let endpoint: [UInt8]
    /// The rules by which it was made.
    public let rules: RecordedRules
    let stored: StoredPlan

    init(name: String, stored: StoredPlan) {
        self.name = name
        workspace = stored.workspace
        endpoint = stored.endpoint
        rules = RecordedRules(encoded: stored.settings.rules) ?? RecordedRules()
        self.stored = stored
    }

    /// Puts into options what the pull was told; what they allow beyond that is added.
    ///
    /// - Parameter options: The options, with the plan's rules already in them.
    public func apply(to options: inout SyncOptions) {
        options.take(stored.settings)
    }
}

extension SyncEngine {
    /// Does all of a pull but the last part: what it fetched is kept with the plan until ``apply(_:paths:options:cancellation:observer:)``.
    ///
    /// - Parameters:
    ///   - sandbox: Where the results are.
    ///   - workspace: The workspace's path.
    ///   - file: Where a copy of the plan's file goes; the results stay in the state directory.
    ///   - options: How; without a state directory nothing can be kept.
    ///   - cancellation: Raise it to stop at the next entry.
    ///   - observer: Takes the events.
    /// - Returns: What would be done; ``SyncReport/plan`` names the plan.
    /// - Throws: ``SyncError``; the workspace was not changed.
    @discardableResult
    public static func planPull(
        from sandbox: Endpoint, to workspace: [UInt8], file: [UInt8]? = nil, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        var planning = options
        planning.keepsPlan = true
        let report = try await pull(
            from: sandbox, to: workspace, options: planning, cancellation: cancellation, observer: observer)
        try await write(report, to: file)
        return report
    }

    /// Writes a copy of the plan that a sync kept.
    static func write(_ report: SyncReport, to file: [UInt8]?) async throws(SyncError) {
        guard let file, report.plan != nil else { return }
        try await onThread(named: "plan") { () throws(SyncError) in
            do throws(FileSystemError) { try PlanStore.write(report.planRecord, at: file) } catch {
                throw SyncError(
                    .failed, "\(error); the plan is kept all the same, apply it as \(report.plan ?? "")")
            }
        }
    }

    /// Finds a plan.
    ///
    /// - Parameters:
    ///   - text: Its name, or the path of its file.
    ///   - stateDirectory: The directory that holds Ferry's state, by its path.
    /// - Returns: The plan.
    /// - Throws: ``SyncError`` when there is none, or it is damaged.
    public static func plan(_ text: [UInt8], stateDirectory: [UInt8]) async throws(SyncError) -> SyncPlan {
        try await onThread(named: "plan") { () throws(SyncError) in
            let record: [UInt8]
            do throws(FileSystemError) {
                if let kept = try PlanStore(in: stateDirectory).record(of: text) {
                    record = kept
                } else {
                    record = try PlanStore.record(at: text)
                }
            } catch {
                throw SyncError(
                    .usage, "\(error), and there is no plan of that name; it may have been applied: make a new one")
            }
            do throws(JournalError) { return try SyncPlan(decoding: record) } catch {
                throw SyncError(
                    .failed, "'\(displayName(of: text))' is not a plan that can be used: \(error); make a new one")
            }
        }
    }

    /// Finds the plan of a pull.
    ///
    /// - Parameters:
    ///   - text: Its name, or the path of its file.
    ///   - stateDirectory: The directory that holds Ferry's state, by its path.
    /// - Returns: The plan.
    /// - Throws: ``SyncError`` when there is none, it is damaged, or it is that of a push.
    public static func pullPlan(_ text: [UInt8], stateDirectory: [UInt8]) async throws(SyncError) -> PullPlan {
        switch try await plan(text, stateDirectory: stateDirectory) {
        case .pull(let plan): return plan
        case .push: throw SyncError(.usage, "'\(displayName(of: text))' is the plan of a push")
        }
    }

    /// Carries out a plan, or a part of it; the sandbox is not needed any more.
    ///
    /// It is refused where the workspace is not any more what the plan was made from. The rest of a plan of which a part was applied
    /// can be applied later.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - paths: The part; empty for all.
    ///   - options: The rules, and what is let through; see ``PullPlan/apply(to:)``.
    ///   - cancellation: Raise it to stop; what was done by then is taken back.
    ///   - observer: Takes the events.
    /// - Returns: What was done.
    /// - Throws: ``SyncError``; then the workspace is as it was, unless the message says otherwise.
    @discardableResult
    public static func apply(
        _ plan: PullPlan, paths: [RelativePath] = [], options: SyncOptions,
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in }
    ) async throws(SyncError) -> SyncReport {
        try await run(
            .pull, of: plan.workspace, with: plan.endpoint, options: options, cancellation: cancellation,
            observer: observer
        ) { session throws(SyncError) in
            try PlanApply(name: plan.name, stored: plan.stored, paths: paths).run(&session)
        }
    }
}
