import FerryCore
import FerryFileSystem

extension SyncOptions {
    /// How the workspace is scanned: it alone brings rule files.
    func workspaceScan() -> ScanOptions {
        ScanOptions(
            rules: rules, ruleFiles: usesGitignore ? .ferryignoreAndGitignore : .ferryignore,
            tracked: usesGitignore ? trackedPaths : nil, selection: selection, preserve: preserve,
            staysOnOneFileSystem: staysOnOneFileSystem, threads: threads)
    }

    /// How the sandbox is scanned: by the workspace's rules and never by its own.
    func sandboxScan(rules: IgnoreRules) -> ScanOptions {
        ScanOptions(
            rules: rules, ruleFiles: .none, tracked: usesGitignore ? trackedPaths : nil, selection: selection,
            preserve: preserve, staysOnOneFileSystem: staysOnOneFileSystem, threads: threads)
    }

    /// What a push does with differences.
    ///
    /// Whether it may overwrite at all is decided by the halts.
    var pushPolicy: PlanPolicy {
        var policy = PlanPolicy(
            differing: .replace, extra: deletes ? .delete : .keep, comparesAllContent: comparesAllContent, merge: .push)
        policy.isMirror = mirrors
        return policy
    }

    /// What a pull does with differences.
    var pullPolicy: PlanPolicy {
        let differing: PlanPolicy.Differing =
            if mirrors || conflicts == .takeRemote {
                .replace
            } else {
                conflicts == .both ? .keepBoth : .keep
            }
        let allowedHeld = allowedHeld
        let review = HeldReview { path, isDirectory in
            guard !allowedHeld.isEmpty, let path = try? RelativePath(validating: path) else { return false }
            return allowedHeld.protects(path, isDirectory: isDirectory)
        }
        var policy = PlanPolicy(
            differing: differing, extra: deletes ? .delete : .keep, review: review,
            comparesAllContent: comparesAllContent, merge: .pull)
        policy.isMirror = mirrors
        return policy
    }
}

extension SyncSession {
    /// Scans one side.
    func scan(_ root: OpenDirectory, _ options: ScanOptions, at path: [UInt8]) throws(SyncError) -> ScanResult {
        do throws(FileSystemError) {
            return try TreeScanner.scan(root, options: options)
        } catch {
            let named = FileSystemError(
                error.operation, path: error.path.isEmpty ? path : error.path, cause: error.cause)
            throw SyncError(.failed, "\(named); what could not be read never counts as empty")
        }
    }

    /// Compares the content of files that metadata alone does not decide.
    mutating func compareContent(_ plan: inout Plan, from source: OpenDirectory, to destination: OpenDirectory)
        throws(SyncError)
    {
        guard !plan.comparisons.isEmpty else { return }
        try begin(.comparing)
        let progress = TransferProgress()
        let total = plan.comparisons.count
        let (options, cancellation, unsettled) = (options, cancellation, plan)
        let comparison: ContentComparer.Comparison
        do throws(FileSystemError) {
            comparison = try withProgress(.comparing, progress, totalEntries: total) { () throws(FileSystemError) in
                try ContentComparer.compare(
                    unsettled, from: source, to: destination, threads: options.threads, cancellation: cancellation,
                    progress: progress)
            }
        } catch {
            throw SyncError(.failed, error.description)
        }
        note(comparison.problems)
        try checkCancellation()
        plan.settle(equal: comparison.equal)
    }

    /// Warns when the rules leave nothing of a workspace that is not empty.
    mutating func warnIfNothingIsLeft(_ scan: ScanResult) {
        guard scan.snapshot.entryCount == 0, scan.excludedCount > 0 else { return }
        note([
            Problem(
                .nothingLeft, path: [],
                message:
                    "the rules exclude everything in the workspace; the last matching pattern decides here, not the first"
                    + " as in rsync: ask 'ferry check-ignore PATH' which one it is")
        ])
    }
}
