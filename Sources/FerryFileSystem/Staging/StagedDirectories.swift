package import FerryCore
import FerryThreads
import SystemPackage

/// The last modes and times of directories that were staged, when nothing will be written into them any more.
package enum StagedDirectories {
    /// Gives every directory its time, and its mode as far as it still lets its owner in.
    ///
    /// - Parameters:
    ///   - snapshot: What was staged.
    ///   - root: Where.
    ///   - owner: Who entries belong to; nil: whoever runs this.
    ///   - threads: How many threads to use.
    /// - Throws: ``FileSystemError``.
    package static func finish(
        _ snapshot: Snapshot, in root: OpenDirectory, owner: FileOwner?, threads: Int
    ) throws(FileSystemError) {
        let failures: [FileSystemError?]
        do throws(ThreadError) {
            failures = try WorkCrew.run(
                [snapshot.root], threads: threads, named: "finish",
                state: { _ in Worker(snapshot, root, owner) },
                work: { id, worker, jobs in worker.finish(id, &jobs) },
                finish: { $0.outcome() })
        } catch {
            throw FileSystemError(
                "start a thread to set modes and times", path: [], cause: Errno(rawValue: error.errno))
        }
        if let failure = failures.lazy.compactMap(\.self).first { throw failure }
    }

    private struct Worker: ~Copyable {
        private let snapshot: Snapshot
        private var writer: StagedTreeWriter
        private var failure: FileSystemError?

        init(_ snapshot: Snapshot, _ root: OpenDirectory, _ owner: FileOwner?) {
            self.snapshot = snapshot
            writer = StagedTreeWriter(root: root, owner: owner)
        }

        consuming func outcome() -> FileSystemError? { failure }

        mutating func finish(_ id: EntryID, _ jobs: inout [EntryID]) {
            guard failure == nil else { return }
            do throws(FileSystemError) {
                jobs += try writer.finishDirectories(in: id, of: snapshot)
            } catch {
                failure = error
            }
        }
    }
}
