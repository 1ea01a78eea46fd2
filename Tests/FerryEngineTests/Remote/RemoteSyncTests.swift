import FerryCore
import FerryTesting
import FerryTransport
import Synchronization
import TestSupport
import Testing

@testable import FerryEngine

/// Whole pushes and pulls, with a baseline, into a sandbox that has nothing but a shell and some tools.
@Suite("Syncs with a sandbox that has a shell")
struct RemoteSyncTests {
    /// A workspace, a sandbox, and the commands that went there.
    final class World {
        let directory: TemporaryDirectory
        let workspace: [UInt8]
        let remote: [UInt8]
        private let sandbox: ShellSandbox
        private let tools: ToolDirectory?
        private let counted = Counter()
        /// The only way in, where the sandbox has nothing but a plain client's six calls.
        let client: FaultyClient?
        private var limits = PlainLimits()

        init(
            _ machine: Machine, _ tree: Tree = [:], remote content: Tree? = [:], pieces: Int? = nil,
            fault: @escaping @Sendable (FaultyClient.Call, Int) -> FaultyClient.Fault? = { _, _ in nil }
        ) throws {
            directory = try TemporaryDirectory()
            (sandbox, tools) = try machine.make()
            workspace = try directory.directory("workspace", tree)
            remote = directory.path("remote")
            if let content { try directory.directory("remote", content) }
            _ = try Tool.run("/bin/chmod", ["755", directory.text])
            if machine.isPlain, content != nil { PlainUser.give(remote) }
            client = pieces == nil ? nil : FaultyClient(ShellClient(sandbox), choose: fault)
            limits.largestFile = pieces ?? 0
            limits.directory = String(decoding: try directory.directory("temporary"), as: UTF8.self)
            _ = try Tool.run("/bin/chmod", ["1777", limits.directory])
        }

        /// What a plain client's sandbox has left behind.
        var leftovers: [String] {
            get throws {
                try Tree(reading: directory.path("temporary")).paths.map(\.description)
                    + Tree(reading: remote).paths.map(\.description).filter { $0.contains(".ferry") }
            }
        }

        var endpoint: Endpoint {
            let (sandbox, client, limits, counted) = (sandbox, client, limits, counted)
            return .sandbox(
                SandboxEndpoint(target: Array("test://here/remote".utf8), root: SandboxPath(absolute: remote)) {
                    guard let client else { return RecordingSandbox(sandbox) { counted.add($0) } }
                    return RecordingSandbox(PlainSandbox(name: sandbox.name, client: client, limits: limits)) {
                        counted.add($0)
                    }
                })
        }

        func options(_ change: (inout SyncOptions) -> Void) -> SyncOptions {
            var options = SyncOptions()
            options.stateDirectory = directory.path("state")
            options.lockWait = .seconds(60)
            change(&options)
            return options
        }

        @discardableResult
        func push(_ change: (inout SyncOptions) -> Void = { _ in }) async throws(SyncError) -> SyncReport {
            try await SyncEngine.push(workspace, to: endpoint, options: options(change))
        }

        @discardableResult
        func pull(_ change: (inout SyncOptions) -> Void = { _ in }) async throws(SyncError) -> SyncReport {
            try await SyncEngine.pull(from: endpoint, to: workspace, options: options(change))
        }

        /// Runs a script in the sandbox's directory, as the agent.
        func agent(_ script: String) throws {
            let process = try sandbox.start(
                SandboxCommand(Array("cd '\(directory.text)/remote' && { \(script); }".utf8), purpose: "the agent"))
            let exit = try process.wait()
            #expect(exit.status == 0, "\(String(decoding: exit.errorTail, as: UTF8.self))")
        }

        /// Runs a script in the workspace, as the user.
        func user(_ script: String) throws {
            let result = try Tool.run("/bin/sh", ["-c", "cd '\(directory.text)/workspace' && { \(script); }"])
            #expect(result.status == 0, "\(result.errors)")
        }

