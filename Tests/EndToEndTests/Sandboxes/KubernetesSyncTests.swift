import TestSupport
import Testing

/// Syncs by way of `kubectl exec`, which loses data without a word.
@Suite("Pods behind kubectl")
struct KubernetesSyncTests {
    private let world: TestWorld
    private let cluster: KubectlStandIn
    private var target: String { "k8s://ns/box/main:\(world.sandbox)" }

    init() throws {
        world = try TestWorld()
        try world.makeDirectory("bin")
        cluster = try KubectlStandIn(in: world.path("bin"))
    }

    private func ferry(_ arguments: String...) throws -> FerryRun { try ferry(arguments) }

    private func ferry(_ arguments: [String]) throws -> FerryRun {
        try FerryRun(
            ["sync"] + arguments, in: world, wrapper: ["PATH=\(cluster.directory):/usr/local/bin:/usr/bin:/bin"])
    }

    private func expectDone(_ run: FerryRun, sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(run.status == 0, "\(run.errors)", sourceLocation: sourceLocation)
    }

    @Test("a push, work in the pod and a pull, each by one command over there")
    func roundTrip() throws {
        expectDone(try ferry("push", "world/ws", target))
        #expect(try cluster.takeCount() == 1)
        #expect(try world.digest(of: "world/sandbox") == world.digest(of: "world/ws"))
        try world.write("world/sandbox/kept.txt", "the agent's")
        try world.write("world/sandbox/dir/new.txt", "new")
        let halted = try ferry("push", "world/ws", target)
        #expect(halted.status == 4 && halted.errors.contains("kept.txt"))
        try world.write("world/ws/dir/inner.txt", "mine")
        _ = try cluster.takeCount()
        expectDone(try ferry("pull", target, "world/ws"))
        #expect(try cluster.takeCount() == 1)
        #expect(world.text("world/ws/kept.txt") == "the agent's" && world.text("world/ws/dir/new.txt") == "new")
        #expect(world.text("world/ws/dir/inner.txt") == "mine")
        expectDone(try ferry("push", "world/ws", target))
        #expect(try cluster.takeCount() == 1)
        #expect(world.text("world/sandbox/dir/inner.txt") == "mine")
        #expect(world.text("world/canary/secret") == "secret")
    }

    @Test("an edit right after a push is no conflict, whatever the sandbox's date can tell")
    func quickEdit() throws {
        expectDone(try ferry("push", "world/ws", target))
        try world.write("world/ws/kept.txt", "mine")
        try world.write("world/sandbox/dir/inner.txt", "theirs")
        expectDone(try ferry("pull", target, "world/ws"))
        #expect(world.text("world/ws/kept.txt") == "mine" && world.text("world/ws/dir/inner.txt") == "theirs")
    }

    @Test("a pod that is not there, and a container that is not there, are named")
    func notFound() throws {
        let run = try ferry("push", "world/ws", "k8s://ns/other:\(world.sandbox)")
        #expect(run.status == 9 && run.errors.contains("no such pod"), "\(run.errors)")
    }

    @Test("a server that hides the end of the input, as old ones do, keeps nobody waiting")
    func hiddenEnd() throws {
        try cluster.fail(.hidesEnd)
        try world.write("world/ws/large", [UInt8](repeating: 1, count: 3 << 20))
        let limit = ["--deadline", "300"]
        expectDone(try ferry(["push", "world/ws", target] + limit))
        expectDone(try ferry(["push", "world/ws", target] + limit))
        try world.write("world/sandbox/kept.txt", "the agent's")
        expectDone(try ferry(["pull", target, "world/ws"] + limit))
        #expect(try world.digest(of: "world/ws") == world.digest(of: "world/sandbox"))
    }

    /// Where a fault strikes: in what is told first, in the listing, in the middle of the data, and near the end.
    static let faults: [KubectlStandIn.Fault] =
        [.refuses]
        + [0, 40, 700, 1_500, 60_000].flatMap { [.cutOutput($0), .breaks($0)] }
        + [700, 1_500, 60_000].map { .repeatOutput($0) }

    @Test("a pull that loses, repeats or never gets data changes nothing, and the next one heals", arguments: faults)
    func pullFaults(fault: KubectlStandIn.Fault) throws {
        try world.write("world/ws/large", [UInt8](repeating: 1, count: 200_000))
        expectDone(try ferry("push", "world/ws", target))
        try world.write("world/sandbox/large", (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        try world.remove("world/sandbox/kept.txt")
        let before = try world.digest()
        try cluster.fail(fault)
        let run = try ferry("pull", target, "world/ws")
        // What came twice makes an archive that is refused.
        #expect([9, 10].contains(run.status) && !run.errors.isEmpty, "\(run.status) \(run.output) \(run.errors)")
        #expect(try world.digest() == before)
        try cluster.fail(nil)
        expectDone(try ferry("pull", target, "world/ws"))
        #expect(try world.digest(of: "world/ws") == world.digest(of: "world/sandbox"))
    }

    @Test(
        "a push that loses data says so, keeps the workspace, and the next one heals",
        arguments: [.refuses]
            + [0, 40, 500, 900].flatMap { [KubectlStandIn.Fault.cutOutput($0), .breaks($0)] }
            + [200, 14_000, 100_000].map { .cutInput($0) })
    func pushFaults(fault: KubectlStandIn.Fault) throws {
        expectDone(try ferry("push", "world/ws", target))
        try world.write("world/ws/large", (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        try world.write("world/ws/kept.txt", "other")
        try world.remove("world/ws/dir/inner.txt")
        let before = try world.digest(of: "world/ws")
        try cluster.fail(fault)
        let run = try ferry("push", "world/ws", target)
        #expect(run.status == 9 && !run.errors.isEmpty, "\(run.status) \(run.output) \(run.errors)")
        #expect(try world.digest(of: "world/ws") == before)
        try cluster.fail(nil)
        expectDone(try ferry("push", "world/ws", target))
        #expect(try world.digest(of: "world/ws") == before)
        #expect(try world.digest(of: "world/sandbox") == before)
    }

    @Test("a first push that breaks off heals, too", arguments: [KubectlStandIn.Fault.breaks(700), .cutInput(100_000)])
    func firstPush(fault: KubectlStandIn.Fault) throws {
        try world.write("world/ws/large", (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) })
        try cluster.fail(fault)
        #expect(try ferry("push", "world/ws", target).status == 9)
        try cluster.fail(nil)
        expectDone(try ferry("push", "world/ws", target))
        let (there, here) = (try world.digest(of: "world/sandbox"), try world.digest(of: "world/ws"))
        #expect(there == here)
    }
}
