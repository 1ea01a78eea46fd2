public import FerryCore
import FerryFileSystem
import FerryThreads
import FerryTransport

/// What a scan counted.
public struct ScanStatistics: Sendable, Codable, Equatable {
    /// All entries, the root not counted.
    public var entries = 0
    /// Regular files, each name counted.
    public var files = 0
    /// Directories, the root not counted.
    public var directories = 0
    /// Symbolic links.
    public var symlinks = 0
    /// The sum of the files' sizes, a hard-linked file counted once.
    public var bytes: Int64 = 0
    /// Entries that could not be read.
    public var unreadable = 0
    /// How long the scan took.
    public var seconds = 0.0
}

extension SyncEngine {
    /// Scans a directory and counts what it holds.
    ///
    /// - Parameters:
    ///   - path: The directory.
    ///   - options: Which entries to leave out.
    /// - Returns: The counts.
    /// - Throws: ``SyncError`` when the directory cannot be read.
    public static func scan(
        _ path: [UInt8], options: SyncOptions = SyncOptions()
    ) async throws(SyncError) -> ScanStatistics {
        try await onThread(named: "scan") { () throws(SyncError) in
            let start = ContinuousClock.now
            let root = try DirectoryEndpoints.openSource(path)
            let session = SyncSession(options: options, cancellation: CancellationFlag()) { _ in }
            let result = try session.scan(root, options.workspaceScan(), at: path)
            var statistics = result.snapshot.statistics()
            statistics.unreadable = result.problems.count { $0.code == .unreadable }
            statistics.seconds = (ContinuousClock.now - start) / .seconds(1)
            return statistics
        }
    }

    /// The exclude rules of a workspace: those given and those of the rule files in it.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - options: The rules given, and whether `.gitignore` files count.
    /// - Returns: All rules.
    /// - Throws: ``SyncError`` when the workspace cannot be read.
    public static func rules(
        of workspace: [UInt8], options: SyncOptions = SyncOptions()
    ) async throws(SyncError) -> IgnoreRules {
        try await onThread(named: "rules") { () throws(SyncError) in
            let root = try DirectoryEndpoints.openSource(workspace)
            let session = SyncSession(options: options, cancellation: CancellationFlag()) { _ in }
            return try session.scan(root, options.workspaceScan(), at: workspace).rules
        }
    }

    /// The rules that the last push from a workspace into an endpoint was given, for a pull that is given none.
    ///
    /// What is wrong with either side is not told here but by the sync that follows.
    ///
    /// - Parameters:
    ///   - workspace: The workspace's path.
    ///   - sandbox: Where it was pushed.
    ///   - stateDirectory: The directory that holds Ferry's state, by its path.
    /// - Returns: The rules; nil where no push is known, as for every archive.
    public static func rulesOfLastPush(
        from workspace: [UInt8], to sandbox: Endpoint, stateDirectory: [UInt8]
    ) async -> RecordedRules? {
        try? await onThread(named: "rules") { () throws(SyncError) in
            let endpoint: [UInt8]
            switch sandbox {
            case .archive, .standardStream: return nil
            case .sandbox(let description): endpoint = description.target
            case .directory(let path):
                let found = try DirectoryEndpoints.openSource(path)
                endpoint = SyncBaseline.key(of: try SyncLocks.key(of: found, at: path))
            }
            let directory = try DirectoryEndpoints.openSource(workspace)
            return SyncBaseline.rules(
                workspace: try SyncLocks.key(of: directory, at: workspace), endpoint: endpoint, in: stateDirectory)
        }
    }

    /// Runs blocking work on a thread of its own.
    static func onThread<Value: Sendable>(
        named name: String, _ body: @escaping @Sendable () throws(SyncError) -> Value
    ) async throws(SyncError) -> Value {
        do {
            return try await BlockingThread.run(named: name) { try body() }
        } catch let error as SyncError {
            throw error
        } catch {
            throw SyncError(.failed, "cannot start a thread: \(error)")
        }
    }
}

extension Snapshot {
    /// Counts the entries by kind.
    func statistics() -> ScanStatistics {
        var statistics = ScanStatistics()
        statistics.entries = entryCount
        statistics.bytes = byteCount
        var stack = [root]
        while let id = stack.popLast() {
            for child in children(of: id) {
                switch self[child].kind {
                case .file: statistics.files += 1
                case .symlink: statistics.symlinks += 1
                case .directory:
                    statistics.directories += 1
                    stack.append(child)
                default: break
                }
            }
        }
        return statistics
    }
}
