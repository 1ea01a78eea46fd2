import FerryCore
import FerryFileSystem
import SystemPackage

/// Decides one conflict of the store.
struct ConflictResolution {
    let workspacePath: [UInt8]
    let path: RelativePath

    private var name: String { displayName(of: path.bytes) }

    /// Puts the stored version in the place of the workspace's, under a journal, and takes it out of the store.
    func takeRemote(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        let workspace = try lock(&session)
        try Recovery.recover(workspace, &session)
        try session.begin(.scanning)
        guard let listing = try ConflictListing.read(of: workspace, at: workspacePath, options) else {
            throw ConflictListing.missing(path, in: workspacePath)
        }
        guard let newest = listing.versions(of: path).last else {
            throw ConflictListing.missing(path, in: workspacePath)
        }
        let stored = try storedTree(newest, listing)
        var scan = ScanOptions(ruleFiles: .ferryignore, selection: FileSelection([path]), threads: options.threads)
        let local = try session.scan(workspace, scan, at: workspacePath)
        session.note(local.problems.filter { $0.code != .skipped })
        try checkAncestors(in: workspace)

        let source: Snapshot
        var extra = PlanPolicy.Extra.delete
        if newest.conflict.version == .deleted {
            source = try withoutEntry(local.snapshot)
        } else if case .permissions(let mode) = newest.conflict.version {
            source = try directory(with: mode, in: local.snapshot)
            // What is in it is not concerned.
            extra = .keep
        } else {
            scan.rules = IgnoreRules(defaults: .none)
            scan.ruleFiles = .none
            var found = try session.scan(stored, scan, at: newest.conflict.place ?? []).snapshot
            found.amendAncestorsAsImplied(of: path)
            if let entry = found.entry(at: path),
                found.children(of: entry).contains(where: {
                    let name = StoredRepository.name.utf8
                    return found.name(of: $0).suffix(name.count).elementsEqual(name)
                })
            {
                throw divergedRepository(in: newest.conflict.place ?? [])
            }
            guard found.entry(at: path) != nil else {
                throw SyncError(
                    .failed,
                    "the stored version of '\(name)' is not in the conflict store any more; nothing was changed: drop the"
                        + " record with --keep-local")
            }
            source = found
        }
        let policy = PlanPolicy(differing: .replace, extra: extra, comparesAllContent: true)
        var plan = Planner.plan(source: source, destination: local.snapshot, policy: policy)
        try session.compareContent(&plan, from: stored, to: workspace)
        let summary = plan.summary()
        session.announce(plan, summary)
        if !summary.changesNothing { try checkEdits(newest, local.snapshot, options) }
        if options.isDryRun { return }
        let first = session.report.problems.count
        if !summary.changesNothing {
            try session.begin(.transferring)
            try DirectoryEndpoints.checkSpace(summary, on: workspace, options)
            var staging = try StagedTree(for: workspace, options)
            defer { staging.discard() }
            try staging.copy(plan, summary, from: stored, workspace: workspace, &session)
            let leftOut = try staging.apply(
                plan, to: workspace, at: workspacePath, from: newest.conflict.endpoint, &session)
            // What did not come in stays where it can be taken from again.
            guard leftOut.isEmpty, session.failures(since: first).isEmpty else { return }
        }
        guard summary.blocked == 0 else { return }
        _ = try listing.drop(path, options)
    }

    /// Why a repository that both sides changed cannot be taken: only a part of it is stored, and its objects are the workspace's too.
    ///
    /// No path to fetch from is told here: what else lies there is the sandbox's, and git would obey its configuration.
    private func divergedRepository(in place: [UInt8]) -> SyncError {
        SyncError(
            .failed,
            "'\(name)' is a git repository that changed on both sides, of which only the sandbox's new commits are kept, in"
                + " '\(displayName(of: place))'; nothing was changed: bring them in with the git command that the pull told, then"
                + " drop the record with --keep-local")
    }

    /// Takes the stored versions out of the store; the workspace stays as it is.
    ///
    /// - Returns: How many there were.
    func keepLocal(_ session: inout SyncSession) throws(SyncError) -> Int {
        let workspace = try lock(&session)
        guard let listing = try ConflictListing.read(of: workspace, at: workspacePath, session.options) else {
            throw ConflictListing.missing(path, in: workspacePath)
        }
        guard !listing.versions(of: path).isEmpty else { throw ConflictListing.missing(path, in: workspacePath) }
        return try listing.drop(path, session.options)
    }

