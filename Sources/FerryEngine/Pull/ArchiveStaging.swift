import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport
import SystemPackage

/// The way of an archive into staging.
enum ArchiveStaging {
    /// What an archive may make Ferry do on a file system: no more than it has room for, unless that is let through.
    static func limits(_ options: SyncOptions, on place: OpenDirectory) -> ArchiveLimits {
        var limits = options.limits
        if limits.contentBytes == nil, !options.overrides.allowed.contains(.lowSpace) {
            limits.contentBytes = (try? FreeSpace(on: place.handle))?.bytes
        }
        return limits
    }

    /// Unpacks an archive into staging and checks that all of it came.
    static func stage(
        _ reader: consuming ArchiveReader, into staging: borrowing StagedTree, place: OpenDirectory,
        rules: IgnoreRules, _ session: inout SyncSession
    ) throws(SyncError) -> VerifiedSnapshot {
        let options = session.options
        let owner = try DirectoryOwner.forNewEntries(in: place, options: options)
        let progress = TransferProgress()
        let observer = session.observer
        var stream: UnpackStream
        do throws(ThreadError) {
            stream = try UnpackStream(
                reader, into: staging.area.tree,
                owner: owner,
                exclusion: StreamExclusion(rules: rules, selection: options.selection), options: options,
                cancellation: session.cancellation, progress: progress,
                onDigest: { observer(.digest(path: $0, sha256: $1)) })
        } catch {
            throw SyncError(.failed, "cannot start a thread: error \(error.errno)")
        }
        let ticker = session.startProgress(.transferring, progress)
        defer { ticker.stop() }
        let staged: (snapshot: Snapshot, evidence: TransferEvidence)
        do throws(UnpackFailure) {
            staged = try stream.run()
        } catch {
            throw Self.error(error)
        }
        session.note(stream.problems)
        session.report.transferredBytes = progress.finishedBytes
        do throws(VerificationFailure) {
            return try StagedSnapshot(staged.snapshot).verify(staged.evidence)
        } catch {
            throw SyncError(.verification, "the archive is not complete (\(error)); the workspace was not changed")
        }
    }

    private static func error(_ failure: UnpackFailure) -> SyncError {
        let unchanged = "the workspace was not changed"
        let refused = "such an archive is never taken: see what made it; \(unchanged)"
        switch failure {
        case .cancelled: return SyncError(.cancelled, "stopped on request; \(unchanged)")
        case .archive(let error) where error.cause is TransportError:
            guard let cause = error.cause as? TransportError else {
                return SyncError(.transport, "\(error); \(unchanged)")
            }
            let failure = RemoteFailure.transport(cause).syncError
            return SyncError(failure.code, "\(failure); \(unchanged)")
        case .archive(let error) where error.cause as? Errno == .canceled:
            return SyncError(.cancelled, "stopped on request; \(unchanged)")
        case .archive(let error) where error.cause as? Errno == .timedOut:
            return SyncError(
                .timedOut, "nothing came from standard input for the time that --timeout allows; \(unchanged)")
        case .archive(let error) where error.code == .stream || error.code == .codec:
            return SyncError(.failed, "\(error); \(unchanged)")
        case .archive(let error): return SyncError(.unsafeArchive, "\(error); \(unchanged)")
        case .disk(let error): return StagedTree.error(error)
        case .misfit(.belowNonDirectory, let path):
            return SyncError(
                .unsafeArchive, "the archive has '\(path)' below something that is not a directory; \(refused)")
        case .misfit(.changesKind(let kind), let path):
            return SyncError(
                .unsafeArchive,
                "the archive has '\(path)' twice, first as a \(kind.noun), then as another kind; \(refused)")
        case .misfit(.nameTooLong, let path):
            return SyncError(.unsafeArchive, "the archive has a name that is too long in '\(path)'; \(refused)")
        case .danglingLink(let path, let target):
            return SyncError(
                .unsafeArchive,
                "the archive makes '\(path)' a hard link to '\(target)', which is no file that came before it in the same"
                    + " archive; \(refused)")
        case .replacedLink(let path):
            return SyncError(
                .unsafeArchive, "the archive replaces '\(path)' after making it a hard link; \(refused)")
        }
    }
}
