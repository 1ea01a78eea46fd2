import FerryEngine
import FerryTesting
import FerryTransport
import Testing

@testable import FerryRuntime

/// A request that is not acceptable is refused before anything is read, made or reached.
@Suite("Requests of managed runtimes")
struct RuntimeRequestTests {
    private let directory: TemporaryDirectory
    private let sandbox = InMemorySandbox { _, _ in 127 }

    init() throws { directory = try TemporaryDirectory() }

    private func preparation(remote: String = "/work/ws") throws -> RuntimePreparation {
        let spec = try ExecutionSpec(
            provider: "p", sandboxID: "s", remoteDirectory: remote, timeoutMilliseconds: 1_000)
        return RuntimePreparation(
            spec: spec, adapterKey: "agent", workspaceLocalDirectory: directory.path("missing"),
            stateDirectory: directory.path("state"))
    }

    private func expectRefusal(
        _ code: RuntimeError.Code, _ preparation: RuntimePreparation, _ location: SourceLocation = #_sourceLocation
    ) async throws {
        do throws(RuntimeError) {
            _ = try await ManagedRuntime.prepare(preparation, in: .sandbox(sandbox))
            Issue.record("it was not refused", sourceLocation: location)
        } catch {
            #expect(error.code == code, sourceLocation: location)
            #expect(error.sentence.hasSuffix(".") && !error.advice.isEmpty, sourceLocation: location)
        }
        #expect(sandbox.commands.isEmpty, sourceLocation: location)
        #expect(try Tree(reading: directory.path).paths.isEmpty, sourceLocation: location)
    }

    static let badKeys = [
        "", ".", "..", "a/b", "/a", "a\\b", "a..b", "../x", ".hidden", ".gitignore", "a\nb", "a\0b", "\u{7F}", " ",
        "ferry", "Ferry", "bridge", String(repeating: "k", count: 201),
    ]

    @Test("a bad key of an asset or of an adapter is refused before any I/O", arguments: badKeys)
    func keys(key: String) async throws {
        var preparation = try preparation()
        preparation.adapterKey = key
        try await expectRefusal(.invalidKey, preparation)
        preparation.adapterKey = "agent"
        preparation.assets = [
            RuntimeAsset(key: "good", localDirectory: directory.path), RuntimeAsset(key: key, localDirectory: [47]),
        ]
        try await expectRefusal(.invalidKey, preparation)
    }

    @Test(
        "two assets of one key are refused, also when only a part of the world tells them apart",
        arguments: [("home", "home"), ("home", "HOME"), ("\u{E9}", "e\u{301}")])
    func twice(one: String, other: String) async throws {
        var preparation = try preparation()
        preparation.assets = [one, other].map { RuntimeAsset(key: $0, localDirectory: directory.path) }
        try await expectRefusal(.invalidKey, preparation)
    }

    @Test("keys that are merely unusual are fine", arguments: ["a", "-rf", "a b", "ferry-skills", "é", "a.b", "$HOME"])
    func unusual(key: String) throws {
        var preparation = try preparation()
        preparation.adapterKey = key
        preparation.assets = [RuntimeAsset(key: key, localDirectory: directory.path)]
        _ = try RuntimeLayout(preparation)
    }

    @Test(
        "a directory in the sandbox that is relative, its root or climbs is refused before any I/O",
        arguments: ["ws", "./ws", "/", "///", "/a/../b", "..", "~user/x"])
    func remote(path: String) async throws {
        try await expectRefusal(.invalidRequest, preparation(remote: path))
    }

    @Test(
        "a name of the runtime directory that is no name is refused before any I/O",
        arguments: ["", ".", "..", "a/b", "a\\b", ".git", ".GIT", ".ferry-tmp-x", "a\nb"])
    func runtimeDirectory(name: String) async throws {
        var preparation = try preparation()
        preparation.runtimeDirectoryName = name
        try await expectRefusal(.invalidRequest, preparation)
    }

    @Test("an empty workspace, state directory or asset directory is refused before any I/O")
    func empty() async throws {
        for change: (inout RuntimePreparation) -> Void in [
            { $0.workspaceLocalDirectory = [] }, { $0.stateDirectory = [] },
            { $0.assets = [RuntimeAsset(key: "a", localDirectory: [])] },
            { $0.workspaceLocalDirectory = [47, 0] },
        ] {
            var preparation = try preparation()
            change(&preparation)
            try await expectRefusal(.invalidRequest, preparation)
        }
    }

    @Test("an archive is no place for a runtime")
    func archive() {
        #expect { try RuntimeTransport.resolved(.archive([47])) } throws: {
            ($0 as? RuntimeError)?.code == .invalidRequest
        }
    }
}
