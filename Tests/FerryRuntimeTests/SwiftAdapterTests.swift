import FerryTesting
import Foundation
import TestSupport
import Testing

/// The adapter that the documentation prints, run as it is.
@Suite("The example of an adapter in Swift")
struct SwiftAdapterTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
        try directory.directory("workspace", ["README.md": .file("hello"), "draft.md": .file("draft")])
        try directory.directory("elsewhere", ["skill.md": .file("be brief")])
        try directory.directory("skills", ["skill.md": .link("../elsewhere/skill.md"), "junk.tmp": .file("junk")])
    }

    /// The program, which is built beside the tests.
    private static var program: String {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("swift-adapter")
        return FileManager.default.isExecutableFile(atPath: beside.path) ? beside.path : ".build/debug/swift-adapter"
    }

    private func run(_ spec: String) throws -> Tool.Result {
        let path = directory.text + "/spec.json"
        try spec.write(toFile: path, atomically: true, encoding: .utf8)
        return try Tool.run(
            Self.program,
            [path, directory.text + "/workspace", directory.text + "/skills", directory.text + "/state"])
    }

    @Test("it prepares, runs its agent, restores and releases")
    func runs() throws {
        let result = try run(
            """
            {"transport": "sandbox", "provider": "local", "sandboxId": "1", "remoteCwd": "\(directory.text)/box",
             "timeoutMs": "60000", "apiKey": "hunter2"}
            """)
        #expect(result.status == 0, "\(result.errors)")
        let workspace: Tree = ["README.md": .file("hello"), "result.md": .file("BE BRIEF")]
        #expect(try Tree(reading: directory.path("workspace")).differences(from: workspace, aspects: .content).isEmpty)
        #expect(try Tree(reading: directory.path("box")).differences(from: workspace, aspects: .content).isEmpty)
        #expect(
            result.text.contains("prepare: 100 %, done")
                && result.text.contains("restored: 1 new, 0 changed, 1 deleted"))
        #expect(result.text.hasSuffix("released\n"))
        #expect(!(result.text + result.errors).contains("hunter2"))
    }

    @Test("a request that is refused is told with its code")
    func refused() throws {
        let result = try run(
            """
            {"transport": "sandbox", "provider": "local", "sandboxId": "1", "remoteCwd": "box", "timeoutMs": 1000}
            """)
        #expect(result.status == 1 && result.errors.hasPrefix("invalid-request: "), "\(result.errors)")
    }

    @Test("the documentation prints this program")
    func printed() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        func read(_ path: String) throws -> String {
            try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        }
        let program = try read("Tests/Examples/SwiftAdapter/SwiftAdapter.swift")
        let article = try read("Sources/FerryRuntime/Documentation.docc/PrepareAManagedRuntime.md")
        #expect(article.contains("```swift\n\(program)```\n"))
    }
}