        /// The commands and bytes since the last time.
        func traffic() -> (commands: Int, sent: Int, received: Int) { counted.take() }
    }

    private final class Counter: Sendable {
        private let events = Mutex<[SandboxEvent]>([])

        func add(_ event: SandboxEvent) { events.withLock { $0.append(event) } }

        func take() -> (commands: Int, sent: Int, received: Int) {
            events.withLock { events in
                defer { events = [] }
                return (events.count, events.reduce(0) { $0 + $1.bytesIn }, events.reduce(0) { $0 + $1.bytesOut })
            }
        }
    }

    private static let base: Tree = [
        "file": .file("content", mode: 0o640), "other": .file("other", mode: 0o600), "link": .link("file"),
        "dir": .directory(["inner": .file("inner"), "deep/er": .file("deeper")], mode: 0o750),
        "empty": .directory(mode: 0o700), "it's $HOME\n": .file("odd", mode: 0o644),
    ]

    @Test(
        "Push, push, an agent's work, pull, an edit, push: each brings what it should in at most two commands",
        arguments: Machine.available)
    func round(machine: Machine) async throws {
        let world = try World(machine, Self.base)
        let first = try await world.push()
        #expect(first.problems == [])
        #expect(world.traffic().commands == 1)
        try expectEqual(world, machine)

        let second = try await world.push()
        #expect(second.summary.changesNothing && second.transferredBytes == 0)
        #expect(world.traffic().commands <= 2)

        try world.agent("echo result >result; echo more >>dir/inner; rm other; mkdir new; echo x >new/x")
        let pulled = try await world.pull()
        #expect(pulled.problems == [] && pulled.summary.conflicts == 0)
        #expect(world.traffic().commands <= 2)
        try expectEqual(world, machine)
        #expect(try Tree(reading: world.workspace)["other"] == nil)

        try world.user("echo mine >mine; echo again >result; rm -r new; chmod 600 file; rm link; mkdir link")
        let third = try await world.push()
        #expect(third.problems == [] && third.summary.conflicts == 0)
        #expect(world.traffic().commands <= 3)
        try expectEqual(world, machine)
        let last = try await world.pull()
        #expect(last.summary.changesNothing && last.summary.conflicts == 0)
    }

    @Test("What the agent changed and nobody pulled stops a push, and is overwritten only when that is allowed")
    func unpulled() async throws {
        let world = try World(.dash, Self.base)
        try await world.push()
        try world.agent("echo theirs >file; echo new >untouched")
        try world.user("echo ours >file")
        #expect(await halt { () throws(SyncError) in try await world.push() } == .overwriteSandbox)
        try await world.push { $0.overrides.allowed = [.overwriteSandbox] }
        #expect(try Tree(reading: world.remote)["file"].flatMap(text) == "ours\n")
        #expect(try Tree(reading: world.remote)["untouched"].flatMap(text) == "new\n")
    }

    @Test("An edit on one side and an untouched other side never make a conflict", arguments: Machine.available)
    func untouched(machine: Machine) async throws {
        let world = try World(machine, Self.base)
        try await world.push()
        // At once: the clock may still show the second of the push.
        try world.user("echo local >file; echo local >dir/inner")
        try world.agent("echo remote >other")
        let report = try await world.pull()
        #expect(report.summary.conflicts == 0)
        let tree = try Tree(reading: world.workspace)
        #expect(tree["file"].flatMap(text) == "local\n" && tree["dir/inner"].flatMap(text) == "local\n")
        #expect(tree["other"].flatMap(text) == "remote\n")
        let pushed = try await world.push()
        #expect(pushed.problems == [])
        try expectEqual(world, machine)
    }

