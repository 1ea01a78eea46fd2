import CFerryShims
import FerryCore
import SystemPackage

/// Keeps plans, those of pulls with their results: a directory of each in the state directory, with `plan` and `tree`.
///
/// It comes into its place by one rename, when all of it is on the disk.
package struct PlanStore: Sendable {
    private let path: [UInt8]

    private static let directoryName = Array("/plans".utf8)
    private static let recordName = RunArea.terminated("plan")
    private static let treeName = RunArea.terminated("tree")
    /// A larger file is not a plan.
    private static let largestRecord: Int64 = 4 << 30
    /// So many plans are kept; the oldest go.
    private static let mostPlans = 10
    /// What is older than this and not locked was left by a kill.
    private static let graceSeconds: Int64 = 60

    /// Prepares; nothing is made yet.
    ///
    /// - Parameter stateDirectory: The directory for Ferry's state.
    package init(in stateDirectory: [UInt8]) { path = stateDirectory + Self.directoryName }

    /// Takes a plan in, with what was staged for it.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - directories: What is gone into to apply it, also where nothing had to be fetched.
    ///   - area: Where its results wait; they are moved out of it, or copied where the store is on another disk.
    ///   - flushes: Whether to wait for the disk.
    /// - Returns: The plan's name, and its record.
    /// - Throws: ``FileSystemError``.
    package func keep(
        _ plan: StoredPlan, directories: [[UInt8]], from area: StagingArea, flushes: Bool
    ) throws(FileSystemError) -> (name: String, record: [UInt8]) {
        try RootDirectory.createWithParents(path)
        let store = try RootDirectory.open(path)
        let record = plan.encoded
        let name = StoredPlan.name(of: record)
        try keep(record, as: name, in: store, flushes: flushes) { place throws in
            let tree: OpenDirectory
            if try area.moveTree(to: place, as: Self.treeName) {
                tree = OpenDirectory(try place.handle.openDirectory(Self.treeName))
            } else {
                try place.handle.makeDirectory(Self.treeName, mode: 0o700)
                tree = OpenDirectory(try place.handle.openDirectory(Self.treeName))
                try Self.copy(area.tree, to: tree)
            }
            var cursor = DirectoryCursor(root: tree)
            for path in directories { _ = try WithheldEntries.makeDirectories(path, below: tree, &cursor) }
            if flushes { try Flushing.flush(tree) }
        }
        return (name, record)
    }

    /// Takes in a plan that has no results.
    ///
    /// - Parameters:
    ///   - plan: The plan.
    ///   - flushes: Whether to wait for the disk.
    /// - Returns: The plan's name, and its record.
    /// - Throws: ``FileSystemError``.
    package func keep(
        _ plan: StoredPushPlan, flushes: Bool
    ) throws(FileSystemError) -> (name: String, record: [UInt8]) {
        try RootDirectory.createWithParents(path)
        let store = try RootDirectory.open(path)
        let record = plan.encoded
        let name = StoredPlan.name(of: record)
        try keep(record, as: name, in: store, flushes: flushes) { _ throws in }
        return (name, record)
    }

    private func keep(
        _ record: [UInt8], as name: String, in store: OpenDirectory, flushes: Bool,
        _ fill: (OpenDirectory) throws -> Void
    ) throws(FileSystemError) {
        let temporary = RunArea.terminated(".ferry-tmp-" + name)
        do {
            DirectoryEraser.erase(temporary, in: store)
            try store.handle.makeDirectory(temporary, mode: 0o700)
            let place = OpenDirectory(try store.handle.openDirectory(temporary))
            // As long as it is locked, nobody sweeps it.
            _ = try systemCall { ferry_try_lock(place.handle.descriptor) }
            defer { ferry_unlock(place.handle.descriptor) }
            try fill(place)
            let file = try place.handle.createFile(Self.recordName, mode: 0o600)
            try file.write(record.span)
            if flushes {
                try file.synchronize()
                try place.handle.synchronize()
            }
            try store.handle.renameWithoutReplacing(temporary, to: store.handle, as: RunArea.terminated(name))
            if flushes { try store.handle.synchronize() }
        } catch {
            DirectoryEraser.erase(temporary, in: store)
            if let error = error as? FileSystemError { throw error }
            throw FileSystemError("keep the plan in", path: path, cause: error as? Errno ?? .ioError)
        }
        retain(in: store)
    }

    /// The record of a plan; nil when there is none of that name.
    package func record(of name: [UInt8]) throws(FileSystemError) -> [UInt8]? {
        guard let component = try? TerminatedName(name), let store = try? RootDirectory.open(path) else { return nil }
        do throws(Errno) {
            return try Self.read(store.handle.openDirectory(component).openFile(Self.recordName))
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw FileSystemError("read the plan in", path: path, cause: error)
        }
    }

    /// The results of a plan; nil when they are not there any more.
    package func tree(of name: String) throws(FileSystemError) -> OpenDirectory? {
        guard let store = try? RootDirectory.open(path) else { return nil }
        do throws(Errno) {
            let place = try store.handle.openDirectory(RunArea.terminated(name))
            return OpenDirectory(try place.openDirectory(Self.treeName))
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw FileSystemError("open the results of the plan in", path: path, cause: error)
        }
    }

    /// Forgets a plan and its results.
    package func remove(_ name: String) {
        guard let store = try? RootDirectory.open(path) else { return }
        DirectoryEraser.erase(RunArea.terminated(name), in: store)
    }

    /// Reads a plan file that lies elsewhere.
    ///
    /// - Parameter path: The user's path.
    /// - Returns: Its content.
    /// - Throws: ``FileSystemError``.
    package static func record(at path: [UInt8]) throws(FileSystemError) -> [UInt8] {
        let (directory, name) = try place(path, "read the plan")
        do throws(Errno) { return try read(directory.handle.openFile(name)) } catch {
            throw FileSystemError("read the plan", path: path, cause: error)
        }
    }

    /// Writes a plan file that a user named; one that is there is replaced when all of the new one is written.
    ///
    /// - Parameters:
    ///   - record: Its content.
    ///   - path: The user's path.
    /// - Throws: ``FileSystemError``.
    package static func write(_ record: [UInt8], at path: [UInt8]) throws(FileSystemError) {
        let (directory, name) = try place(path, "write the plan")
        do throws(Errno) {
            let temporary = RunArea.terminated(".ferry-tmp-plan-" + RunID.now().text)
            do throws(Errno) {
                let file = try directory.handle.createFile(temporary, mode: 0o600)
                try file.write(record.span)
                try file.synchronize()
                try directory.handle.rename(temporary, to: directory.handle, as: name)
            } catch {
                try? directory.handle.removeFile(temporary)
                throw error
            }
        } catch {
            throw FileSystemError("write the plan", path: path, cause: error)
        }
    }

    // MARK: Parts

    private static func place(
        _ path: [UInt8], _ operation: String
    ) throws(FileSystemError) -> (OpenDirectory, TerminatedName) {
        let slash = path.lastIndex(of: RelativePath.separator)
        guard let name = try? TerminatedName(path[(slash.map { $0 + 1 } ?? 0)...]) else {
            throw FileSystemError(operation, path: path, cause: .isDirectory)
        }
        let above = slash.map { $0 == 0 ? Array("/".utf8) : Array(path[..<$0]) } ?? Array(".".utf8)
        return (try RootDirectory.open(above), name)
    }

    private static func read(_ file: consuming FileHandle) throws(Errno) -> [UInt8] {
        let status = try file.status()
        guard status.kind == .file, status.size <= largestRecord else { throw .fileTooLarge }
        return try file.bytes(Int(status.size), at: 0)
    }

    private static func copy(_ tree: OpenDirectory, to target: OpenDirectory) throws(FileSystemError) {
        let scan = try TreeScanner.scan(tree, options: ScanOptions(rules: IgnoreRules(defaults: .none)))
        let plan = Planner.plan(source: scan.snapshot, destination: .empty, policy: PlanPolicy(differing: .replace))
        let result = TreeCopier.copy(
            plan, from: tree, to: target,
            options: CopyOptions(purpose: .staging, threads: TreeScanner.defaultThreads))
        if let failure = result.failure { throw failure }
        // What did not come whole is not kept.
        if let problem = result.problems.first {
            throw FileSystemError("keep for the plan", path: problem.path, cause: .ioError)
        }
    }

    private func retain(in store: OpenDirectory) {
        var reader = DirectoryReader()
        guard let listing = try? store.handle.reopen(), (try? reader.read(listing, fillsBuffer: false)) != nil else {
            return
        }
        let names = (0..<reader.count).map {
            TerminatedName(unchecked: ArraySlice(Array(reader.name(at: $0).terminated)))
        }
        var plans: [(name: TerminatedName, time: Timestamp)] = []
        for name in names {
            guard let status = try? store.handle.status(of: name) else { continue }
            guard name.bytes.starts(with: ReservedNames.temporaryPrefix) else {
                plans.append((name, status.mtime))
                continue
            }
            // One that was made a moment ago may not be locked yet.
            let isYoung = status.ctime.seconds > StampClock.now.seconds - Self.graceSeconds
            guard !isYoung, let place = try? store.handle.openDirectory(name), ferry_try_lock(place.descriptor) == 0
            else { continue }
            DirectoryEraser.erase(name, in: store)
        }
        for (name, _) in plans.sorted(by: { $0.time < $1.time }).dropLast(Self.mostPlans) {
            DirectoryEraser.erase(name, in: store)
        }
    }
}
