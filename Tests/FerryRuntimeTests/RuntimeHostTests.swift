import FerryCore
import FerryEngine
import FerryTesting
import FerryThreads
import FerryTransport
import Synchronization
import Testing

@testable import FerryRuntime

/// What a managed runtime promises to the machine that it runs on.
@Suite("Managed runtimes and their host")
struct RuntimeHostTests {
    private let directory: TemporaryDirectory
    private let workspace: [UInt8]
    private let home: [UInt8]

    init() throws {
        directory = try TemporaryDirectory()
        workspace = try directory.directory("workspace", ["a": .file("a")])
        home = try directory.directory("home", ["h": .file()])
    }

    private func preparation(_ change: (inout RuntimePreparation) -> Void = { _ in }) throws -> RuntimePreparation {
        let spec = try ExecutionSpec(
            provider: "p", sandboxID: "s", remoteDirectory: "\(directory.text)/box", timeoutMilliseconds: 60_000,
            apiKey: Secret("hunter2"))
        var preparation = RuntimePreparation(
            spec: spec, adapterKey: "agent", workspaceLocalDirectory: workspace,
            stateDirectory: directory.path("state"))
        preparation.assets = [RuntimeAsset(key: "home", localDirectory: home)]
        preparation.options.flushes = false
        change(&preparation)
        return preparation
    }

