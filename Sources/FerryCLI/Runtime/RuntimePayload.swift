import FerryCore
import FerryEngine
import FerryRuntime

/// The events and results of `ferry runtime`.
extension EventPayload {
    /// How far a run is.
    static func progress(_ line: RuntimeProgress.Line, of command: String) -> JSONValue {
        event(
            "progress",
            [
                "command": .string(command), "percent": JSONValue(line.percent), "text": .string(line.text),
                "final": .bool(line.isFinal),
            ])
    }

    /// An event of the engine, with the part of the runtime that it belongs to; nil for what only a sync tells.
    static func event(_ event: SyncEvent, of part: RuntimePart) -> JSONValue? {
        let payload: JSONValue
        switch event {
        case .plan(let summary): payload = plan(summary, destination: [])
        case .item(let item): payload = self.item(item)
        case .problem(let problem): payload = self.problem(problem)
        case .digest(let path, let sha256): payload = digest(sha256, of: path)
        // A run has lines of its own, which do not begin again with each part.
        case .progress: return nil
        }
        guard case .object(var members) = payload else { return nil }
        members["destination"] = nil
        switch part {
        case .workspace: members["part"] = "workspace"
        case .runtimeRoot: members["part"] = "runtime-root"
        case .asset(let key):
            members["part"] = "asset"
            members["asset"] = .string(key)
        }
        return .object(members)
    }

    /// A runtime that was prepared.
    static func prepared(_ runtime: PreparedRuntime) -> [String: JSONValue] {
        let spec = runtime.spec
        var identity: [String: JSONValue] = [
            "transport": .string(ExecutionSpec.transport), "provider": .string(spec.provider),
            "sandboxId": .string(spec.sandboxID), "remoteCwd": .string(spec.remoteDirectory),
        ]
        if let url = spec.callbackURL { identity["callbackApiUrl"] = .string(url) }
        var members: [String: JSONValue] = [
            "identity": .object(identity), "complete": .bool(runtime.isComplete),
            "problems": JSONValue(runtime.problems.count),
        ]
        add(runtime.workspaceLocalDirectory, as: "workspace", to: &members)
        add(runtime.workspaceRemoteDirectory, as: "workspace_remote_dir", to: &members)
        add(runtime.runtimeRoot, as: "runtime_root", to: &members)
        members["assets"] = .array(
            runtime.assetDirectories.sorted { $0.key < $1.key }.map { key, path in
                var asset: [String: JSONValue] = ["key": .string(key)]
                add(path, as: "path", to: &asset)
                return .object(asset)
            })
        return members
    }

    /// A workspace that was restored.
    static func restored(_ restore: RuntimeRestore, workspace: [UInt8], status: ExitStatus) -> [String: JSONValue] {
        var members: [String: JSONValue] = ["restored": .bool(restore.report != nil)]
        add(workspace, as: "workspace", to: &members)
        if let report = restore.report,
            case .object(var summary) = summary(report, destination: [], status: status)
        {
            for name in ["v", "event", "destination", "exit_code"] { summary[name] = nil }
            members["summary"] = .object(summary)
        }
        return members
    }

    /// A runtime that was released.
    static func released(_ release: RuntimeRelease) -> [String: JSONValue] {
        switch release {
        case .cleaned: ["cleaned": true]
        case .notCleaned(let error):
            [
                "cleaned": false,
                "reason": .object(["code": .string(error.code.rawValue), "message": .string(error.sentence)]),
            ]
        }
    }

    /// The last line of a command.
    static func result(of command: String, _ members: [String: JSONValue], status: ExitStatus) -> JSONValue {
        var members = members
        members["command"] = .string(command)
        members["ok"] = true
        members["exit_code"] = .integer(Int64(status.code))
        return event("result", members)
    }

    /// The last line of a command that failed.
    static func result(of command: String, _ failure: RuntimeFailure) -> JSONValue {
        var error: [String: JSONValue] = ["code": .string(failure.code), "message": .string(failure.message)]
        if !failure.advice.isEmpty { error["advice"] = .string(failure.advice) }
        if let member = failure.member { error["member"] = .string(member) }
        if let halt = failure.halt { error["halt"] = .string(halt.rawValue) }
        if !failure.examples.isEmpty {
            error["examples"] = .array(
                failure.examples.map { path in
                    var members: [String: JSONValue] = [:]
                    add(path, as: "path", to: &members)
                    return .object(members)
                })
        }
        return event(
            "result",
            [
                "command": .string(command), "ok": false, "exit_code": .integer(Int64(failure.status.code)),
                "error": .object(error),
            ])
    }
}
