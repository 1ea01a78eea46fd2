import FerryCore
import FerryFileSystem

/// Refuses what brings two names into one directory that its file system takes for one: the second would take the place of the first.
enum FoldingCheck {
    /// How many suspects are looked at; more of them, and none of the first is one, are no accident.
    private static let mostSuspects = 10_000

    /// Checks a pull's plan; where no name could be meant, nothing is probed.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - place: The workspace, or the directory above one that is still to be made.
    ///   - target: The workspace.
    ///   - options: How the file system is asked.
    /// - Throws: ``SyncError``; nothing was changed.
    static func check(_ plan: Plan, on place: OpenDirectory, _ target: PullTarget, _ options: SyncOptions)
        throws(SyncError)
    {
        let suspects = plan.twins(under: [.letterCase, .normalization], limit: mostSuspects)
        guard !suspects.isEmpty else { return }
        let probe = try options.probesNames(place, options.stateDirectory)
        // Case and normalisation apart: a file system may merge by one of them only.
        let merged = probe.folding.isEmpty ? [] : plan.twins(under: probe.folding, limit: mostSuspects)
        for twins in merged where probe.merges(twins.first, twins.second) { throw refusal(of: twins) }
        guard let workspace = target.directory else { return }
        for twins in suspects {
            if !FoldingProbe.folding(of: twins.existing, below: workspace).isEmpty
                || FoldingProbe.finds(twins.first, as: twins.second, in: twins.existing, below: workspace)
            {
                throw refusal(of: twins)
            }
        }
    }

    private static func refusal(of twins: NameTwins) -> SyncError {
        let above = twins.directory.isEmpty ? [] : twins.directory + [RelativePath.separator]
        return SyncError(
            .unsafeArchive,
            "'\(displayName(of: above + twins.first))' and '\(displayName(of: above + twins.second))' are one name to the"
                + " workspace's file system, so one would take the place of the other; the workspace was not changed:"
                + " rename one, or exclude it", examples: [above + twins.first, above + twins.second])
    }
}

/// Knows what a file system does with names.
protocol NameProbe {
    /// What it merges.
    var folding: NameFolding { get }
    /// Whether it takes two names for one.
    func merges(_ first: [UInt8], _ second: [UInt8]) -> Bool
}

extension FoldingProbe: NameProbe {
    /// Asks the file system of a directory.
    @Sendable
    static func make(_ place: OpenDirectory, _ stateDirectory: [UInt8]?) throws(SyncError) -> any NameProbe {
        do throws(FileSystemError) {
            return try FoldingProbe(on: place, stateDirectory: stateDirectory)
        } catch {
            throw SyncError(.failed, "\(error); the workspace was not changed")
        }
    }
}
