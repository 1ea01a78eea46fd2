import FerryCore
import FerryFileSystem
import FerryTesting
import FerryTransport
import TestSupport
import Testing

@testable import FerryEngine

/// Plans of pushes that are kept and applied later.
@Suite("Kept plans of pushes")
struct PushPlanTests {
    private static func apply(
        _ name: String?, to endpoint: Endpoint, _ paths: [String] = [], _ options: SyncOptions,
        _ change: (inout SyncOptions) -> Void = { _ in }
    ) async throws(SyncError) -> SyncReport {
        let found = try await SyncEngine.plan(
            Array((name ?? "").utf8), stateDirectory: options.stateDirectory ?? [])
        guard case .push(let plan) = found else { throw SyncError(.failed, "it is the plan of a pull") }
        var options = options
        plan.apply(to: &options)
        change(&options)
        return try await SyncEngine.apply(
            plan, to: endpoint, paths: paths.map { RelativePath(validatedForTest: Array($0.utf8)) }, options: options)
    }

    private static func run(_ script: String, in directory: [UInt8]) throws {
        let result = try Tool.run("/bin/sh", ["-c", script], directory: String(decoding: directory, as: UTF8.self))
        #expect(result.status == 0, "\(script): \(result.errors)")
    }

    @Test(
        "A plan that is applied does what the push would have done, and planning it changes neither side",
        arguments: UInt64(200)...212, CompareTests.machines)
    func whole(seed: UInt64, machine: Machine?) async throws {
        let pushed = try await ComparedPair(seed: seed, machine: machine)
        let planned = try await ComparedPair(seed: seed, machine: machine)
        var options = pushed.options
        options.overrides.allowed = [.overwriteSandbox, .massDelete, .emptiedRoot]
        let report = try await SyncEngine.push(pushed.pair.workspace, to: pushed.endpoint, options: options)
        options.stateDirectory = planned.options.stateDirectory
        let sides = [planned.pair.workspace, planned.pair.sandbox]
        let before = try sides.map { try DiskFingerprint.all(in: $0) }
        let plan = try await SyncEngine.planPush(planned.pair.workspace, to: planned.endpoint, options: options)
        #expect(try sides.map { try DiskFingerprint.all(in: $0) } == before, "seed \(seed)")
        #expect(plan.summary == report.summary, "seed \(seed)")
        let applied = try await Self.apply(plan.plan, to: planned.endpoint, [], options)
        #expect(applied.summary == report.summary, "seed \(seed)")
        let differences = try Tree(reading: planned.pair.sandbox).differences(
            from: Tree(reading: pushed.pair.sandbox), aspects: [.modes, .hardLinks])
        #expect(differences.isEmpty, "seed \(seed): \(differences)")
        let again = try await SyncEngine.push(planned.pair.workspace, to: planned.endpoint, options: options)
        #expect(again.summary.changesNothing, "seed \(seed)")
        let gone = await failure { () throws(SyncError) in
            try await Self.apply(plan.plan, to: planned.endpoint, [], options)
        }
        #expect(gone?.code == .usage)
    }

    private static let base: Tree = [
        "a": .file("a", mode: 0o644), "b": .file("b", mode: 0o644), "dir/c": .file("c", mode: 0o644),
        "gone/d": .file("d", mode: 0o644), "kept": .file("kept", mode: 0o644), "kind/e": .file("e", mode: 0o644),
    ]

    /// A workspace that changed since it was pushed, with the plan of a push.
    private final class World {
        let pair: Pair
        let endpoint: Endpoint
        let options: SyncOptions
        let plan: String?
        private let made: Any?

        init(_ machine: Machine?, _ change: (inout SyncOptions) -> Void = { _ in }) async throws {
            pair = try Pair(PushPlanTests.base)
            let made = try machine?.make()
            self.made = made
            if let sandbox = made?.sandbox {
                endpoint = .sandbox(
                    SandboxEndpoint(
                        target: Array("test://here/box".utf8), root: SandboxPath(absolute: pair.sandbox)
                    ) { sandbox })
            } else {
                endpoint = .directory(pair.sandbox)
            }
            var options = SyncOptions()
            options.stateDirectory = pair.directory.path("state")
            try await Task.sleep(for: .milliseconds(25))
            try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
            try PushPlanTests.run(
                "echo new >a; chmod 755 b; rm -r gone kind; echo file >kind; mkdir -p made/deep; echo x >made/deep/x;"
                    + " echo y >made/y",
                in: pair.workspace)
            try await Task.sleep(for: .milliseconds(25))
            change(&options)
            self.options = options
            plan = try await SyncEngine.planPush(pair.workspace, to: endpoint, options: options).plan
        }

