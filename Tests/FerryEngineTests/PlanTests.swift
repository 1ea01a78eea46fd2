import FerryCore
import FerryFileSystem
import FerryTesting
import FerryTransport
import TestSupport
import Testing

@testable import FerryEngine

/// Plans of pulls that are kept with their results and applied later.
@Suite("Kept plans")
struct PlanTests {
    private static func apply(
        _ name: String?, _ paths: [String] = [], _ options: SyncOptions,
        _ change: (inout SyncOptions) -> Void = { _ in }
    ) async throws(SyncError) -> SyncReport {
        let state = options.stateDirectory ?? []
        let plan = try await SyncEngine.pullPlan(Array((name ?? "").utf8), stateDirectory: state)
        var options = options
        plan.apply(to: &options)
        change(&options)
        return try await SyncEngine.apply(
            plan, paths: paths.map { RelativePath(validatedForTest: Array($0.utf8)) }, options: options)
    }

    private static func remove(_ path: [UInt8]) throws {
        _ = try Tool.run("/bin/rm", ["-rf", String(decoding: path, as: UTF8.self)])
    }

    private static func expectSame(_ left: [UInt8], _ right: [UInt8], _ comment: Comment) throws {
        let differences = try Tree(reading: left).differences(
            from: Tree(reading: right), aspects: [.modes, .hardLinks])
        #expect(differences.isEmpty, "\(comment): \(differences)")
    }

    @Test(
        "A plan that is applied when the sandbox is gone does what the pull would have done, and can be undone",
        arguments: UInt64(60)...80, CompareTests.machines)
    func sandboxIsGone(seed: UInt64, machine: Machine?) async throws {
        let pulled = try await ComparedPair(seed: seed, machine: machine)
        let planned = try await ComparedPair(seed: seed, machine: machine)
        let report = try await SyncEngine.pull(
            from: pulled.endpoint, to: pulled.pair.workspace, options: pulled.options)
        let before = try Tree(reading: planned.pair.workspace)
        let plan = try await SyncEngine.planPull(
            from: planned.endpoint, to: planned.pair.workspace, options: planned.options)
        #expect(try Tree(reading: planned.pair.workspace).differences(from: before).isEmpty)
        #expect(plan.summary == report.summary, "seed \(seed)")
        try Self.remove(planned.pair.sandbox)
        let applied = try await Self.apply(plan.plan, [], planned.options)
        #expect(applied.summary == report.summary && applied.problems.isEmpty, "seed \(seed): \(applied.problems)")
        try Self.expectSame(planned.pair.workspace, pulled.pair.workspace, "seed \(seed)")
        let again = await failure { () throws(SyncError) in try await Self.apply(plan.plan, [], planned.options) }
        #expect(again?.code == .usage)
        guard applied.run != nil else { return }
        try await SyncEngine.undo(workspace: planned.pair.workspace, options: planned.options)
        #expect(try Tree(reading: planned.pair.workspace).differences(from: before).isEmpty, "seed \(seed)")
    }

    @Test(
        "After a plan was applied both sides agree as after a pull", arguments: UInt64(90)...100, CompareTests.machines)
    func baseline(seed: UInt64, machine: Machine?) async throws {
        let compared = try await ComparedPair(seed: seed, machine: machine)
        let (pair, options) = (compared.pair, compared.options)
        let plan = try await SyncEngine.planPull(from: compared.endpoint, to: pair.workspace, options: options)
        _ = try await Self.apply(plan.plan, [], options)
        let status = try await SyncEngine.status(of: pair.workspace, and: compared.endpoint, options: options)
        #expect(status.pull.summary.changesNothing && status.pull.summary.conflicts == 0, "seed \(seed)")
        #expect(status.push?.halt == nil, "seed \(seed): \(String(describing: status.push?.halt))")
    }

    private static let base: Tree = [
        "a": .file("a", mode: 0o644), "b": .file("b", mode: 0o644), "dir/c": .file("c", mode: 0o644),
        "gone/d": .file("d", mode: 0o644), "kept": .file("kept", mode: 0o644),
    ]

    private static func world() async throws -> (pair: Pair, options: SyncOptions, plan: String?) {
        let pair = try Pair(base)
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        // What is written in the same tick as it is scanned is known to nobody.
        try await Task.sleep(for: .milliseconds(25))
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        let script = "echo new >a; chmod 755 b; rm -r gone; mkdir -p made/deep; echo x >made/deep/x; echo y >made/y"
        _ = try Tool.run("/bin/sh", ["-c", script], directory: String(decoding: pair.sandbox, as: UTF8.self))
        try await Task.sleep(for: .milliseconds(25))
        let report = try await SyncEngine.planPull(
            from: .directory(pair.sandbox), to: pair.workspace, options: options)
        return (pair, options, report.plan)
    }

