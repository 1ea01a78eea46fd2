import FerryCore
import FerryTesting
import FerryTransport
import TestSupport
import Testing

@testable import FerryEngine

/// A sandbox says itself how much is free.
@Suite("Space that is left in a sandbox")
struct RemoteSpaceTests {
    private let directory: TemporaryDirectory
    private let workspace: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        workspace = try directory.directory(
            "workspace", ["a": .file(String(repeating: "x", count: 6_000)), "d/b": .file("b"), "d/c": .file("c")])
        try directory.directory("remote")
        try directory.directory("temporary")
    }

    /// A sandbox whose `df` says what a test wants.
    private func endpoint(blocks: String, inodes: String, isPlain: Bool = false) throws -> Endpoint {
        let script = """
            #!/bin/sh
            case " $* " in *" -i "*) line="\(inodes)" ;; *) line="\(blocks)" ;; esac
            echo Filesystem; echo "/dev/a disk $line 7% /mnt/a b"
            """
        let tools = "tools-" + (blocks + "-" + inodes).split(separator: " ").joined(separator: "-")
        try directory.directory(tools, ["df": .file(script, mode: 0o755)])
        let sandbox = ShellSandbox(["/bin/dash", "-c"], path: "\(directory.text)/\(tools):/usr/bin:/bin")
        let root = SandboxPath(absolute: directory.path("remote"))
        var limits = PlainLimits()
        limits.directory = directory.text + "/temporary"
        return .sandbox(
            SandboxEndpoint(target: Array("test://here/remote".utf8), root: root) { [limits] in
                isPlain
                    ? PlainSandbox(name: "test://here", client: ShellClient(sandbox), limits: limits) as any Sandbox
                    : sandbox
            })
    }

    private func push(_ endpoint: Endpoint, allowing: Set<Halt.Reason> = []) async -> SyncError? {
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        options.overrides.allowed = allowing
        return await failure { () throws(SyncError) in
            try await SyncEngine.push(workspace, to: endpoint, options: options)
        }
    }

    @Test("too few bytes or inodes stop a push before the first change, and --allow low-space lets it through")
    func halts() async throws {
        for (blocks, inodes, word) in [("9 4 5", "9 4 5", "bytes"), ("99 9 90", "9 6 3", "inodes")] {
            let endpoint = try endpoint(blocks: blocks, inodes: inodes)
            let error = try #require(await push(endpoint))
            #expect(error.halt?.reason == .lowSpace && error.message.contains(word), "\(error)")
            #expect(error.message.contains("--allow low-space"))
            #expect(try Tree(reading: directory.path("remote")).paths.isEmpty)
        }
        #expect(await push(try endpoint(blocks: "9 4 5", inodes: "9 6 3"), allowing: [.lowSpace]) == nil)
    }

    @Test(
        "a file system that counts no inodes, and one that says nothing, stop nothing",
        arguments: [("99 9 90", "0 0 0"), ("", ""), ("99 9 90", "4")])
    func unknown(blocks: String, inodes: String) async throws {
        let error = await push(try endpoint(blocks: blocks, inodes: inodes))
        #expect(error == nil, "\(error as Any)")
    }

    @Test("where the stream is stored before it is unpacked, its content needs its space twice", arguments: [9, 12])
    func stored(kilobytes: Int) async throws {
        let endpoint = try endpoint(blocks: "99 9 \(kilobytes)", inodes: "99 9 90", isPlain: true)
        let error = await push(endpoint)
        #expect((error?.halt?.reason == .lowSpace) == (kilobytes == 9), "\(error as Any)")
        #expect((error?.message.contains("stored there first") ?? false) == (kilobytes == 9))
        #expect(try Tree(reading: directory.path("temporary")).paths.isEmpty)
    }
}