    private func failure(_ body: () async throws(RuntimeError) -> Void) async -> RuntimeError? {
        do throws(RuntimeError) {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    @Test("a link that the agent put in the place of the runtime directory leads nowhere", arguments: [true, false])
    func linkedRuntimeDirectory(whole: Bool) async throws {
        let preparations = try [true, false].map { owns in try preparation { $0.ownsSandbox = owns } }
        let victim = try directory.directory("victim", ["agent/home/precious": .file("precious")])
        var content: Tree = [".ferry-runtime": .link("../victim")]
        if !whole { content = [".ferry-runtime/agent": .link("../../victim/agent")] }
        try directory.directory("box", content)
        for preparation in preparations {
            let error = await failure { () throws(RuntimeError) in
                _ = try await ManagedRuntime.prepare(preparation, in: .thisMachine)
            }
            // What is in the place of the runtime directory makes way.
            #expect(error == nil, "\(error?.detail ?? "")")
        }
        #expect(try Tree(reading: victim)["agent/home/precious"]?.content == Array("precious".utf8))
        let runtime = try await ManagedRuntime.resume(
            workspace: workspace, spec: preparations[0].spec, stateDirectory: directory.path("state"),
            transport: .thisMachine)
        let box = directory.text + "/box"
        let relink =
            whole
            ? "rm -r .ferry-runtime; ln -s ../victim .ferry-runtime"
            : "cd .ferry-runtime; rm -r agent; ln -s ../../victim/agent agent"
        _ = try LocalShellSandbox().run(
            SandboxCommand(Array("cd '\(box)'; \(relink)".utf8), purpose: "the agent"), outputLimit: 0)
        if case .cleaned = try await runtime.release(), whole { Issue.record("a link was followed") }
        #expect(try Tree(reading: victim)["agent/home/precious"]?.content == Array("precious".utf8))
    }

    @Test("what a client is shown has no path of this machine, and the host's own log has")
    func noHostPaths() async throws {
        let cases: [(RuntimeError.Code, (inout RuntimePreparation) -> Void)] = [
            (.workspaceUnavailable, { $0.workspaceLocalDirectory += Array("-missing".utf8) }),
            (.assetUnavailable, { $0.assets[0].localDirectory += Array("-missing".utf8) }),
            (.failed, { $0.workspaceRemoteDirectory = $0.workspaceLocalDirectory + Array("/inside".utf8) }),
            (.stateUnavailable, { $0.stateDirectory = $0.workspaceLocalDirectory + Array("/a".utf8) }),
        ]
        for (code, change) in cases {
            let preparation = try preparation(change)
            let error = await failure { () throws(RuntimeError) in
                _ = try await ManagedRuntime.prepare(preparation, in: .thisMachine)
            }
            #expect(error?.code == code, "\(error?.detail ?? "no error")")
            #expect(error?.description.contains(directory.text) == false, "\(code)")
            #expect(error?.detail.contains(directory.text) == true, "\(code): \(error?.detail ?? "")")
        }
    }

    @Test("the key is in no file of the state directory")
    func noSecretsOnDisk() async throws {
        let runtime = try await ManagedRuntime.prepare(preparation(), in: .thisMachine)
        try await runtime.restoreWorkspace()
        for (path, entry) in try Tree(reading: directory.path("state")).entries {
            let text = String(decoding: entry.content ?? [], as: UTF8.self)
            #expect(!text.contains("hunter2"), "\(path)")
        }
    }

    @Test("a release leaves no record, and the workspace's baseline")
    func stateGoes() async throws {
        let runtime = try await ManagedRuntime.prepare(preparation(), in: .thisMachine)
        let before = try Tree(reading: directory.path("state")).paths.map(\.description)
        #expect(before.contains { $0.hasSuffix(".baseline") } && before.contains { $0.hasSuffix(".record") })
        try await runtime.release()
        let after = try Tree(reading: directory.path("state")).paths.map(\.description)
        #expect(after.contains { $0.hasSuffix(".baseline") } && !after.contains { $0.hasSuffix(".record") })
    }

    @Test("a sandbox that cannot be reached does not keep a runtime from being released")
    func unreachable() async throws {
        let runtime = try await ManagedRuntime.prepare(preparation(), in: .sandbox(LocalShellSandbox()))
        let gone = UnreachableSandbox()
        let found = try await ManagedRuntime.resume(
            workspace: workspace, spec: runtime.spec, stateDirectory: directory.path("state"), transport: .sandbox(gone)
        )
        guard case .notCleaned(let error) = try await found.release() else {
            Issue.record("it cannot have been cleaned")
            return
        }
        #expect(error.code == .sandboxFailed)
        let after = try Tree(reading: directory.path("state")).paths.map(\.description)
        #expect(!after.contains { $0.hasSuffix(".record") })
    }

    @Test("a damaged record is told, and the next prepare replaces it")
    func damagedRecord() async throws {
        let runtime = try await ManagedRuntime.prepare(preparation(), in: .thisMachine)
        let state = directory.path("state")
        let records = try Tree(reading: state).paths.filter { $0.description.hasSuffix(".record") }
        #expect(records.count == 1)
        for record in records {
            let path = directory.text + "/state/" + record.description
            _ = try LocalShellSandbox().run(
                SandboxCommand(Array("printf x >'\(path)'".utf8), purpose: "damage"), outputLimit: 0)
        }
        let error = await failure { () throws(RuntimeError) in
            _ = try await ManagedRuntime.resume(
                workspace: workspace, spec: runtime.spec, stateDirectory: state, transport: .thisMachine)
        }
        #expect(error?.code == .stateUnavailable)
        _ = try await ManagedRuntime.prepare(preparation(), in: .thisMachine)
        _ = try await ManagedRuntime.resume(
            workspace: workspace, spec: runtime.spec, stateDirectory: state, transport: .thisMachine)
    }

    @Test("lines of progress rise and end with one final line, also when it fails")
    func progressLines() async throws {
        for isMissing in [false, true] {
            let lines = Mutex<[RuntimeProgress.Line]>([])
            let preparation = try preparation {
                if isMissing { $0.workspaceLocalDirectory = directory.path("missing") }
            }
            let error = await failure { () throws(RuntimeError) in
                _ = try await ManagedRuntime.prepare(preparation, in: .thisMachine) { event in
                    if case .progress(let line) = event { lines.withLock { $0.append(line) } }
                }
            }
            #expect((error != nil) == isMissing)
            let told = lines.withLock { $0 }
            #expect(told.map(\.percent) == told.map(\.percent).sorted())
            #expect(told.count(where: \.isFinal) == 1 && told.last?.isFinal == true)
            #expect((told.last?.percent == 100) != isMissing)
        }
    }

    @Test("the end of the caller's task stops a prepare")
    func taskCancellation() async throws {
        let preparation = try preparation()
        let task = Task {
            await failure { () throws(RuntimeError) in
                _ = try await ManagedRuntime.prepare(preparation, in: .thisMachine)
            }
        }
        task.cancel()
        #expect(await task.value?.code == .cancelled)
    }

    @Test(
        "the workspace and all assets travel in one command, also the second time; a restore and a release are one each"
    )
    func commands() async throws {
        let sandbox = ClosingSandbox()
        let more = try directory.directory("more", ["m": .link("nowhere")])
        let preparation = try preparation {
            $0.assets += [
                RuntimeAsset(key: "more", localDirectory: more, followsSymlinks: true),
                RuntimeAsset(key: "less", localDirectory: more, exclude: ["*"]),
            ]
        }
        let runtime = try await ManagedRuntime.prepare(preparation, in: .sandbox(sandbox))
        #expect(sandbox.commandCount == 1)
        try await runtime.restoreWorkspace()
        #expect(sandbox.commandCount == 2)
        _ = try await ManagedRuntime.prepare(preparation, in: .sandbox(sandbox))
        #expect(sandbox.commandCount == 3)
        try await runtime.release()
        #expect(sandbox.commandCount == 4)
    }

    @Test("a sandbox that the adapter opened stays open; one that was opened for it is closed")
    func closing() async throws {
        let closed = Mutex(0)
        let opened = Mutex(0)
        let endpoint = SandboxEndpoint(target: [1], root: SandboxPath(absolute: [47])) {
            opened.withLock { $0 += 1 }
            return ClosingSandbox { closed.withLock { $0 += 1 } }
        }
        let runtime = try await ManagedRuntime.prepare(preparation(), in: .endpoint(endpoint))
        #expect(opened.withLock { $0 } == 1 && closed.withLock { $0 } == 1)
        try await runtime.restoreWorkspace()
        try await runtime.release()
        #expect(opened.withLock { $0 } == 3 && closed.withLock { $0 } == 3)
        let own = ClosingSandbox { closed.withLock { $0 += 1 } }
        let other = try await ManagedRuntime.prepare(preparation(), in: .sandbox(own))
        try await other.release()
        #expect(closed.withLock { $0 } == 3)
    }
}

/// A shell of this machine that tells when it is closed, and how many commands it ran.
private final class ClosingSandbox: Sandbox {
    private let sandbox = LocalShellSandbox()
    private let onClose: @Sendable () -> Void
    private let commands = Mutex(0)

    init(_ onClose: @escaping @Sendable () -> Void = {}) { self.onClose = onClose }

    var name: String { "closing" }
    var capabilities: SandboxCapabilities { sandbox.capabilities }
    var commandCount: Int { commands.withLock { $0 } }
    func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        commands.withLock { $0 += 1 }
        return try sandbox.start(command)
    }
    func close() { onClose() }
}

/// A sandbox that is gone.
private struct UnreachableSandbox: Sandbox {
    let name = "gone"
    let capabilities = SandboxCapabilities()

    func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        throw TransportError(.unreachable, sandbox: name, purpose: command.purpose, reason: "it is gone")
    }
}
