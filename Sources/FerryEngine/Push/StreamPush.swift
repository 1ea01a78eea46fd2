import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport
import SystemPackage

/// A push into a tar: a file, or standard output.
struct StreamPush {
    let part: PushPart
    let destination: Endpoint

    func run(_ session: inout SyncSession) throws(SyncError) {
        let options = session.options
        let part = try OutgoingPart(part, options)
        let workspace = part.directory
        _ = try part.lock(with: nil, &session)
        // Not before the workspace is locked, and no longer than that.
        part.sharedScan?.begin()
        defer { part.sharedScan?.end() }
        try session.begin(.scanning)
        let source = try part.scan().result
        session.note(source.problems)
        session.report.excludedEntries = source.excludedCount
        session.warnIfNothingIsLeft(source)
        if options.isDryRun { return try announce(source.snapshot, workspace, &session) }
        // Where secrets keep everything back, they are looked for before anything is read to be sent.
        let announcesFirst = options.secrets == .block
        if announcesFirst { try announce(source.snapshot, workspace, &session) }
        switch destination {
        case .archive(let path):
            try writeArchive(path, source.snapshot, workspace, isAnnounced: announcesFirst, &session)
        default:
            let output: OutputStream
            do throws(Errno) { output = try .standardOutput() } catch {
                throw Self.error(.output(error), "standard output")
            }
            try pack(
                source.snapshot, workspace, .none, keepsHoles: false, isAnnounced: announcesFirst, to: output,
                named: "standard output", &session)
        }
    }

    /// Plans, tells the plan and looks for secrets.
    private func announce(
        _ source: Snapshot, _ workspace: OpenDirectory, _ session: inout SyncSession
    ) throws(SyncError) {
        // Nothing is there, so there is nothing to merge with.
        let plan = Planner.plan(source: source, destination: .empty, policy: session.options.pushPolicy)
        session.announce(plan, plan.summary())
        try session.checkSecrets(plan, in: workspace)
    }

    /// Writes beside the archive and renames when it is complete: a reader sees the old archive or the new one.
    private func writeArchive(
        _ path: [UInt8], _ snapshot: Snapshot, _ workspace: OpenDirectory, isAnnounced: Bool,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let file: NewFile
        let output: OutputStream
        do throws(FileSystemError) {
            file = try NewFile(at: path)
            output = try file.makeOutput()
        } catch {
            throw SyncError(.failed, error.description)
        }
        try pack(
            snapshot, workspace, ArchiveName.compression(of: path), keepsHoles: true,
            isAnnounced: isAnnounced, to: output, named: "'\(displayName(of: path))'", &session)
        do throws(FileSystemError) {
            try file.commit()
        } catch {
            throw SyncError(.failed, error.description)
        }
    }

    private func pack(
        _ snapshot: Snapshot, _ workspace: OpenDirectory, _ compression: Compression, keepsHoles: Bool,
        isAnnounced: Bool, to output: consuming sending OutputStream, named name: String,
        _ session: inout SyncSession
    ) throws(SyncError) {
        let progress = TransferProgress()
        var stream = PackStream(
            snapshot, root: workspace, options: session.options, scope: PackScope(keepsHoles: keepsHoles),
            cancellation: session.cancellation, progress: progress)
        let observer = session.observer
        let onDigest: (EntryID, [UInt8]) -> Void = { observer(.digest(path: snapshot.path(of: $0), sha256: $1)) }
        var ticker: Ticker?
        /// Runs while the first files are read: it takes a twentieth of the time that all takes.
        func begin() throws(PackFailure) {
            do throws(SyncError) {
                if !isAnnounced { try announce(snapshot, workspace, &session) }
                try session.begin(.transferring)
            } catch {
                throw .halted(error)
            }
            ticker = session.startProgress(
                .transferring, progress, totalEntries: snapshot.entryCount, totalBytes: snapshot.byteCount)
        }
        defer { ticker?.stop() }
        do throws(PackFailure) {
            if compression == .none {
                var sink = PlainSink(output)
                try stream.run(to: &sink, onDigest: onDigest, beforehand: begin)
            } else {
                var sink = try CompressedSink(compression, to: output)
                try stream.run(to: &sink, onDigest: onDigest, beforehand: begin)
                try sink.finish()
            }
        } catch {
            session.note(stream.problems)
            throw Self.error(error, name)
        }
        session.note(stream.problems)
        session.report.transferredBytes = stream.contentBytes
    }

    private static func error(_ failure: PackFailure, _ name: String) -> SyncError {
        switch failure {
        case .halted(let error): error
        case .cancelled:
            SyncError(.cancelled, "stopped on request; the stream has no end mark, so nobody takes it for complete")
        case .archive(let error): SyncError(.failed, "cannot write \(name): \(error)")
        case .transport(let error): SyncError(.transport, error.description)
        case .output(.brokenPipe):
            SyncError(.transport, "cannot write \(name): whoever read it has gone; look at that command's own message")
        case .output(let cause):
            SyncError(.failed, "cannot write \(name): \(cause.description); the stream is not complete, start it again")
        }
    }
}
