import FerryArchive
import FerryCore

/// One piece of a stream: neighbouring entries whose headers and content are encoded together, ahead of the writer.
enum PackBatch: Sendable {
    /// Small files, directories and links, as positions in the order of the stream.
    case encoded(Range<Int>)
    /// One large file, which the writer moves itself.
    case large(EntryID)
    /// Further names of files; the writer knows by then which files were sent.
    case hardLink(EntryID)
}

/// The order of a stream and its division into batches.
struct PackOrder: Sendable {
    /// Everything that is sent, in the order of paths.
    let entries: [EntryID]
    let batches: [PackBatch]

    /// Larger files are moved by the writer, without passing through a buffer where the output is a pipe.
    static let largeFileSize: Int64 = 512 << 10
    /// Enough for the cost of handing over to vanish, little enough that one is still in its core's cache when it is written.
    private static let batchBytes: Int64 = 512 << 10
    private static let batchEntries = 128

    /// Puts a stream in order.
    ///
    /// - Parameters:
    ///   - snapshot: The tree.
    ///   - selection: The only entries that are sent; nil for all.
    init(_ snapshot: Snapshot, selecting selection: EntrySet? = nil) {
        var order = PackOrder.entriesInOrder(of: snapshot)
        order.removeAll { id in
            !snapshot[id].kind.isCarried || PackOrder.isUnreadableFile(snapshot[id])
                || selection.map { !$0.contains(id) } ?? false
        }
        var batches: [PackBatch] = []
        var start = 0
        var bytes: Int64 = 0
        func close(at end: Int) {
            if start < end { batches.append(.encoded(start..<end)) }
            start = end
            bytes = 0
        }
        for (position, id) in order.enumerated() {
            let record = snapshot[id]
            if record.kind == .file, snapshot.firstName(of: id) != id {
                close(at: position)
                batches.append(.hardLink(id))
                start = position + 1
            } else if record.kind == .file, record.size >= PackOrder.largeFileSize {
                close(at: position)
                batches.append(.large(id))
                start = position + 1
            } else {
                bytes += 1024 + (record.kind == .file ? record.size : 0)
                if bytes >= PackOrder.batchBytes || position - start + 1 >= PackOrder.batchEntries {
                    close(at: position + 1)
                }
            }
        }
        close(at: order.count)
        entries = order
        self.batches = batches
    }

    private static func isUnreadableFile(_ record: EntryRecord) -> Bool {
        record.kind != .directory && record.flags.contains(.unreadable)
    }

    private static func entriesInOrder(of snapshot: Snapshot) -> [EntryID] {
        var result: [EntryID] = []
        result.reserveCapacity(snapshot.entryCount)
        var stack: [(EntryRange, Int)] = [(snapshot.children(of: snapshot.root), 0)]
        while let (range, position) = stack.popLast() {
            guard position < range.count else { continue }
            stack.append((range, position + 1))
            let id = range[position]
            result.append(id)
            if snapshot[id].kind == .directory { stack.append((snapshot.children(of: id), 0)) }
        }
        return result
    }
}

/// What one batch became: its bytes, and what could not be read.
///
/// Belongs to one thread at a time.
final class PackChunk: @unchecked Sendable {
    // SAFETY: the pipeline hands a chunk from the worker that fills it to the writer and back, never to two at once.
    var buffer = ByteBuffer(capacity: 64 << 10)
    var problems: [Problem] = []
    var failed: [EntryID] = []
    var digests: [(file: EntryID, digest: [UInt8])] = []
    var contentBytes: Int64 = 0
    var entryCount = 0

    func clear() {
        buffer.removeAll()
        problems = []
        failed = []
        digests = []
        contentBytes = 0
        entryCount = 0
    }
}
