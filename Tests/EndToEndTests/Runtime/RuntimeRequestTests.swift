import Foundation
import TestSupport
import Testing

/// Requests that are refused before anything is read or reached.
@Suite("Requests of ferry runtime")
struct RuntimeRequestTests {
    private let runtime: RuntimeWorld

    init() throws { runtime = try RuntimeWorld() }

    /// A request that is wrong, the code, the member, and whether the schema can tell.
    private struct Case {
        var request: Any
        var code: String
        var member: String?
        var command = "prepare"
        var schemaTells = true
    }

    private var cases: [Case] {
        func with(_ more: [String: Any], without names: [String] = []) -> Any {
            runtime.request(more, without: names)
        }
        func spec(_ more: [String: Any]) -> Any { runtime.request(spec: more) }
        func asset(_ more: [String: Any]) -> Any {
            with(["assets": [["key": "a", "path": "/x"].merging(more) { $1 }]])
        }
        let long = String(repeating: "k", count: 8_193)
        var cases: [Case] = [
            Case(request: [1], code: "request-not-an-object"),
            Case(request: "text", code: "request-not-an-object"),
            Case(request: [:] as [String: Any], code: "request-missing-member", member: "version"),
            Case(request: with(["version": 2]), code: "request-unsupported-version", member: "version"),
            Case(request: with(["version": "1"]), code: "request-unsupported-version", member: "version"),
            Case(request: with([:], without: ["spec"]), code: "request-missing-member", member: "spec"),
            Case(request: with(["spec": []]), code: "spec-not-an-object", member: "spec"),
            Case(request: spec(["transport": "ssh"]), code: "spec-unsupported-transport", member: "spec.transport"),
            Case(request: spec(["sandboxId": " "]), code: "spec-invalid-field", member: "spec.sandboxId"),
            Case(request: spec(["timeoutMs": 0]), code: "spec-invalid-field", member: "spec.timeoutMs"),
            Case(
                request: spec(["timeoutMs": "1e999"]), code: "spec-invalid-field", member: "spec.timeoutMs",
                schemaTells: false),
            Case(request: spec(["timeoutMs": [1]]), code: "spec-invalid-field", member: "spec.timeoutMs"),
            Case(request: spec(["apiKey": 7]), code: "spec-invalid-field", member: "spec.apiKey"),
            Case(request: spec(["apiKey": long]), code: "spec-invalid-field", member: "spec.apiKey"),
            Case(
                request: spec(["apiKey": "a\nb"]), code: "spec-invalid-field", member: "spec.apiKey", schemaTells: false
            ),
            Case(
                request: spec(["provider": "nobody"]), code: "invalid-target", member: "spec.provider",
                schemaTells: false),
            Case(
                request: spec(["provider": "tar"]), code: "invalid-target", member: "spec.provider", schemaTells: false),
            Case(
                request: spec(["provider": "ssh", "sandboxId": "-oProxyCommand=x"]), code: "invalid-target",
                member: "spec.provider", schemaTells: false),
            Case(request: with(["target": "tar:/x"]), code: "invalid-target", member: "target", schemaTells: false),
            Case(
                request: with(["target": "ssh://h/elsewhere"]), code: "invalid-target", member: "target",
                schemaTells: false),
            Case(request: with(["target": 7]), code: "request-invalid-member", member: "target"),
            Case(request: spec(["remoteCwd": "relative"]), code: "invalid-request", schemaTells: false),
            Case(request: spec(["remoteCwd": "/a/../b"]), code: "invalid-request", schemaTells: false),
            Case(request: spec(["remoteCwd": "/"]), code: "invalid-request", schemaTells: false),
            Case(request: with([:], without: ["workspace"]), code: "request-missing-member", member: "workspace"),
            Case(request: with(["workspace": ""]), code: "request-invalid-member", member: "workspace"),
            Case(
                request: with(["workspace": "/a\0b"]), code: "request-invalid-member", member: "workspace",
                schemaTells: false),
            Case(request: with(["workspace_b64": "L3g="]), code: "request-invalid-member", member: "workspace"),
            Case(
                request: with(["workspace_b64": "L3g"], without: ["workspace"]), code: "request-invalid-member",
                member: "workspace_b64"),
            Case(request: with(["adapters": "x"]), code: "request-unknown-member", member: "adapters"),
            Case(request: with([:], without: ["adapter"]), code: "request-missing-member", member: "adapter"),
            Case(request: asset(["mode": 7]), code: "request-unknown-member", member: "assets[0].mode"),
            Case(
                request: asset(["followSymlinks": "yes"]), code: "request-invalid-member",
                member: "assets[0].followSymlinks"),
            Case(request: asset(["exclude": [7]]), code: "request-invalid-member", member: "assets[0].exclude[0]"),
            Case(request: with(["assets": [["path": "/x"]]]), code: "request-missing-member", member: "assets[0].key"),
            Case(request: with(["assets": [["key": "x"]]]), code: "request-missing-member", member: "assets[0].path"),
            Case(request: with(["assets": [7]]), code: "request-invalid-member", member: "assets[0]"),
            Case(request: with(["assets": ["key": "a"]]), code: "request-invalid-member", member: "assets"),
            Case(
                request: with(["assets": [["key": "a", "path": "/x"], ["key": "a", "path": "/y"]]]),
                code: "invalid-key",
                schemaTells: false),
            Case(request: with(["runtimeDirectory": "a/b"]), code: "invalid-request", schemaTells: false),
            Case(request: with(["secrets": "maybe"]), code: "request-invalid-member", member: "secrets"),
            Case(request: with(["deadlineMs": 0]), code: "request-invalid-member", member: "deadlineMs"),
            Case(request: with(["waitMs": -1]), code: "request-invalid-member", member: "waitMs"),
            Case(request: with(["ownsSandbox": 1]), code: "request-invalid-member", member: "ownsSandbox"),
            Case(
                request: with(["onConflict": "guess"]), code: "request-invalid-member", member: "onConflict",
                command: "restore"),
            Case(
                request: with(["allow": ["all"]]), code: "request-invalid-member", member: "allow[0]",
                command: "restore"),
            Case(request: with(["asset": []]), code: "request-unknown-member", member: "asset", command: "restore"),
            Case(
                request: with(["allow": ["conflicts"]]), code: "request-invalid-member", member: "allow[0]",
                command: "release"),
        ]
        for key in ["", ".", "..", ".hidden", "a/b", "a\\b", "a..b", String(repeating: "k", count: 201)] {
            cases.append(Case(request: with(["adapter": key]), code: "invalid-key"))
            cases.append(Case(request: asset(["key": key]), code: "invalid-key"))
        }
        cases.append(Case(request: with(["adapter": "ferry"]), code: "invalid-key", schemaTells: false))
        return cases
    }

