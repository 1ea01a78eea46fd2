import Foundation
import TestSupport
import Testing

/// Runs the adapters of the documentation as they are printed.
@Suite("Adapters in other languages")
struct AdapterExampleTests {
    private let runtime: RuntimeWorld
    private var world: TestWorld { runtime.world }

    init() throws { runtime = try RuntimeWorld() }

    /// The block of the page that begins with a comment that names a file.
    private func printed(_ language: String, _ name: String) throws -> String {
        let page = try String(
            contentsOf: SchemaValidator.documentation.appending(path: "AdaptersInOtherLanguages.md"), encoding: .utf8)
        let block = try #require(page.components(separatedBy: "```\(language)\n").dropFirst().first)
        let code = try #require(block.components(separatedBy: "```\n").first)
        #expect(code.hasPrefix("# \(name)\n") || code.hasPrefix("// \(name)\n"))
        return code
    }

    private func check(_ words: [String]) throws {
        let assets = [["key": "skills", "path": world.path("world/skills")]]
        try world.write("io/request.json", try RuntimeWorld.text(runtime.request(["assets": assets])))
        let agent = "test -e .ferry-runtime/example/skills/one.md && echo result >result.txt && echo changed >kept.txt"
        let environment = FerryRun.environment(in: world).merging(["FERRY": FerryRun.binary]) { $1 }
        let run = try Tool.run(
            "/usr/bin/env", words + [world.path("io/request.json"), agent], directory: world.path("io"),
            environment: environment)
        #expect(run.status == 0, "\(run.text)\(run.errors)")
        #expect(run.text == "restored 1 new and 1 changed, 0 conflicts\n")
        #expect(run.errors.contains("prepare: 100 %") && run.errors.contains("restore: 100 %"))
        #expect(world.text("world/ws/result.txt") == "result\n" && world.text("world/ws/kept.txt") == "changed\n")
        #expect(!world.exists("world/sandbox/.ferry-runtime/example"))
        try world.write("io/request.json", try RuntimeWorld.text(runtime.request(["adapter": "a/b"])))
        let refused = try Tool.run(
            "/usr/bin/env", words + [world.path("io/request.json"), "true"], directory: world.path("io"),
            environment: environment)
        #expect(refused.status == 1 && refused.errors.contains("invalid-key: "), "\(refused.errors)")
        let absent = try Tool.run(
            "/usr/bin/env", words + [world.path("io/request.json"), "true"], directory: world.path("io"),
            environment: environment.merging(["FERRY": "/nonexistent/ferry"]) { $1 })
        #expect(absent.status != 0 && absent.errors.contains("/nonexistent/ferry"), "\(absent.errors)")
    }

    @Test("The adapter in Python runs as printed")
    func python() throws {
        try world.write("io/adapter.py", try printed("python", "adapter.py"))
        try check(["python3", "adapter.py"])
    }

    @Test("The adapter in TypeScript compiles strictly, as printed, and runs")
    func typeScript() throws {
        try world.write("io/adapter.ts", try printed("ts", "adapter.ts"))
        let compiled = try Tool.run(
            "/usr/bin/env", ["tsc", "--strict", "--target", "es2020", "--module", "commonjs", "adapter.ts"],
            directory: world.path("io"))
        try #require(
            compiled.status == 0,
            "\(compiled.text)\(compiled.errors); scripts/setup.sh --tests installs nodejs and node-typescript")
        try check(["node", "adapter.js"])
    }
}
