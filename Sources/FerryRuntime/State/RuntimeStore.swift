import FerryCore
import FerryFileSystem
import FerryThreads
import SystemPackage

/// The records of all runtimes of one state directory.
struct RuntimeStore: Sendable {
    let stateDirectory: [UInt8]
    private let records: RecordStore

    init(in stateDirectory: [UInt8]) {
        self.stateDirectory = stateDirectory
        records = RecordStore(in: stateDirectory, name: "runtimes")
    }

    func save(_ record: RuntimeRecord) throws(RuntimeError) {
        do throws(FileSystemError) { try records.save(record.encoded, as: record.name) } catch { throw .state(error) }
    }

    func remove(_ record: RuntimeRecord) throws(RuntimeError) {
        do throws(FileSystemError) { try records.remove(record.name) } catch { throw .state(error) }
    }

    /// The record of a name.
    func load(_ name: String) throws(RuntimeError) -> RuntimeRecord? {
        let bytes: [UInt8]?
        do throws(RecordStore.Failure) {
            bytes = try records.load(name)
        } catch {
            switch error {
            case .fileSystem(let failure): throw .state(failure)
            case .damaged(let path): throw Self.damaged(path)
            }
        }
        guard let bytes else { return nil }
        guard let record = RuntimeRecord(encoded: bytes), record.name == name else { throw Self.damaged(records.path) }
        return record
    }

    /// The record of a name; one that is damaged is about to be replaced and counts as none.
    func loadToReplace(_ name: String) throws(RuntimeError) -> RuntimeRecord? {
        do throws(RecordStore.Failure) {
            return try records.load(name).flatMap { RuntimeRecord(encoded: $0) }
        } catch {
            guard case .fileSystem(let failure) = error else { return nil }
            throw .state(failure)
        }
    }

    /// The records of a workspace in a sandbox; one that is damaged and might be among them is an error.
    func records(workspace: [UInt8], provider: String, sandboxID: String) throws(RuntimeError) -> [RuntimeRecord] {
        let names: [String]
        do throws(FileSystemError) { names = try records.names() } catch { throw .state(error) }
        var found: [RuntimeRecord] = []
        var failure: RuntimeError?
        for name in names {
            do throws(RuntimeError) {
                guard let record = try load(name) else { continue }
                if record.workspace == workspace, record.provider.utf8.elementsEqual(provider.utf8),
                    record.sandboxID.utf8.elementsEqual(sandboxID.utf8)
                {
                    found.append(record)
                }
            } catch {
                failure = error
            }
        }
        if found.isEmpty, let failure { throw failure }
        return found
    }

    private static func damaged(_ path: [UInt8]) -> RuntimeError {
        RuntimeError(
            .stateUnavailable, "What is known of the runtime is damaged.", advice: "Prepare it again.",
            detail: "the record '\(displayName(of: path))' is not what was written; remove it and prepare again")
    }

    /// The real path of a workspace.
    static func realPath(_ workspace: [UInt8]) throws(RuntimeError) -> [UInt8] {
        do {
            return try RootDirectory.realPath(of: RootDirectory.open(workspace))
        } catch {
            throw RuntimeError(
                .workspaceUnavailable, "The workspace is missing or cannot be read.", advice: "Check that it is there.",
                detail: "the workspace '\(displayName(of: workspace))': \(error)")
        }
    }
}

/// Keeps others away from one runtime while it is prepared, restored or released.
final class RuntimeLock: Sendable {
    private let lock: SyncLock

    /// Takes the lock; blocks the thread.
    init(
        _ record: RuntimeRecord, in stateDirectory: [UInt8], wait: Duration, cancellation: CancellationFlag
    ) throws(RuntimeError) {
        do throws(SyncLock.Failure) {
            lock = try SyncLock.take(
                Array("runtime:\(record.name)".utf8), .exclusive, in: stateDirectory, wait: wait,
                holder: Array("process \(SyncLock.processID)".utf8), cancellation: cancellation)
        } catch {
            switch error {
            case .cancelled: throw RuntimeError.stopped
            case .file(let failure): throw .state(failure)
            case .held(let holder):
                throw RuntimeError(
                    .locked, "Another run is preparing, restoring or releasing this runtime.",
                    advice: "Wait until it has ended and try again.",
                    detail: "the runtime is locked by \(displayName(of: holder))")
            }
        }
    }
}