    @Test("A wrong request is exit 2 with a stable code, the member and a sentence, and nothing was touched")
    func refused() throws {
        let before = try runtime.world.digest()
        var documents: [SchemaValidator.Document] = []
        for wrong in cases {
            let text = String(decoding: try RuntimeWorld.text(wrong.request), as: UTF8.self)
            let outcome = try runtime.run(wrong.command, wrong.request)
            let note: Comment = "\(text.prefix(300)): \(outcome.text)"
            #expect(outcome.status == 2 && outcome.code == wrong.code && outcome.lines.count <= 2, note)
            #expect(outcome.error["member"] as? String == wrong.member, note)
            let message = try #require(outcome.error["message"] as? String, note)
            #expect(message.hasSuffix(".") && message.count < 1_000 && !message.contains("\0"), note)
            #expect(!outcome.errors.isEmpty, note)
            documents.append(
                .init(schema: "result", text: outcome.text.split(separator: "\n").last.map(String.init) ?? ""))
            if wrong.schemaTells {
                documents.append(.init(schema: "request", definition: wrong.command, text: text))
            }
        }
        #expect(try runtime.world.digest() == before)
        #expect(!runtime.world.exists("home/.local"))
        for (problem, document) in zip(try SchemaValidator.problems(of: documents), documents) {
            #expect(problem.isEmpty == (document.schema == "result"), "\(document): \(problem)")
        }
    }

    @Test(
        "What is not one JSON document is refused", arguments: ["", " \n", "{", "{}{}", "nul", "{\"a\":NaN}", "\u{1}"])
    func notJSON(text: String) throws {
        let run = try FerryRun(["runtime", "prepare"], in: runtime.world, input: Array(text.utf8))
        #expect(try run.status == 2 && RuntimeOutcome(run.result).code == "request-not-json", "\(run.output)")
    }

    @Test(
        "A member that is there twice is refused with its place, however it is written, also in the spec",
        arguments: [
            (#"{"version":1,"version":1}"#, "version"),
            (#"{"version":1,"spec":{"apiKey":"a","ap\u0069Key":"b"}}"#, "spec.apiKey"),
            (#"{"assets":[{"key":"a"},{"key":"a","path":"}],\\\"{","key":"b"}]}"#, "assets[1].key"),
        ])
    func twice(text: String, member: String) throws {
        let run = try FerryRun(["runtime", "prepare"], in: runtime.world, input: Array(text.utf8))
        let outcome = try RuntimeOutcome(run.result)
        #expect(run.status == 2 && outcome.code == "request-invalid-member", "\(run.output)")
        #expect(outcome.error["member"] as? String == member && run.errors.contains("twice"), "\(run.output)")
    }

    @Test("Nesting without end and bytes that are no text are refused, and not crashed upon")
    func hostile() throws {
        for input in [
            [UInt8](repeating: UInt8(ascii: "["), count: 200_000),
            Array("{\"version\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8),
        ] {
            let run = try FerryRun(["runtime", "prepare"], in: runtime.world, input: input)
            #expect(try run.status == 2 && RuntimeOutcome(run.result).code == "request-not-json", "\(run.output)")
        }
    }

    @Test("What the documentation shows fits the schema, and null is as good as nothing")
    func right() throws {
        let page = try String(
            contentsOf: SchemaValidator.documentation.appending(path: "AdaptersInOtherLanguages.md"), encoding: .utf8)
        let example = try #require(
            page.components(separatedBy: "```json\n").dropFirst().first?.components(separatedBy: "```").first)
        let nulls = runtime.request([
            "target": NSNull(), "assets": NSNull(), "ownsSandbox": NSNull(), "preserve": NSNull(), "secrets": NSNull(),
            "stateDirectory": NSNull(), "deadlineMs": NSNull(),
        ])
        let outcome = try runtime.run("prepare", nulls)
        #expect(outcome.status == 0, "\(outcome.text)")
        let odd = try RuntimeWorld()
        let encoded = Data(odd.world.workspace.utf8).base64EncodedString()
        let bytes = odd.request(["workspace_b64": encoded], without: ["workspace"])
        #expect(try odd.run("prepare", bytes).status == 0)
        let trimmed = runtime.request(spec: ["transport": " sandbox\n", "timeoutMs": " 5000 ", "more": 7])
        #expect(try runtime.run("prepare", trimmed).status == 0)
        let documents =
            [example]
            + [nulls, bytes, trimmed].map { String(decoding: (try? RuntimeWorld.text($0)) ?? [], as: UTF8.self) }
        let problems = try SchemaValidator.problems(
            of: documents.map { .init(schema: "request", definition: "prepare", text: $0) })
        #expect(problems == ["", "", "", ""])
    }
}
