import FerryCore
import FerryEngine

/// What `--json` prints: one object a line, each with the version of the format and the name of the event.
///
/// Names are under `path`; one that is not UTF-8 is under `path_b64`, in base64, with `path_display` beside it.
enum EventPayload {
    /// Changes only when a program that reads the events would have to.
    static let version: JSONValue = 1

    static func event(_ name: String, _ members: [String: JSONValue]) -> JSONValue {
        var members = members
        members["v"] = version
        members["event"] = .string(name)
        return .object(members)
    }

    static func plan(_ summary: PlanSummary, destination: [UInt8]) -> JSONValue {
        var members = counts(summary)
        add(destination, as: "destination", to: &members)
        return event("plan", members)
    }

    static func item(_ item: SyncItem) -> JSONValue {
        var members: [String: JSONValue] = ["kind": .string(name(item.kind)), "size": .integer(item.size)]
        add(item.path, as: "path", to: &members)
        if let target = item.linkTarget { add(target, as: "link_target", to: &members) }
        if let first = item.hardLinkTarget { add(first, as: "hard_link_to", to: &members) }
        if !item.changes.isEmpty { members["changes"] = changes(item.changes) }
        if let reason = ItemLine.reason(item) { members["reason"] = .string(reason) }
        switch item.action {
        case .conflict: return event("conflict", members)
        case .held:
            members["rule"] = item.heldReason.map { .string(name($0)) } ?? .null
            return event("held", members)
        default:
            members["action"] = .string(name(item.action))
            return event("item", members)
        }
    }

    static func progress(_ progress: SyncProgress) -> JSONValue {
        var members: [String: JSONValue] = [
            "stage": .string(progress.stage.rawValue), "entries": JSONValue(progress.finishedEntries),
            "bytes": .integer(progress.finishedBytes),
        ]
        if let total = progress.totalEntries { members["total_entries"] = JSONValue(total) }
        if let total = progress.totalBytes { members["total_bytes"] = .integer(total) }
        return event("progress", members)
    }

    static func digest(_ sha256: [UInt8], of path: [UInt8]) -> JSONValue {
        var members: [String: JSONValue] = ["sha256": .string(ItemLine.hexadecimal(sha256))]
        add(path, as: "path", to: &members)
        return event("digest", members)
    }

    static func problem(_ problem: Problem) -> JSONValue {
        var members: [String: JSONValue] = [
            "code": .string(problem.code.rawValue), "message": .string(problem.message),
        ]
        add(problem.path, as: "path", to: &members)
        return event("problem", members)
    }

    static func summary(_ report: SyncReport, destination: [UInt8], status: ExitStatus) -> JSONValue {
        var members = counts(report.summary)
        add(destination, as: "destination", to: &members)
        members["dry_run"] = .bool(report.isDryRun)
        members["exit_code"] = .integer(Int64(status.code))
        members["problems"] = JSONValue(report.problems.count)
        members["source_entries"] = JSONValue(report.sourceEntries)
        members["source_bytes"] = .integer(report.sourceBytes)
        members["excluded_entries"] = JSONValue(report.excludedEntries)
        members["transferred_bytes"] = .integer(report.transferredBytes)
        members["seconds"] = .number(Quantity.seconds(report.duration))
        var stages: [String: JSONValue] = [:]
        for (stage, time) in report.stageTimes { stages[stage.rawValue] = .number(Quantity.seconds(time)) }
        members["stage_seconds"] = .object(stages)
        if let run = report.run { members["run"] = .string(run) }
        if let plan = report.plan { members["plan"] = .string(plan) }
        if let undone = report.undoes { members["undoes"] = .string(undone) }
        if let store = report.conflictStore { add(store, as: "conflict_store", to: &members) }
        return event("summary", members)
    }

    static func run(_ record: RunRecord) -> JSONValue {
        var members = counts(record.summary)
        members["time"] = .string(record.timeText)
        members["kind"] = .string(record.kind.rawValue)
        members["outcome"] = .string(record.outcome)
        members["run"] = record.run.map { .string($0) } ?? .null
        if let undone = record.undoes { members["undoes"] = .string(undone) }
        add(record.workspace, as: "workspace", to: &members)
        add(record.endpoint, as: "endpoint", to: &members)
        return event("run", members)
    }

