import FerryArchive
import FerryCore
import FerryFileSystem

/// Where the content of a sandbox's files waits while it is compared; gone when the view is closed.
///
/// It lies in the state directory, whatever disk that is on: nothing of it goes into a workspace.
final class ViewStaging {
    private let staging: StagedTree
    private let place: OpenDirectory

    init(beside workspace: OpenDirectory, _ options: SyncOptions) throws(SyncError) {
        guard let path = options.stateDirectory else {
            place = workspace
            staging = try StagedTree(for: workspace, options)
            return
        }
        do throws(FileSystemError) {
            try RootDirectory.createWithParents(path)
            place = try RootDirectory.open(path)
        } catch {
            throw SyncError(.failed, "\(error); name a state directory that can be written")
        }
        staging = try StagedTree(for: place, options)
    }

    var tree: OpenDirectory { staging.area.tree }

    /// What an archive may make Ferry do here.
    func limits(_ options: SyncOptions) -> ArchiveLimits { ArchiveStaging.limits(options, on: place) }

    /// Unpacks an archive.
    ///
    /// - Parameters:
    ///   - reader: The archive.
    ///   - rules: What of it is passed over.
    ///   - session: What is being done.
    /// - Throws: ``SyncError``.
    func stage(
        _ reader: consuming ArchiveReader, rules: IgnoreRules, _ session: inout SyncSession
    ) throws(SyncError) {
        try session.begin(.transferring)
        _ = try ArchiveStaging.stage(reader, into: staging, place: place, rules: rules, &session)
    }

    func close() { staging.discard() }
}
