import FerryCore
import FerryFileSystem

extension SyncOptions {
    /// How the workspace is scanned: it alone brings rule files.
    func workspaceScan() -> ScanOptions {
        scan(
            rules: rules, ruleFiles: readsRuleFiles ? usesGitignore ? .ferryignoreAndGitignore : .ferryignore : .none)
    }

    /// How the sandbox is scanned: by the workspace's rules and never by its own.
    func sandboxScan(rules: IgnoreRules) -> ScanOptions { scan(rules: rules, ruleFiles: .none) }

    private func scan(rules: IgnoreRules, ruleFiles: ScanOptions.RuleFiles) -> ScanOptions {
        var options = ScanOptions(
            rules: rules, ruleFiles: ruleFiles, tracked: usesGitignore ? trackedPaths : nil, selection: selection,
            preserve: preserve, staysOnOneFileSystem: staysOnOneFileSystem, threads: threads)
        if remembersListings, let stateDirectory {
            options.listings = ListingStore(in: stateDirectory, isWritten: !isDryRun)
        }
        return options
    }

    /// What a push does with differences.
    ///
    /// Whether it may overwrite at all is decided by the halts.
    var pushPolicy: PlanPolicy {
        var policy = PlanPolicy(
            differing: .replace, extra: deletes ? .delete : .keep, comparesAllContent: comparesAllContent, merge: .push)
        policy.isMirror = mirrors
        policy.removesSpecials = removesSpecials
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
        try Self.scan(root, options, at: path)
    }

    /// Scans one side, on whatever thread.
    static func scan(
        _ root: OpenDirectory, _ options: ScanOptions, at path: [UInt8]
    ) throws(SyncError) -> ScanResult {
        do throws(FileSystemError) {
            return try TreeScanner.scan(root, options: options)
        } catch {
            let named = FileSystemError(
                error.operation, path: error.path.isEmpty ? path : error.path, cause: error.cause)
            throw SyncError(.failed, "\(named); what could not be read never counts as empty")
        }
    }

    /// Compares the content of files that metadata alone does not decide.
    ///
    /// - Parameters:
    ///   - plan: What is to be decided.
    ///   - source: The root of its source.
    ///   - destination: The root of its destination.
    ///   - digests: What is known of the source's content, to tell which side is still as the baseline has it.
    /// - Throws: ``SyncError`` when nothing can be compared.
    mutating func compareContent(
        _ plan: inout Plan, from source: OpenDirectory, to destination: OpenDirectory, _ digests: DigestLog? = nil
    ) throws(SyncError) {
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
        settled = (plan.comparisons, answers(plan, comparison.equal, destination, digests))
        plan.settle(settled.answers)
    }

    /// Compares files that metadata alone does not decide with a sandbox's, by digests from both sides.
    ///
    /// Where the baseline has a digest too, they also tell which side is still as agreed.
    ///
    /// - Parameters:
    ///   - plan: The plan of a push.
    ///   - workspace: The root of its source.
    ///   - log: Takes the digests of what is equal.
    ///   - theirs: Asks for the digests of the sandbox's files.
    /// - Throws: ``SyncError`` when the sandbox cannot be asked.
    mutating func settle(
        _ plan: inout Plan, from workspace: OpenDirectory, _ log: DigestLog,
        _ theirs: (_ paths: [[UInt8]]) throws(SyncError) -> [[UInt8]?]
    ) throws(SyncError) {
        guard !plan.comparisons.isEmpty else { return }
        try begin(.comparing)
        let ids = plan.comparisons.map { plan.steps[$0].source }
        let paths = ids.map { $0.map(plan.source.path(of:)) ?? [] }
        let found = try theirs(paths)
        let ours = ContentHasher.digests(of: ids.compactMap(\.self), in: plan.source, root: workspace)
        note(ours.problems)
        try checkCancellation()
        var answers: [ContentAnswer] = []
        for (index, digest) in ours.digests.enumerated() {
            let agreed = plan.agreedDigest(ofComparison: index)
            func isAgreed(_ digest: [UInt8]?) -> Bool? {
                agreed.isEmpty ? nil : digest.map { $0.elementsEqual(agreed) }
            }
            if let digest, digest == found[index] { log.note(paths[index], digest) }
            // Without a digest of theirs nothing says that they are equal.
            answers.append(
                ContentAnswer(
                    isEqual: digest.map { $0 == found[index] }, sourceIsBase: isAgreed(digest),
                    destinationIsBase: isAgreed(found[index])))
        }
        plan.settle(answers)
    }

    /// What comparisons found, and, of files that differ, whose version was agreed on, where digests tell.
    private func answers(
        _ plan: Plan, _ equal: [Bool?], _ destination: OpenDirectory, _ digests: DigestLog?
    ) -> [ContentAnswer] {
        var answers = equal.map { ContentAnswer(isEqual: $0) }
        guard let digests else { return answers }
        let open = equal.indices.filter { equal[$0] == false && !plan.agreedDigest(ofComparison: $0).isEmpty }
        let ids = open.map { plan.steps[plan.comparisons[$0]].destination }
        let ours = ContentHasher.digests(of: ids.compactMap(\.self), in: plan.destination, root: destination).digests
        guard ours.count == open.count else { return answers }
        for (index, digest) in zip(open, ours) {
            let agreed = plan.agreedDigest(ofComparison: index)
            let theirs = digests.digest(of: plan.path(of: plan.steps[plan.comparisons[index]]))
            answers[index].sourceIsBase = theirs.map { $0.elementsEqual(agreed) }
            answers[index].destinationIsBase = digest.map { $0.elementsEqual(agreed) }
        }
        return answers
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