        func apply(
            _ paths: [String] = [], _ change: (inout SyncOptions) -> Void = { _ in }
        ) async throws(SyncError) -> SyncReport {
            try await PushPlanTests.apply(plan, to: endpoint, paths, options, change)
        }
    }

    /// Something that happens on one side after the plan was made.
    struct Meanwhile: CustomTestStringConvertible, Sendable {
        let script: String
        let isLocal: Bool
        let path: String
        var testDescription: String { "\(isLocal ? "workspace" : "sandbox"): \(script)" }

        static let all = [
            Meanwhile(script: "echo now >a", isLocal: true, path: "a"),
            Meanwhile(script: "rm a", isLocal: true, path: "a"),
            Meanwhile(script: "rm a; ln -s b a", isLocal: true, path: "a"),
            Meanwhile(script: "chmod 700 b", isLocal: true, path: "b"),
            Meanwhile(script: "mkdir gone; echo back >gone/d", isLocal: true, path: "gone/d"),
            Meanwhile(script: "rm made/y", isLocal: true, path: "made/y"),
            Meanwhile(script: "echo theirs >a", isLocal: false, path: "a"),
            Meanwhile(script: "rm b", isLocal: false, path: "b"),
            Meanwhile(script: "touch gone/d", isLocal: false, path: "gone/d"),
            Meanwhile(script: "mkdir made; echo z >made/y", isLocal: false, path: "made/y"),
            Meanwhile(script: "echo result >kind/new", isLocal: false, path: "kind"),
            Meanwhile(script: "echo result >kind/e", isLocal: false, path: "kind"),
        ]
    }