    @Test(
        "A plan is refused when the workspace changed under it; the paths are named, nothing is changed, and others can be applied",
        arguments: [
            "echo mine >a", "rm b", "chmod 600 b", "touch gone/d", "echo mine >made", "rm -r gone", "rm a; ln -s b a",
        ])
    func stale(script: String) async throws {
        let (pair, options, plan) = try await Self.world()
        let root = String(decoding: pair.workspace, as: UTF8.self)
        _ = try Tool.run("/bin/sh", ["-c", script], directory: root)
        let before = try DiskFingerprint.all(in: pair.workspace)
        let error = await failure { () throws(SyncError) in try await Self.apply(plan, [], options) }
        guard script != "rm -r gone" else {
            #expect(error == nil, "what is gone need not be deleted")
            return
        }
        #expect(error?.code == .halted && error?.examples.isEmpty == false, "\(String(describing: error))")
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
        _ = try Tool.run("/bin/sh", ["-c", "echo untouched >other"], directory: root)
        guard !script.contains("made") else { return }
        _ = try await Self.apply(plan, ["made/deep"], options)
        #expect(try Tree(reading: pair.workspace)["made/deep/x"] != nil)
        #expect(try Tree(reading: pair.workspace)["made/y"] == nil)
    }

    @Test("Parts are applied one after the other, and all of them are the whole")
    func parts() async throws {
        let (pair, options, plan) = try await Self.world()
        try Self.remove(pair.sandbox)
        for part in [["a"], ["made/deep", "b"], ["gone/d"]] { _ = try await Self.apply(plan, part, options) }
        var tree = try Tree(reading: pair.workspace)
        #expect(tree["a"]?.content == Array("new\n".utf8) && tree["b"]?.mode == 0o755)
        #expect(tree["made/deep/x"] != nil && tree["made/y"] == nil && tree["gone/d"] == nil)
        _ = try await Self.apply(plan, [], options)
        tree = try Tree(reading: pair.workspace)
        #expect(tree["made/y"] != nil && tree["gone"] == nil && tree["kept"] != nil)
        let again = await failure { () throws(SyncError) in try await Self.apply(plan, [], options) }
        #expect(again != nil, "an applied plan is gone")
    }

    /// Twenty files, and a sandbox that is reached in some way.
    private static func numbered(_ machine: Machine?) throws -> (pair: Pair, endpoint: Endpoint, made: Any?) {
        var tree = Tree()
        for number in 0..<20 {
            tree[TreePath(Array("f\(number)".utf8))] = TreeEntry(.file(Array("\(number)".utf8), hasHoles: false))
        }
        let pair = try Pair(tree)
        guard let made = try machine?.make() else { return (pair, .directory(pair.sandbox), nil) }
        let sandbox = made.sandbox
        let endpoint = SandboxEndpoint(
            target: Array("test://here/box".utf8), root: SandboxPath(absolute: pair.sandbox)
        ) { sandbox }
        return (pair, .sandbox(endpoint), made)
    }

    /// A pull that halts for a reason beside the number of deletions.
    struct OtherHalt: CustomTestStringConvertible, Sendable {
        let reason: Halt.Reason
        /// What happens in the sandbox.
        let script: String
        /// Whether it is another sandbox by then.
        var replaces = false
        let settle: @Sendable (inout SyncOptions) -> Void
        /// The content of `f1` in the end; nil for none.
        let result: String?
        var testDescription: String { "\(reason) to \(result ?? "none")" }

        static let all = [
            OtherHalt(
                reason: .emptiedRoot, script: "rm f*", settle: { $0.overrides.allowed = [.emptiedRoot, .massDelete] },
                result: nil),
            OtherHalt(
                reason: .newIdentity, script: "echo new >f1; echo result >result", replaces: true,
                settle: {
                    $0.overrides.allowed.insert(.newIdentity)
                    $0.conflicts = .takeRemote
                }, result: "new\n"),
            OtherHalt(
                reason: .conflicts, script: "echo new >f1; echo result >result", settle: { $0.conflicts = .keepLocal },
                result: "mine\n"),
            OtherHalt(
                reason: .conflicts, script: "echo new >f1; echo result >result", settle: { $0.conflicts = .takeRemote },
                result: "new\n"),
        ]
    }

