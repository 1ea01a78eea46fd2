import Foundation
import TestSupport
import Testing

@Suite("The command line: secrets")
struct SecretsCommandTests {
    private static let value = "q7ZkT2mDp9Xw4Rt6vBsYhN3cJfLg8Aq7ZkT2"
    private static let token = "gh" + "p_" + value

    private static func world() throws -> TestWorld {
        let world = try TestWorld()
        try world.write("world/ws/.env", "PASSWORD=" + value)
        try world.write("world/ws/dir/app.js", "token('\(token)')")
        try world.makeDirectory("home/.config/ferry")
        try world.write("home/.config/ferry/config.toml", "[profiles.here]\ncommand = [\"env\"]\n")
        return world
    }

    private static let targets = ["world/new", "tar:io/out.tar", "exec:here:"]

    private static func target(_ text: String, _ world: TestWorld) -> String {
        text == "exec:here:" ? text + world.sandbox : text
    }

    @Test("a warning names the path and the rule, never the value; exit 0", arguments: targets)
    func warn(target: String) throws {
        let world = try Self.world()
        let run = try FerryRun(["sync", "push", "world/ws", Self.target(target, world)], in: world)
        #expect(run.status == 0, "\(run.errors)")
        #expect(
            run.errors.contains("'.env': it is named like a file of environment variables (env-file)"), "\(run.errors)")
        #expect(run.errors.contains("'dir/app.js': it holds what looks like a GitHub token (github-token)"))
        #expect(!(run.errors + run.output).contains(Self.value))
    }

    @Test("--secrets block ends with exit 11 before any change, and never tells the value", arguments: targets)
    func block(target: String) throws {
        let world = try Self.world()
        try expectUnchanged(
            ["sync", "push", "world/ws", Self.target(target, world), "--secrets", "block"], status: 11,
            naming: ["2 files look like secrets", ".env", "dir/app.js", "--secrets warn"], in: world)
        #expect(!world.exists("io/out.tar"))
        for output in [["--json"], ["-q"], ["-v"]] {
            let run = try FerryRun(
                ["sync", "push", "world/ws", Self.target(target, world), "--secrets", "block"] + output, in: world)
            #expect(run.status == 11 && !(run.errors + run.output).contains(Self.value))
        }
    }

    @Test("a tar on standard output stays clean")
    func stream() throws {
        let world = try Self.world()
        let run = try FerryRun(["sync", "push", "world/ws", "-"], in: world)
        #expect(run.status == 0 && run.errors.contains("(github-token)") && !run.errors.contains(Self.value))
        let blocked = try FerryRun(["sync", "push", "world/ws", "-", "--secrets", "block"], in: world)
        #expect(blocked.status == 11 && blocked.output.isEmpty)
    }

    @Test("--json tells each as a problem of its own code")
    func json() throws {
        let world = try Self.world()
        let run = try FerryRun(["sync", "push", "world/ws", "world/new", "--json"], in: world)
        let events = try run.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let secrets = events.filter { $0["event"] as? String == "problem" && $0["code"] as? String == "secret" }
        #expect(secrets.compactMap { $0["path"] as? String }.sorted() == [".env", "dir/app.js"])
        #expect(events.contains { $0["event"] as? String == "summary" && $0["exit_code"] as? Int == 0 })
    }

    @Test("the flag counts before FERRY_SECRETS, that before config.toml, and .ferry.toml may not decide")
    func precedence() throws {
        let world = try Self.world()
        try world.write("home/.config/ferry/config.toml", "secrets = \"block\"\n")
        func push(_ arguments: [String] = [], variable: String? = nil) throws -> FerryRun {
            try FerryRun(
                ["sync", "push", "-n", "world/ws", "world/new"] + arguments, in: world,
                wrapper: variable.map { ["env", "FERRY_SECRETS=" + $0] } ?? [])
        }
        #expect(try push().status == 11)
        #expect(try push(variable: "warn").status == 0)
        #expect(try push(["--secrets", "block"], variable: "off").status == 11)
        #expect(try push(["--secrets", "off"]).errors.contains("env-file") == false)
        #expect(try push(variable: "nonsense").status == 2)
        #expect(try push(["--secrets", "nonsense"]).status == 2)
        try world.write("home/.config/ferry/config.toml", "secrets = true\n")
        #expect(try push().status == 2)
        try world.remove("home/.config/ferry/config.toml")
        try world.write("world/ws/.ferry.toml", "secrets = \"off\"\n")
        let refused = try push()
        #expect(refused.status == 2 && refused.errors.contains("may not decide this"), "\(refused.errors)")
    }
}
