import FerryCore
import FerryEngine

/// The events of commands that only look.
extension EventPayload {
    /// What one direction would do.
    static func direction(_ name: String, _ direction: SyncStatus.Direction, destination: [UInt8]) -> JSONValue {
        guard case .object(var members) = plan(direction.summary, destination: destination) else { return .null }
        members["direction"] = .string(name)
        if let halt = direction.halt {
            members["halt"] = .string(halt.halt?.reason.rawValue ?? "source")
            members["message"] = .string(halt.message)
        }
        return .object(members)
    }

    /// One entry of what a direction would do.
    static func item(_ item: SyncItem, in direction: String) -> JSONValue {
        guard case .object(var members) = self.item(item) else { return .null }
        members["direction"] = .string(direction)
        return .object(members)
    }

    /// The end of a status.
    static func status(_ status: SyncStatus, sandbox: [UInt8], _ exit: ExitStatus) -> JSONValue {
        var members: [String: JSONValue] = [
            "exit_code": .integer(Int64(exit.code)), "problems": JSONValue(status.problems.count),
            "has_baseline": .bool(status.hasBaseline), "seconds": .number(Quantity.seconds(status.duration)),
        ]
        if status.hasBaseline {
            members["local_changes"] = JSONValue(status.localChanges)
            members["remote_changes"] = JSONValue(status.remoteChanges)
        }
        add(sandbox, as: "sandbox", to: &members)
        return event("summary", members)
    }

    /// An entry that is not the same on both sides.
    static func difference(_ difference: TreeDifference) -> JSONValue {
        var members: [String: JSONValue] = ["sort": .string(difference.sort.rawValue)]
        add(difference.path, as: "path", to: &members)
        for (key, side) in [("workspace", difference.workspace), ("sandbox", difference.sandbox)] {
            guard let side else { continue }
            members[key] = .object([
                "kind": .string(name(side.kind)), "mode": .string(String(side.mode, radix: 8)),
                "size": .integer(side.size),
            ])
        }
        if !difference.patch.isEmpty {
            if let text = String(validating: difference.patch, as: UTF8.self) {
                members["patch"] = .string(text)
            } else {
                members["patch_b64"] = .string(Base64.text(difference.patch))
            }
        }
        return event("difference", members)
    }

    /// The end of a comparison.
    static func comparison(_ report: ComparisonReport, sandbox: [UInt8], _ exit: ExitStatus) -> JSONValue {
        var members: [String: JSONValue] = [
            "exit_code": .integer(Int64(exit.code)), "problems": JSONValue(report.problems.count),
            "differences": JSONValue(report.differences), "equal": .bool(report.differences == 0 && report.isComplete),
            "workspace_entries": JSONValue(report.workspaceEntries),
            "sandbox_entries": JSONValue(report.sandboxEntries),
            "seconds": .number(Quantity.seconds(report.duration)),
        ]
        add(sandbox, as: "sandbox", to: &members)
        return event("summary", members)
    }
}