    @Test(
        "A plan is refused when either side changed under it, also where everything is allowed; paths are named, nothing is changed",
        arguments: Meanwhile.all, CompareTests.machines)
    func stale(_ meanwhile: Meanwhile, machine: Machine?) async throws {
        let world = try await World(machine) { $0.overrides.allowed = Set(Halt.Reason.allCases) }
        let pair = world.pair
        try Self.run(meanwhile.script, in: meanwhile.isLocal ? pair.workspace : pair.sandbox)
        let before = try DiskFingerprint.all(in: pair.sandbox)
        let error = await failure { () throws(SyncError) in try await world.apply() }
        #expect(error?.code == .halted && error?.message.contains("stale") == true, "\(String(describing: error))")
        #expect(
            error?.examples.contains(Array(meanwhile.path.utf8)) == true,
            "\(error?.examples.map(displayName(of:)) ?? [])")
        #expect(try DiskFingerprint.all(in: pair.sandbox) == before)
        guard meanwhile.path != "b" else { return }
        _ = try await world.apply(["b"])
        #expect(try Tree(reading: pair.sandbox)["b"]?.mode == 0o755)
    }

    @Test("What came to the workspace after the plan was made is not sent with it", arguments: CompareTests.machines)
    func onlyWhatWasShown(machine: Machine?) async throws {
        let world = try await World(machine)
        let pair = world.pair
        try Self.run(
            "echo secret >late; echo late >made/late; rm kept; mkdir other; echo o >other/o", in: pair.workspace)
        try Self.run("echo result >theirs", in: pair.sandbox)
        _ = try await world.apply()
        let sandbox = try Tree(reading: pair.sandbox)
        #expect(sandbox["a"]?.content == Array("new\n".utf8) && sandbox["made/deep/x"] != nil && sandbox["gone"] == nil)
        #expect(sandbox["late"] == nil && sandbox["made/late"] == nil && sandbox["other"] == nil)
        #expect(sandbox["kept"] != nil && sandbox["theirs"] != nil && sandbox["kind"]?.isDirectory == false)
        _ = try await SyncEngine.push(pair.workspace, to: world.endpoint, options: world.options)
        let after = try Tree(reading: pair.sandbox)
        #expect(after["late"] != nil && after["made/late"] != nil && after["other/o"] != nil && after["kept"] == nil)
    }

    @Test("Parts are applied one after the other, and all of them are the whole", arguments: CompareTests.machines)
    func parts(machine: Machine?) async throws {
        let world = try await World(machine)
        let pair = world.pair
        for part in [["a"], ["made/deep", "b"], ["gone/d"]] { _ = try await world.apply(part) }
        var sandbox = try Tree(reading: pair.sandbox)
        #expect(sandbox["a"]?.content == Array("new\n".utf8) && sandbox["b"]?.mode == 0o755)
        #expect(sandbox["made/deep/x"] != nil && sandbox["made/y"] == nil && sandbox["gone/d"] == nil)
        #expect(sandbox["kind/e"] != nil)
        _ = try await world.apply()
        sandbox = try Tree(reading: pair.sandbox)
        #expect(sandbox["made/y"] != nil && sandbox["gone"] == nil && sandbox["kind"]?.isDirectory == false)
        let again = await failure { () throws(SyncError) in try await world.apply() }
        #expect(again?.code == .usage, "an applied plan is gone")
    }

    @Test("A plan of a first push makes the directory, also in parts, and not in another one that came meanwhile")
    func first() async throws {
        let pair = try Pair(["a": .file("a"), "d/b": .file("b")])
        var options = SyncOptions()
        options.stateDirectory = pair.directory.path("state")
        let target = pair.directory.path("new")
        let plan = try await SyncEngine.planPush(pair.workspace, to: .directory(target), options: options)
        #expect(throws: (any Error).self) { try Tree(reading: target) }
        _ = try await Self.apply(plan.plan, to: .directory(target), ["d"], options)
        #expect(try Tree(reading: target)["d/b"] != nil && Tree(reading: target)["a"] == nil)
        _ = try await Self.apply(plan.plan, to: .directory(target), [], options)
        #expect(try Tree(reading: target)["a"] != nil)
        let other = pair.directory.path("other")
        let late = try await SyncEngine.planPush(pair.workspace, to: .directory(other), options: options)
        try Self.run("mkdir other", in: pair.directory.path(""))
        let error = await failure { () throws(SyncError) in
            try await Self.apply(late.plan, to: .directory(other), [], options)
        }
        #expect(error?.code == .halted && error?.message.contains("sandbox is not the one") == true)
    }

    @Test("What would make a push halt makes the apply halt, until it is allowed", arguments: CompareTests.machines)
    func halts(machine: Machine?) async throws {
        let world = try await World(machine)
        try Self.run("echo theirs >a", in: world.pair.sandbox)
        let plan = try await SyncEngine.planPush(world.pair.workspace, to: world.endpoint, options: world.options)
        let error = await failure { () throws(SyncError) in
            try await Self.apply(plan.plan, to: world.endpoint, [], world.options)
        }
        #expect(error?.halt?.reason == .overwriteSandbox)
        _ = try await Self.apply(plan.plan, to: world.endpoint, [], world.options) {
            $0.overrides.allowed.insert(.overwriteSandbox)
        }
        #expect(try Tree(reading: world.pair.sandbox)["a"]?.content == Array("new\n".utf8))
    }

    @Test("An archive is no target of a plan")
    func archive() async throws {
        let pair = try Pair(["a": .file("a")])
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.planPush(pair.workspace, to: .archive(pair.directory.path("a.tar")))
        }
        #expect(error?.code == .usage)
    }

    @Test("The record comes back as it was, and one that was changed anywhere is refused", arguments: UInt64(1)...8)
    func codec(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var plan = StoredPushPlan(created: Timestamp(seconds: 7), workspace: [1, 0xFF], endpoint: [2])
        plan.sandboxIdentity = [3]
        plan.settings.overrides = [Array("mass-delete".utf8)]
        for number in 0..<random.below(20) {
            let print = Fingerprint(
                mode: 0o644, size: Int64(number), mtime: Timestamp(seconds: -1), ctime: Timestamp(seconds: 1), inode: 7,
                device: 9)
            var step = StoredPushPlan.Step(
                path: [UInt8(number)], action: .update, local: StoredPushPlan.Side(print: print),
                remote: StoredPushPlan.Side(witness: [4]))
            step.overwritesUnpulled = random.oneIn(2)
            plan.steps.append(step)
        }
        let record = plan.encoded
        let decoded = try StoredPushPlan(decoding: record)
        #expect(decoded.encoded == record && decoded.steps == plan.steps && StoredPushPlan.isClaimed(by: record))
        for _ in 0..<50 {
            var damaged = record
            damaged[random.below(record.count)] ^= UInt8(1 << random.below(8))
            #expect(throws: JournalError.self) { try StoredPushPlan(decoding: damaged) }
            #expect(throws: JournalError.self) {
                try StoredPushPlan(decoding: Array(record.prefix(random.below(record.count))))
            }
        }
    }
}
