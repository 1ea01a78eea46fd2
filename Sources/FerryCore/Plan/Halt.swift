/// A sync that stops before its first change because it would probably destroy something.
public struct Halt: Error, Sendable, Equatable {
    /// What the sync would have done.
    public enum Reason: String, Sendable, CaseIterable {
        /// Overwrite or delete what was never pulled or never synced.
        case overwriteSandbox = "overwrite-sandbox"
        /// Empty the destination because the source is empty.
        case emptiedRoot = "emptied-root"
        /// Delete more than half of the destination.
        case massDelete = "mass-delete"
        /// Sync with another sandbox than before.
        case newIdentity = "new-identity"
        /// Run out of space or inodes.
        case lowSpace = "low-space"
        /// Write nothing because there are conflicts (`--on-conflict fail`).
        case conflicts = "conflicts"
    }

    /// What the sync would have done.
    public let reason: Reason
    /// The same in a sentence, with counts and the one override that lets it through.
    public let message: String
    /// Some of the paths concerned.
    public let examples: [[UInt8]]

    /// Makes a halt.
    public init(_ reason: Reason, message: String, examples: [[UInt8]] = []) {
        self.reason = reason
        self.message = message
        self.examples = examples
    }
}

/// How many deletions a sync may make before it halts.
public enum DeletionLimit: Sendable, Hashable {
    /// At most half of the destination's entries, or ten.
    case standard
    /// At most so many.
    case count(Int)
    /// At most so many hundredths of the destination's entries.
    case percent(Int)
    /// Any number.
    case unlimited

    /// Whether so many deletions are too many.
    ///
    /// - Parameters:
    ///   - deletions: The number of deletions planned.
    ///   - total: The number of the destination's entries.
    /// - Returns: True when the sync must halt.
    public func isExceeded(by deletions: Int, of total: Int) -> Bool {
        switch self {
        case .standard: deletions > 10 && deletions * 2 > total
        case .count(let limit): deletions > limit
        case .percent(let limit): deletions * 100 > limit * total
        case .unlimited: false
        }
    }
}

/// What a sync is allowed to do that would otherwise make it halt.
public struct HaltOverrides: Sendable, Equatable {
    /// The halts that are let through.
    public var allowed: Set<Halt.Reason>
    /// How many deletions are let through.
    public var deletionLimit: DeletionLimit

    /// Makes overrides; the default lets nothing through.
    public init(allowed: Set<Halt.Reason> = [], deletionLimit: DeletionLimit = .standard) {
        self.allowed = allowed
        self.deletionLimit = deletionLimit
    }
}

extension Plan {
    /// The first reason not to carry the plan out; nil when there is none.
    ///
    /// - Parameters:
    ///   - summary: The plan's counts.
    ///   - overrides: What the caller allows.
    ///   - isMirror: Whether overwriting and deleting at the destination were asked for.
    ///   - isOwn: Whether a path was half-written by an earlier sync, so that overwriting it loses nothing.
    /// - Returns: The halt.
    public func halt(
        summary: PlanSummary, overrides: HaltOverrides, isMirror: Bool, isOwn: ([UInt8]) -> Bool = { _ in false }
    ) -> Halt? {
        if isMerged {
            if summary.overwritesUnpulled > 0, !overrides.allowed.contains(.overwriteSandbox) { return unpulledHalt }
        } else if !isMirror, summary.overwritten > 0, !overrides.allowed.contains(.overwriteSandbox),
            let halt = overwriteHalt(isOwn)
        {
            return halt
        }
        let before = agreedRootEntries ?? destination.children(of: destination.root).count
        if summary.deleted > 0, source.entryCount == 0, before >= 2,
            !overrides.allowed.contains(.emptiedRoot)
        {
            return Halt(
                .emptiedRoot,
                message:
                    "the source is empty and the destination is not: all of it would be deleted; check the source, or"
                    + " let it through with --allow emptied-root")
        }
        // A limit that somebody named counts every deletion.
        let deleted =
            overrides.deletionLimit == .standard ? summary.deleted - summary.deletedAgreed : summary.deleted
        if overrides.deletionLimit.isExceeded(by: deleted, of: destination.entryCount),
            !overrides.allowed.contains(.massDelete)
        {
            return Halt(
                .massDelete,
                message:
                    "\(deleted) of the destination's \(destination.entryCount) entries would be deleted; look"
                    + " at them with --dry-run, then let it through with --allow mass-delete or --max-delete N",
                examples: examples { $0 == .delete })
        }
        return nil
    }

    /// The halt for what the sandbox changed and nobody pulled.
    private var unpulledHalt: Halt {
        var count = 0
        var paths: [[UInt8]] = []
        for step in orderedSteps where step.overwritesUnpulled {
            count += 1
            if paths.count < 5 { paths.append(path(of: step)) }
        }
        return Halt(
            .overwriteSandbox,
            message:
                "\(counted(count, "entry", "entries")) of the sandbox changed there and would be overwritten, deleted or"
                + " brought back before anybody pulled the change; pull first, or let it through with"
                + " --allow overwrite-sandbox",
            examples: paths)
    }

    /// The halt for what would be overwritten and is not an earlier sync's own; nil when that is nothing.
    private func overwriteHalt(_ isOwn: ([UInt8]) -> Bool) -> Halt? {
        var count = 0
        var paths: [[UInt8]] = []
        for step in orderedSteps where [.update, .changeMode, .changeKind].contains(step.action) {
            let path = path(of: step)
            if isOwn(path) { continue }
            count += 1
            if paths.count < 5 { paths.append(path) }
        }
        guard count > 0 else { return nil }
        return Halt(
            .overwriteSandbox,
            message:
                "\(counted(count, "entry", "entries")) of the destination would be overwritten that"
                + " this workspace never pulled; pull first, or overwrite them with --allow overwrite-sandbox"
                + " (--mirror also deletes what the workspace does not have)",
            examples: paths)
    }

    /// Up to five paths of steps with certain actions.
    public func examples(_ isWanted: (PlanAction) -> Bool) -> [[UInt8]] {
        var paths: [[UInt8]] = []
        for step in orderedSteps where isWanted(step.action) {
            paths.append(path(of: step))
            if paths.count == 5 { break }
        }
        return paths
    }
}

/// A number with its noun.
package func counted(_ count: Int, _ singular: String, _ plural: String) -> String {
    "\(count) \(count == 1 ? singular : plural)"
}
