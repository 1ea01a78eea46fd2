package import FerryCore
package import FerryThreads
import SystemPackage

/// Looks into small files for secrets before anything is sent, on all cores.
package enum SecretScanner {
    /// Neighbours in a plan are mostly neighbours on disk.
    private static let batch = 256

    /// Looks.
    ///
    /// What cannot be read is passed over: it cannot be sent either, and the push says so itself.
    ///
    /// - Parameters:
    ///   - ids: The files.
    ///   - snapshot: The tree that they are in.
    ///   - root: Its root.
    ///   - threads: The number of threads.
    ///   - cancellation: Stops at the next batch.
    /// - Returns: A problem for each file that looks like a secret, by its name or by its content, in the order of paths.
    /// - Throws: ``FileSystemError`` when no thread could be started.
    package static func scan(
        _ ids: [EntryID], in snapshot: Snapshot, root: OpenDirectory, threads: Int, cancellation: CancellationFlag
    ) throws(FileSystemError) -> [Problem] {
        let jobs = stride(from: 0, to: ids.count, by: batch).map { $0..<min($0 + batch, ids.count) }
        guard !jobs.isEmpty else { return [] }
        let outputs: [[Problem]]
        do throws(ThreadError) {
            outputs = try WorkCrew.run(
                jobs.reversed(), threads: threads, named: "secrets",
                state: { _ in SecretWorker(snapshot: snapshot, root: root) },
                work: { range, worker, _ in
                    if cancellation.isRaised { return }
                    for index in range { worker.look(at: ids[index]) }
                },
                finish: { $0.finish() })
        } catch {
            throw FileSystemError(
                "start a thread to look for secrets", path: [], cause: Errno(rawValue: error.errno))
        }
        return outputs.flatMap(\.self).sorted { RelativePath(unchecked: $0.path) < RelativePath(unchecked: $1.path) }
    }

    /// The problems of names alone, in the order of the files given.
    ///
    /// - Parameters:
    ///   - ids: The files.
    ///   - snapshot: The tree that they are in.
    /// - Returns: The problems.
    package static func names(_ ids: [EntryID], in snapshot: Snapshot) -> [Problem] {
        ids.compactMap { id in
            guard case .secret(let rule) = snapshot.secretVerdict(id) else { return nil }
            return Problem(rule, at: snapshot.path(of: id))
        }
    }
}

/// Looks into one file after the other.
private struct SecretWorker: ~Copyable {
    private let snapshot: Snapshot
    private var cursor: DirectoryCursor
    /// One byte more than a file that is looked into, so that growth shows.
    private var buffer = [UInt8](repeating: 0, count: Int(SecretContent.largestFile) + 1)
    private var directory: (id: EntryID, path: [UInt8])
    private var problems: [Problem] = []

    init(snapshot: Snapshot, root: OpenDirectory) {
        self.snapshot = snapshot
        cursor = DirectoryCursor(root: root)
        directory = (snapshot.root, [])
    }

    consuming func finish() -> [Problem] { problems }

    mutating func look(at id: EntryID) {
        let verdict = snapshot.secretVerdict(id)
        var found: SecretRule?
        if case .secret(let rule) = verdict {
            found = rule
        } else if snapshot[id].size <= SecretContent.largestFile, snapshot.firstName(of: id) == id {
            guard let count = try? read(id) else { return }
            found = SecretContent.rule(in: buffer.span.extracting(..<count), named: verdict)
        }
        if let found { problems.append(Problem(found, at: snapshot.path(of: id))) }
    }

    /// Reads a file whole; throws what keeps it from being read, and for one that has grown too large.
    private mutating func read(_ id: EntryID) throws(Errno) -> Int {
        if let parent = snapshot.parent(of: id), parent != directory.id {
            directory = (parent, snapshot.path(of: parent))
        }
        let file = try cursor.open(directory.path).handle.openFile(snapshot.terminatedName(of: id))
        var span = buffer.mutableSpan
        let count = try file.read(into: &span)
        guard count <= Int(SecretContent.largestFile) else { throw .fileTooLarge }
        return count
    }
}
