import FerryCore
import FerryThreads
import SystemPackage

/// Reads the metadata of a whole tree, in parallel, through descriptors, with at most one stat an entry.
public enum TreeScanner {
    /// One worker a core: the cache is mostly warm, and more would only compete.
    public static var defaultThreads: Int { BlockingThread.coreCount }

    /// Scans.
    ///
    /// - Parameters:
    ///   - root: The tree's root.
    ///   - options: What to look at.
    /// - Returns: The tree and what could not be read of it.
    /// - Throws: ``FileSystemError`` when the root itself cannot be read: that is never an empty tree.
    package static func scan(_ root: OpenDirectory, options: ScanOptions) throws(FileSystemError) -> ScanResult {
        let status: EntryStatus
        do throws(Errno) {
            status = try root.handle.status()
        } catch {
            throw FileSystemError("read", path: [], cause: error)
        }
        let threads = min(max(1, options.threads), SnapshotSegment.maximumCount - 1)
        var segment = SnapshotSegment(number: 0)
        let rootID = segment.append(name: [], parent: segment.nextID, status: status)
        let ground = ScanGround(root, status, options)
        let job = ScanJob(
            directory: rootID, path: [], scope: options.rules.rootScope(), isSelectedWhole: options.selection == nil,
            isPreserved: false, onlyTracked: false, device: status.device)
        var outputs: [ScanOutput]
        do throws(ThreadError) {
            outputs = try WorkCrew.run(
                [job], threads: threads, named: "scan",
                state: { ScanWorker(number: $0 + 1, root: root, ground: ground, options: options) },
                work: { job, worker, jobs in worker.scan(job, spawning: &jobs) },
                finish: { $0.finish() })
        } catch {
            throw FileSystemError("start a thread to read", path: [], cause: Errno(rawValue: error.errno))
        }
        if let failure = outputs.lazy.compactMap(\.rootFailure).first { throw failure }
        if ground.remembers != nil {
            options.listings?.save(outputs.map(\.listings), known: ground.known, of: root)
        }
        var rules = options.rules
        for file in outputs.flatMap(\.ruleFiles) {
            rules.addDirectoryFile(kind: file.kind, directory: file.directory, patterns: file.patterns)
        }
        var segments = [segment]
        // Nobody else holds them then, so nothing is copied where they are changed.
        for index in outputs.indices {
            segments.append(exchange(&outputs[index].segment, with: SnapshotSegment(number: 0)))
        }
        return ScanResult(
            snapshot: Snapshot(merging: consume segments),
            problems: outputs.flatMap(\.problems).sorted { $0.path.lexicographicallyPrecedes($1.path) },
            rules: rules,
            excludedCount: outputs.reduce(0) { $0 + $1.excludedCount })
    }
}

/// One directory to read.
struct ScanJob: Sendable {
    var directory: EntryID
    var path: [UInt8]
    var scope: IgnoreScope
    /// Whether all of it is selected, or only some of what is below.
    var isSelectedWhole: Bool
    var isPreserved: Bool
    /// Whether a `.gitignore` excludes all of it but what git tracks.
    var onlyTracked: Bool
    /// The device of the directory above it.
    var device: UInt64
    /// The directories above it, where links are followed: one that comes again would never end.
    var above: [FilePlace] = []
}

/// What all workers of a scan know of the tree before they begin.
struct ScanGround: Sendable {
    let traits: FileSystemTraits
    /// The root's device.
    let device: UInt64
    /// The listings of an earlier scan; nil: there are none, or the file system is not one whose directories tell of every change.
    let known: KnownListings?
    /// When the scan began, if directories' listings are to be remembered.
    let remembers: ScanStamp?

    init(_ root: OpenDirectory, _ status: EntryStatus, _ options: ScanOptions) {
        traits = FileSystemTraits(of: root.handle)
        device = status.device
        // Through links the same directory may come twice, and from anywhere.
        guard let store = options.listings, traits.tellsChanges, !root.handle.followsLinks else {
            (known, remembers) = (nil, nil)
            return
        }
        known = store.load(root)
        // A part of the tree would take the place of all of it.
        remembers = options.selection == nil && store.isWritten ? .now : nil
    }
}

/// Which file or directory something is, whatever it is called.
struct FilePlace: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64

    init(_ status: EntryStatus) {
        device = status.device
        inode = status.inode
    }
}

/// What one worker found.
struct ScanOutput: Sendable {
    var segment: SnapshotSegment
    var problems: [Problem] = []
    var ruleFiles: [IgnoreDirectoryFile] = []
    var excludedCount = 0
    var listings = ListingRecord()
    var rootFailure: FileSystemError?
}
