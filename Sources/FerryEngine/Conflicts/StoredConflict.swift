public import FerryCore
import FerryFileSystem

/// One entry of the conflict store: a version of the sandbox's that a pull did not let in.
public struct StoredConflict: Sendable, Equatable {
    /// Why it was not let in.
    public enum Cause: Sendable, Hashable {
        /// Both sides have it and differ.
        case conflict(PlanReason)
        /// It was held for review.
        case held(HeldReason)
        /// An earlier Ferry stored it, which kept no record.
        case unknown
        /// It is no version of the sandbox's, but all that an interrupted run had taken out of the workspace.
        case setAside
    }

    /// Where the sandbox's version is.
    public enum Version: Sendable, Hashable {
        /// In the store.
        case stored
        /// Nowhere: the sandbox deleted the entry, and the workspace changed it.
        case deleted
        /// Only in the sandbox: the pull did not fetch it.
        case leftInSandbox
        /// There is nothing but these permission bits: of a directory they alone conflict.
        case permissions(UInt16)
    }

    /// The path below the workspace's root; empty for what was set aside.
    public var path: [UInt8]
    /// Why it was not let in.
    public var cause: Cause
    /// Where the sandbox's version is.
    public var version: Version
    /// What the sandbox's version is; of a deleted one, what the workspace's was.
    public var kind: EntryKind
    /// The size of a file in bytes.
    public var size: Int64
    /// When the pull found it, in seconds since 1970; nil where that is not known.
    public var time: Int64?
    /// The pull's run, which an undo takes where the pull changed anything else; nil where it is not known.
    public var run: String?
    /// The sandbox, as the user wrote it; empty where it is not known.
    public var endpoint: [UInt8]
    /// Where the stored version is; nil where there is none.
    public var place: [UInt8]?

    /// The time as ISO 8601 has it, in UTC; nil where it is not known.
    public var timeText: String? { time.map { CalendarTime($0).text } }

    /// Makes one of an entry of a record.
    init(_ entry: ConflictRecord.Entry, of record: ConflictRecord, in area: ConflictArea, _ store: ConflictDirectory) {
        path = entry.path
        switch entry.cause {
        case .conflict(let reason): cause = .conflict(reason)
        case .held(let reason): cause = .held(reason)
        }
        switch entry.version {
        case .stored: version = .stored
        case .deleted: version = .deleted
        case .leftInSandbox: version = .leftInSandbox
        case .permissions: version = .permissions(entry.mode)
        }
        kind = entry.kind
        size = entry.size
        time = record.time
        run = record.run
        endpoint = record.endpoint
        place = entry.version == .stored ? store.place(of: entry.path, in: area.name) : nil
    }

    /// Makes one of which nothing is known but what is there.
    init(_ cause: Cause, _ path: [UInt8], _ kind: EntryKind, size: Int64, place: [UInt8]) {
        self.path = path
        self.cause = cause
        version = .stored
        self.kind = kind
        self.size = size
        endpoint = []
        self.place = place
    }
}
