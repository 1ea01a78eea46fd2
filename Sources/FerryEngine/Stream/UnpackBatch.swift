import FerryArchive
import FerryCore
import FerryFileSystem
import FerryThreads

/// Small files on their way from the decoder to a thread that writes them.
///
/// Belongs to one thread at a time.
final class UnpackBatch: @unchecked Sendable {
    // SAFETY: the queue hands a batch from the decoder to one worker and back, never to two at once.
    struct File {
        var path: [UInt8]
        var mode: UInt16
        var mtime: Timestamp
        var content: Range<Int>
    }

    var buffer = ByteBuffer(capacity: 64 << 10)
    var files: [File] = []

    /// Enough for the hand-over not to count, little enough to stay in the cache.
    static let largestContent = 512 << 10
    static let mostFiles = 64

    var isFull: Bool { files.count >= Self.mostFiles || buffer.count >= Self.largestContent }

    func clear() {
        buffer.removeAll()
        files.removeAll(keepingCapacity: true)
    }
}

/// The threads that write small files into staging while the decoder goes on.
struct UnpackWriters: Sendable {
    private let queue: BatchQueue<UnpackBatch>
    private let failure = Monitor<FileSystemError?>(nil)
    /// Batches a thread: with few, the decoder waits for the writers and they for it while a core idles.
    private static let ahead = 8

    init(_ tree: OpenDirectory, owner: FileOwner?, threads: Int, progress: TransferProgress) throws(ThreadError) {
        let failure = failure
        queue = try BatchQueue(
            batches: (0..<(threads * Self.ahead)).map { _ in UnpackBatch() }, threads: threads, named: "unpack",
            descriptors: tree.onlyDescriptor,
            state: { _ in StagedTreeWriter(root: tree, owner: owner) },
            work: { batch, writer in
                for file in batch.files {
                    do throws(FileSystemError) {
                        try batch.buffer.withSpan(in: file.content) { content throws(FileSystemError) in
                            try writer.writeFile(file.path, mode: file.mode, mtime: file.mtime, content: content)
                        }
                    } catch {
                        failure.withLock { if failure.state == nil { failure.state = error } }
                        break
                    }
                }
                progress.add(entries: batch.files.count, bytes: Int64(batch.buffer.count))
                batch.clear()
            })
    }

    func empty() -> UnpackBatch { queue.empty() }

    func submit(_ batch: UnpackBatch) throws(FileSystemError) {
        queue.submit(batch)
        try check()
    }

    /// Waits until everything is written.
    func drain() throws(FileSystemError) {
        queue.drain()
        try check()
    }

    func close() { queue.close() }

    private func check() throws(FileSystemError) {
        if let error = failure.withLock({ failure.state }) { throw error }
    }
}