    /// An entry of the conflict store: `conflict` and `held` as a pull tells them, with where and when; `aside` for what is neither.
    static func stored(_ conflict: StoredConflict) -> JSONValue {
        let (_, reason) = ConflictLine.words(conflict)
        var members: [String: JSONValue] = [
            "kind": .string(name(conflict.kind)), "size": .integer(conflict.size), "reason": .string(reason),
            "time": conflict.timeText.map { .string($0) } ?? .null, "run": conflict.run.map { .string($0) } ?? .null,
        ]
        add(conflict.path, as: "path", to: &members)
        if !conflict.endpoint.isEmpty { add(conflict.endpoint, as: "endpoint", to: &members) }
        if let place = conflict.place { add(place, as: "stored", to: &members) }
        switch conflict.version {
        case .stored: members["version"] = "stored"
        case .deleted: members["version"] = "deleted"
        case .leftInSandbox: members["version"] = "left-in-sandbox"
        case .permissions(let mode):
            members["version"] = "permissions"
            members["mode"] = .string(PermissionText.octal(mode))
        }
        switch conflict.cause {
        case .conflict: return event("conflict", members)
        case .held(let rule):
            members["rule"] = .string(name(rule))
            return event("held", members)
        case .unknown:
            members["unknown"] = .bool(true)
            return event("conflict", members)
        case .setAside: return event("aside", members)
        }
    }

    /// Stored versions that were dropped.
    static func dropped(_ path: [UInt8], versions: Int) -> JSONValue {
        var members: [String: JSONValue] = ["versions": JSONValue(versions)]
        add(path, as: "path", to: &members)
        return event("dropped", members)
    }

    static func error(_ error: SyncError, destination: [UInt8]?, status: ExitStatus) -> JSONValue {
        var members: [String: JSONValue] = [
            "code": .string(error.code.rawValue), "message": .string(error.message),
            "exit_code": .integer(Int64(status.code)),
        ]
        if let destination { add(destination, as: "destination", to: &members) }
        if let halt = error.halt { members["halt"] = .string(halt.reason.rawValue) }
        if let plan = error.plan { members["plan"] = .string(plan) }
        if !error.examples.isEmpty {
            members["examples"] = .array(
                error.examples.map { path in
                    var members: [String: JSONValue] = [:]
                    add(path, as: "path", to: &members)
                    return .object(members)
                })
        }
        return event("error", members)
    }

    /// Adds a name under a key, or, when it is not UTF-8, in base64 and for display under two others.
    static func add(_ name: [UInt8], as key: String, to members: inout [String: JSONValue]) {
        if let text = String(validating: name, as: UTF8.self) {
            members[key] = .string(text)
        } else {
            members[key + "_b64"] = .string(Base64.text(name))
            members[key + "_display"] = .string(displayName(of: name))
        }
    }

    private static func counts(_ summary: PlanSummary) -> [String: JSONValue] {
        [
            "created": JSONValue(summary.created), "updated": JSONValue(summary.updated),
            "mode_changed": JSONValue(summary.modeChanged), "deleted": JSONValue(summary.deleted),
            "conflicts": JSONValue(summary.conflicts), "held": JSONValue(summary.held),
            "blocked": JSONValue(summary.blocked), "bytes_to_write": .integer(summary.bytesToWrite),
        ]
    }

    private static func changes(_ changes: EntryChanges) -> JSONValue {
        let names: [(EntryChanges, JSONValue)] = [
            (.content, "content"), (.size, "size"), (.time, "time"), (.mode, "mode"), (.links, "links"),
        ]
        return .array(names.filter { changes.contains($0.0) }.map(\.1))
    }

    private static func name(_ action: PlanAction) -> String {
        switch action {
        case .descend: "descend"
        case .create: "create"
        case .update: "update"
        case .changeMode: "change-mode"
        case .changeKind: "change-kind"
        case .delete: "delete"
        case .conflict: "conflict"
        case .held: "held"
        case .blocked: "blocked"
        case .compare: "compare"
        case .unchanged: "unchanged"
        case .withheld: "withheld"
        }
    }

    static func name(_ kind: EntryKind) -> String {
        switch kind {
        case .file: "file"
        case .directory: "directory"
        case .symlink: "symlink"
        case .fifo: "fifo"
        case .socket: "socket"
        case .characterDevice: "character-device"
        case .blockDevice: "block-device"
        case .unknown: "unknown"
        }
    }

    private static func name(_ reason: HeldReason) -> String {
        switch reason {
        case .linkLeavesWorkspace: "link-leaves-workspace"
        case .gitHook: "git-hook"
        case .gitConfiguration: "git-configuration"
        case .gitRedirection: "git-redirection"
        case .ferryConfiguration: "ferry-configuration"
        }
    }
}