    private func lock(_ session: inout SyncSession) throws(SyncError) -> OpenDirectory {
        let workspace = try DirectoryEndpoints.openSource(workspacePath)
        session.locks = try SyncLocks.take(
            workspace: .init(
                key: SyncLocks.key(of: workspace, at: workspacePath), mode: .exclusive, noun: "the workspace"),
            endpoint: nil, session)
        return workspace
    }

    private func storedTree(
        _ item: ConflictListing.Item, _ listing: ConflictListing
    ) throws(SyncError) -> OpenDirectory {
        guard item.conflict.version != .leftInSandbox else {
            throw SyncError(
                .failed,
                "the pull did not fetch the sandbox's version of '\(name)'; nothing was changed: pull once more with"
                    + " --on-conflict take-remote, or drop the record with --keep-local")
        }
        do throws(FileSystemError) {
            return try listing.store.tree(of: item.area.name)
        } catch {
            throw SyncError(.failed, "\(error); nothing was changed")
        }
    }

    /// Refuses to replace what has taken the place of a directory above the path: nobody was asked about that.
    private func checkAncestors(in workspace: OpenDirectory) throws(SyncError) {
        var directory: [UInt8] = []
        var holder = workspace
        for component in path.components.dropLast() {
            directory += (directory.isEmpty ? [] : [RelativePath.separator]) + component
            let name = TerminatedName(unchecked: ArraySlice(Array(component) + [0]))
            do throws(Errno) {
                let kind = try holder.handle.status(of: name).kind
                guard kind == .directory else { throw .notDirectory }
                holder = OpenDirectory(try holder.handle.openDirectory(name))
            } catch .noSuchFileOrDirectory {
                return
            } catch .notDirectory {
                throw SyncError(
                    .failed,
                    "'\(displayName(of: directory))' is no directory any more, so '\(displayName(of: path.bytes))' cannot come back;"
                        + " nothing was changed: move that away first")
            } catch {
                throw SyncError(
                    .failed, "\(FileSystemError("look at", path: directory, cause: error)); nothing was changed")
            }
        }
    }

    /// Stops before an edit would be replaced that was made after the conflict was found.
    private func checkEdits(
        _ item: ConflictListing.Item, _ local: Snapshot, _ options: SyncOptions
    ) throws(SyncError) {
        let present = local.entry(at: path)
        guard present != nil, !options.undoesNewerEdits else { return }
        guard let known = item.local else {
            throw SyncError(
                .halted,
                "an earlier ferry stored this version of '\(name)' without a record, so whether you edited yours since is not"
                    + " known; nothing was changed: look at it with --show, and take it with --allow newer-edits",
                examples: [path.bytes])
        }
        var now = LocalVersion.digest(of: present, in: local)
        if case .permissions = item.conflict.version { now = LocalVersion.permissions(of: present, in: local) }
        guard now != known else { return }
        throw SyncError(
            .halted,
            "'\(name)' was changed in the workspace after the conflict was found; nothing was changed: move the newer"
                + " version to safety, or replace it with --allow newer-edits ('ferry sync undo' takes that back)",
            examples: [path.bytes])
    }

    /// The directory with other permission bits, and the directories above it.
    private func directory(with mode: UInt16, in local: Snapshot) throws(SyncError) -> Snapshot {
        guard let present = local.entry(at: path), local[present].kind == .directory else {
            throw SyncError(
                .failed,
                "'\(name)' is no directory any more, so its permission bits cannot be taken; nothing was changed: drop the"
                    + " record with --keep-local")
        }
        var builder = TreeBuilder()
        do throws(TreeBuilder.Misfit) {
            _ = try builder.insert(path, status: EntryStatus(kind: .directory, mode: mode), madeUp: { _ in })
        } catch {
            throw SyncError(.failed, "'\(name)' has too long a name; nothing was changed")
        }
        return builder.finish()
    }

    /// The directories above the path and nothing else: the sandbox deleted it.
    private func withoutEntry(_ local: Snapshot) throws(SyncError) -> Snapshot {
        // It is gone here as well, and nothing that is above it is made or removed.
        guard local.entry(at: path) != nil else { return local }
        guard let parent = path.parent else { return .empty }
        var builder = TreeBuilder()
        do throws(TreeBuilder.Misfit) {
            let status = EntryStatus(kind: .directory, mode: 0o755)
            builder.mark(try builder.insert(parent, status: status, madeUp: { _ in }).id, .hasNoMetadata)
        } catch {
            throw SyncError(.failed, "'\(displayName(of: parent.bytes))' has too long a name; nothing was changed")
        }
        return builder.finish()
    }
}