    @Test("A conflict keeps the local version, and a second pull has nothing to say")
    func conflict() async throws {
        let world = try World(.busybox, Self.base)
        try await world.push()
        try world.user("echo ours >file")
        try world.agent("echo theirs >file")
        let report = try await world.pull()
        #expect(report.summary.conflicts == 1)
        #expect(try Tree(reading: world.workspace)["file"].flatMap(text) == "ours\n")
        let second = try await world.pull()
        #expect(second.summary.conflicts == 0 && second.summary.changesNothing)
        try await world.push()
        #expect(try Tree(reading: world.remote)["file"].flatMap(text) == "ours\n")
    }

    @Test(
        "What was there before the first push stays, is never pulled and never deleted",
        arguments: [Machine.dash, .statOnly])
    func foreign(machine: Machine) async throws {
        let world = try World(
            machine, Self.base, remote: [".bashrc": .file("rc"), ".cache": .directory(["x": .file("cached")])])
        try await world.push()
        try world.agent("echo grown >>.bashrc; echo y >.cache/y; echo result >result")
        let report = try await world.pull()
        #expect(report.summary.conflicts == 0)
        let tree = try Tree(reading: world.workspace)
        #expect(tree["result"] != nil && tree[".bashrc"] == nil && tree[".cache"] == nil)
        try world.user("rm file")
        try await world.push()
        let remote = try Tree(reading: world.remote)
        #expect(remote["file"] == nil && remote[".cache/x"] != nil && remote[".bashrc"] != nil)
    }

    @Test("A push that trusts the baseline does not list, sends what changed, and is not deceived about the rest")
    func trusting() async throws {
        let world = try World(.dash, Self.base)
        try await world.push()
        try await world.push()
        let listing = world.traffic().received
        try await world.push { $0.trustsBaseline = true }
        #expect(world.traffic().received < listing)
        try world.user("echo changed >file; rm other")
        let report = try await world.push { $0.trustsBaseline = true }
        #expect(report.summary.updated == 1 && report.summary.deleted == 1)
        try expectEqual(world, .dash)
        // With other rules it has to look: what was left out before is not in the baseline.
        try world.user("echo log >a.log")
        try await world.push {
            $0.trustsBaseline = true; $0.rules = .excluding("*.log")
        }
        try world.agent("echo log >a.log")
        let looked = try await world.push { $0.trustsBaseline = true }
        #expect(looked.problems == [] && looked.summary.changesNothing)
        try world.agent("echo hidden >dir/inner")
        try world.user("echo x >x")
        try await world.push { $0.trustsBaseline = true }
        let pulled = try await world.pull()
        #expect(try Tree(reading: world.workspace)["dir/inner"].flatMap(text) == "hidden\n")
        #expect(pulled.summary.conflicts == 0)
    }

    @Test("A sandbox made anew is filled again; one that holds something else halts")
    func recreated() async throws {
        let world = try World(.dash, Self.base)
        try await world.push()
        try world.agent("cd .. && mv remote old && mkdir remote")
        try await world.push()
        try expectEqual(world, .dash)
        try world.agent("cd .. && mv remote older && mkdir remote && echo x >remote/x")
        #expect(await halt { () throws(SyncError) in try await world.push() } == .newIdentity)
        #expect(await halt { () throws(SyncError) in try await world.pull() } == .newIdentity)
        #expect(try Tree(reading: world.workspace)["file"] != nil)
    }

    private func text(_ entry: TreeEntry) -> String? {
        guard case .file(let content, _) = entry.kind else { return nil }
        return String(decoding: content, as: UTF8.self)
    }

    /// Both sides hold the same, as far as the sandbox's tools keep it.
    private func expectEqual(_ world: World, _ machine: Machine) throws {
        // A directory's time alone is no difference, so later syncs leave it as it is.
        var aspects: TreeAspects = [.modes, .hardLinks]
        if machine.keepsSubseconds { aspects.insert(.times) }
        let differences = try Tree(reading: world.remote).differences(
            from: try Tree(reading: world.workspace), aspects: aspects)
        #expect(differences.isEmpty, "\(machine): \(differences)")
    }
}
