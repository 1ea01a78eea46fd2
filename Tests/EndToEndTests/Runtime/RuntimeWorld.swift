import Foundation
import TestSupport
import Testing

/// A workspace, a directory that is the sandbox, and what runs `ferry runtime` there.
struct RuntimeWorld {
    let world: TestWorld

    init() throws {
        world = try TestWorld()
        try world.makeDirectory("world/skills")
        try world.write("world/skills/one.md", "one")
        try world.write("world/skills/noise.log", "noise")
        try world.link("world/skills/linked", to: "../canary/secret")
    }

    /// A request; members that are nil are left out.
    func request(_ more: [String: Any] = [:], spec: [String: Any] = [:], without names: [String] = []) -> [String: Any]
    {
        var request: [String: Any] = [
            "version": 1,
            "spec": [
                "transport": "sandbox", "provider": "dir", "sandboxId": "box-1", "remoteCwd": world.sandbox,
                "timeoutMs": 30_000,
            ].merging(spec) { $1 }, "workspace": world.workspace, "adapter": "example",
        ]
        request.merge(more) { $1 }
        for name in names { request[name] = nil }
        return request
    }

    static func text(_ request: Any) throws -> [UInt8] {
        Array(try JSONSerialization.data(withJSONObject: request, options: .fragmentsAllowed))
    }

    /// Runs a command to its end.
    func run(
        _ command: String, _ request: Any, _ arguments: [String] = [], environment: [String] = []
    ) throws -> RuntimeOutcome {
        let run = try FerryRun(
            ["runtime", command] + arguments, in: world, input: Self.text(request), wrapper: environment)
        return try RuntimeOutcome(run.result)
    }
}

/// What a command of `ferry runtime` printed.
struct RuntimeOutcome {
    let status: Int32
    let errors: String
    let text: String
    let lines: [[String: Any]]

    init(_ result: Tool.Result) throws {
        status = result.status
        errors = result.errors
        text = result.text
        lines = try result.text.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
    }

    /// The last line.
    var result: [String: Any] { lines.last ?? [:] }
    var error: [String: Any] { result["error"] as? [String: Any] ?? [:] }
    var code: String? { error["code"] as? String }
    var isDone: Bool { result["ok"] as? Bool == true && result["exit_code"] as? Int == Int(status) }

    func events(_ name: String) -> [[String: Any]] { lines.filter { $0["event"] as? String == name } }
}
