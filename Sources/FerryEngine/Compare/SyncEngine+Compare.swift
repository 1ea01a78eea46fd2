import FerryCore
import FerryFileSystem
public import FerryThreads

/// Takes the differences that a comparison finds, in the order of paths.
public typealias DifferenceObserver = @Sendable (TreeDifference) -> Void

extension SyncEngine {
    /// Tells what is not the same in a workspace and in a sandbox, without changing anything.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: The sandbox; also an archive, but no stream.
    ///   - showsContent: Whether each difference comes with a patch from the workspace's version to the sandbox's.
    ///   - options: Which entries take part; with ``SyncOptions/comparesAllContent`` no fingerprint is trusted.
    ///   - cancellation: Raise it to stop.
    ///   - observer: Takes progress and problems.
    ///   - onDifference: Takes the differences.
    /// - Returns: What was found in all.
    /// - Throws: ``SyncError`` when one side cannot be looked at.
    @discardableResult
    public static func diff(
        _ workspace: [UInt8], _ sandbox: Endpoint, showsContent: Bool = true, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in },
        onDifference: @escaping DifferenceObserver
    ) async throws(SyncError) -> ComparisonReport {
        try await compare(
            workspace, sandbox, options.forComparison, cancellation, observer
        ) { (survey, session) throws(SyncError) in
            let comparison = try TreeComparison(survey, readsAll: session.options.comparesAllContent, &session)
            let differences = comparison.differences()
            guard showsContent, !differences.isEmpty else {
                for (difference, _) in differences { onDifference(difference) }
                return differences.count
            }
            let plan = comparison.plan
            let wanted = differences.filter { PatchWriter.needsContent($0.step, $0.difference.sort, in: plan) }
            let bytes = wanted.compactMap(\.difference.sandbox?.size).reduce(0, +)
            let content = try survey.view.content(of: wanted.map(\.difference.path), bytes: bytes, &session)
            var writer = PatchWriter(plan, workspace: survey.workspace, sandbox: content)
            for (difference, step) in differences {
                try session.checkCancellation()
                var difference = difference
                difference.patch = writer.patch(step, difference.sort)
                onDifference(difference)
            }
            session.note(writer.problems)
            return differences.count
        }
    }

    /// Compares a workspace and a sandbox by content, every byte of it, without changing anything.
    ///
    /// The content of a sandbox that is far away is compared by SHA-256 digests that are taken there.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: The sandbox; also an archive, but no stream.
    ///   - options: Which entries take part.
    ///   - cancellation: Raise it to stop.
    ///   - observer: Takes progress and problems.
    ///   - onDifference: Takes the differences.
    /// - Returns: What was found in all; both are equal when it is complete and counts no difference.
    /// - Throws: ``SyncError`` when one side cannot be looked at.
    public static func verify(
        _ workspace: [UInt8], _ sandbox: Endpoint, options: SyncOptions = SyncOptions(),
        cancellation: CancellationFlag = CancellationFlag(), observer: @escaping SyncObserver = { _ in },
        onDifference: @escaping DifferenceObserver = { _ in }
    ) async throws(SyncError) -> ComparisonReport {
        try await compare(
            workspace, sandbox, options.forComparison, cancellation, observer
        ) { (survey, session) throws(SyncError) in
            let differences = try TreeComparison(survey, readsAll: true, &session).differences()
            for (difference, _) in differences { onDifference(difference) }
            return differences.count
        }
    }

    private static func compare(
        _ workspace: [UInt8], _ sandbox: Endpoint, _ options: SyncOptions, _ cancellation: CancellationFlag,
        _ observer: @escaping SyncObserver,
        _ body: @escaping @Sendable (Survey, inout SyncSession) throws(SyncError) -> Int
    ) async throws(SyncError) -> ComparisonReport {
        try await look(
            at: workspace, and: sandbox, options: options, cancellation: cancellation, observer: observer
        ) { (survey, session) throws(SyncError) in
            try survey.demandSandbox(sandbox)
            var comparison = ComparisonReport()
            comparison.differences = try body(survey, &session)
            comparison.workspaceEntries = survey.local.entryCount
            comparison.sandboxEntries = survey.remote.entryCount
            let report = session.finish()
            comparison.problems = report.problems
            comparison.duration = report.duration
            return comparison
        }
    }
}

extension SyncOptions {
    /// Nothing is deleted, so nothing is to be protected from that.
    fileprivate var forComparison: SyncOptions {
        var options = self
        options.preserve = PreservePatterns(IgnorePatternList())
        return options
    }
}