    @Test(
        "A pull that halts for another reason keeps its results as well", arguments: OtherHalt.all,
        CompareTests.machines)
    func haltedOtherwise(_ halt: OtherHalt, machine: Machine?) async throws {
        let (pair, endpoint, made) = try Self.numbered(machine)
        defer { withExtendedLifetime(made) {} }
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        try await Task.sleep(for: .milliseconds(25))
        try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
        let root = String(decoding: pair.sandbox, as: UTF8.self)
        if halt.replaces {
            _ = try Tool.run("/bin/sh", ["-c", "cp -a \(root) \(root).2; rm -r \(root); mv \(root).2 \(root)"])
        }
        _ = try Tool.run("/bin/sh", ["-c", halt.script], directory: root)
        if halt.reason == .conflicts {
            options.conflicts = .fail
            _ = try Tool.run(
                "/bin/sh", ["-c", "echo mine >f1"], directory: String(decoding: pair.workspace, as: UTF8.self))
        }
        let before = try DiskFingerprint.all(in: pair.workspace)
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.pull(from: endpoint, to: pair.workspace, options: options)
        }
        #expect(error?.halt?.reason == halt.reason && error?.message.contains("ferry sync apply") == true)
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
        let dry = await failure { () throws(SyncError) in
            var options = options
            options.isDryRun = true
            return try await SyncEngine.pull(from: endpoint, to: pair.workspace, options: options)
        }
        #expect(dry?.halt?.reason == halt.reason && dry?.plan == nil)
        try Self.remove(pair.sandbox)
        let name = try #require(error?.plan)
        let still = await failure { () throws(SyncError) in try await Self.apply(name, [], options) }
        #expect(still?.halt?.reason == halt.reason)
        #expect(try DiskFingerprint.all(in: pair.workspace) == before)
        _ = try await Self.apply(name, [], options, halt.settle)
        let after = try Tree(reading: pair.workspace)
        #expect(after["f1"]?.content == halt.result.map { Array($0.utf8) })
        #expect(halt.reason == .emptiedRoot || after["result"]?.content == Array("result\n".utf8))
    }

    @Test(
        "A pull that halts keeps its results, and is finished when the sandbox is gone",
        arguments: CompareTests.machines)
    func halted(machine: Machine?) async throws {
        let (pair, endpoint, made) = try Self.numbered(machine)
        defer { withExtendedLifetime(made) {} }
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        try await Task.sleep(for: .milliseconds(25))
        try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
        _ = try Tool.run(
            "/bin/sh", ["-c", "rm f1*; rm f2 f3; echo result >result"],
            directory: String(decoding: pair.sandbox, as: UTF8.self))
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.pull(from: endpoint, to: pair.workspace, options: options)
        }
        #expect(error?.halt?.reason == .massDelete)
        let words = error?.message.split(separator: " ") ?? []
        let name = try #require(words.firstIndex(of: "apply").map { String(words[$0 + 1]) })
        try Self.remove(pair.sandbox)
        let still = await failure { () throws(SyncError) in try await Self.apply(name, [], options) }
        #expect(still?.halt?.reason == .massDelete)
        _ = try await Self.apply(name, [], options) { $0.overrides.allowed.insert(.massDelete) }
        let after = try Tree(reading: pair.workspace)
        #expect(after["result"]?.content == Array("result\n".utf8) && after["f11"] == nil && after["f4"] != nil)
    }

    @Test("What is held waits in the plan, and is let in when somebody allows it")
    func held() async throws {
        let pair = try Pair(["a": .file("a")])
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
        _ = try Tool.run(
            "/bin/sh", ["-c", "ln -s /etc/passwd evil"], directory: String(decoding: pair.sandbox, as: UTF8.self))
        let plan = try await SyncEngine.planPull(
            from: .directory(pair.sandbox), to: pair.workspace, options: options)
        #expect(plan.summary.held == 1)
        _ = try await Self.apply(plan.plan, [], options) { $0.allowedHeld = .patterns("evil") }
        #expect(try Tree(reading: pair.workspace)["evil"]?.kind == .link(Array("/etc/passwd".utf8)))
    }

    @Test("An archive's content is kept as well")
    func archive() async throws {
        let compared = try await ComparedPair(seed: 12)
        let pair = compared.pair
        let tar = pair.directory.path("a.tar")
        try await SyncEngine.push(pair.sandbox, to: .archive(tar))
        var options = compared.options
        options.conflicts = .takeRemote
        let plan = try await SyncEngine.planPull(from: .archive(tar), to: pair.workspace, options: options)
        try Self.remove(tar)
        let report = try await Self.apply(plan.plan, [], options)
        #expect(report.summary == plan.summary && report.summary.updated > 0)
    }

    @Test(
        "The record of a plan comes back as it was, and one that was changed anywhere is refused",
        arguments: UInt64(1)...15)
    func codec(seed: UInt64) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.directory("tree", RandomTree(seed: seed).make())
        let snapshot = try TreeScanner.scan(RootDirectory.open(path), options: ScanOptions()).snapshot
        var plan = StoredPlan(
            created: Timestamp(seconds: 7), workspace: path, endpoint: [1, 0xFF], remoteStamp: .never, remote: snapshot)
        plan.settings.overrides = [Array("mass-delete".utf8)]
        plan.steps = [StoredPlan.Step(path: [2], action: .update, local: Fingerprint(of: snapshot.root, in: snapshot))]
        plan.knownDigests = [([3], [4])]
        let record = plan.encoded
        let decoded = try StoredPlan(decoding: record)
        #expect(decoded.encoded == record && decoded.steps == plan.steps && decoded.settings == plan.settings)
        #expect(decoded.remote.entryCount == snapshot.entryCount && decoded.remote.byteCount == snapshot.byteCount)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            var damaged = record
            damaged[random.below(record.count)] ^= UInt8(1 << random.below(8))
            #expect(throws: JournalError.self) { try StoredPlan(decoding: damaged) }
            #expect(throws: JournalError.self) {
                try StoredPlan(decoding: Array(record.prefix(random.below(record.count))))
            }
        }
    }
}
