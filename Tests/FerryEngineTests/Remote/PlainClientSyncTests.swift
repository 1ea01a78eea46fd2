import FerryCore
import FerryTesting
import FerryThreads
import FerryTransport
import Synchronization
import TestSupport
import Testing

@testable import FerryEngine

/// Whole pushes and pulls where a sandbox has only the six calls of a plain client.
@Suite("Syncs through a plain client")
struct PlainClientSyncTests {
    private typealias World = RemoteSyncTests.World

    private static let base: Tree = [
        "file": .file("content", mode: 0o640), "other": .file("other", mode: 0o600), "link": .link("file"),
        "dir": .directory(["inner": .file("inner"), "deep/er": .file("deeper")], mode: 0o750),
        "empty": .directory(mode: 0o700), "it's $HOME\n": .file("odd", mode: 0o644),
    ]

    @Test(
        "Push, push, an agent's work, pull, an edit, push: each brings what it should in at most three commands",
        arguments: Machine.available)
    func round(machine: Machine) async throws {
        let world = try World(machine, Self.base, pieces: 64 << 10)
        let first = try await world.push()
        #expect(first.problems == [])
        #expect(try commands(world) == 2)
        try expectEqual(world, machine)

        let second = try await world.push()
        #expect(second.summary.changesNothing && second.transferredBytes == 0)
        #expect(try commands(world) <= 2)

        try world.agent("echo result >result; echo more >>dir/inner; rm other; mkdir new; echo x >new/x")
        let pulled = try await world.pull()
        #expect(pulled.problems == [] && pulled.summary.conflicts == 0)
        #expect(try commands(world) <= 3)
        try expectEqual(world, machine)
        #expect(try Tree(reading: world.workspace)["other"] == nil)

        try world.user("echo mine >mine; echo again >result; rm -r new; chmod 600 file; rm link; mkdir link")
        let third = try await world.push()
        #expect(third.problems == [] && third.summary.conflicts == 0)
        // Where a clock or a tar is coarse, digests have to say what the sandbox changed before they can say what differs.
        let isCoarse = [.busybox, .plainBusybox, .pythonOnly, .perlOnly].contains(machine)
        #expect(try commands(world) <= (isCoarse ? 4 : 3))
        try expectEqual(world, machine)
        let last = try await world.pull()
        #expect(last.summary.changesNothing && last.summary.conflicts == 0)
        #expect(try world.leftovers == [])
        #expect(world.client.map { $0.largestPiece <= 64 << 10 && $0.mostPieces == 1 } == true)
    }

    @Test("A tree of many pieces goes in and comes out, one piece at a time", arguments: [Machine.dash, .busybox])
    func large(machine: Machine) async throws {
        let world = try World(machine, Self.base, pieces: 16 << 10)
        try world.user(
            "head -c 700001 /dev/urandom >big; mkdir many; seq 300 | while read -r i; do echo $i >\"many/file $i\"; done"
        )
        try await world.push { $0.compression = .none }
        try expectEqual(world, machine)
        try world.agent("rm big; for i in 1 2 3; do dd if=/dev/urandom of=new.$i bs=100000 count=2 2>/dev/null; done")
        try await world.pull { $0.compression = .gzip }
        try expectEqual(world, machine)
        try world.user("head -c 500003 /dev/urandom >big")
        try await world.push { $0.compression = .gzip }
        try expectEqual(world, machine)
        #expect(world.client.map { $0.largestPiece == 16 << 10 && $0.mostPieces == 1 } == true)
        #expect(try world.leftovers == [])
    }

    @Test("What the agent changed and nobody pulled stops a push; a conflict keeps the local version")
    func conflicts() async throws {
        let world = try World(.dash, Self.base, pieces: 64 << 10)
        try await world.push()
        try world.agent("echo theirs >file; echo new >untouched")
        try world.user("echo ours >file")
        #expect(await halt { () throws(SyncError) in try await world.push() } == .overwriteSandbox)
        #expect(try world.leftovers == [])
        let pulled = try await world.pull()
        #expect(pulled.summary.conflicts == 1)
        #expect(try content("file", in: world.workspace) == "ours\n")
        #expect(try content("untouched", in: world.workspace) == "new\n")
        let second = try await world.pull()
        #expect(second.summary.conflicts == 0 && second.summary.changesNothing)
        try await world.push()
        #expect(try content("file", in: world.remote) == "ours\n")
    }

    @Test("A sandbox's directory that is missing is made, and a missing one is never pulled")
    func missing() async throws {
        let world = try World(.dash, Self.base, remote: nil, pieces: 64 << 10)
        let error = await failure { () throws(SyncError) in try await world.pull() }
        #expect(error?.code == .halted)
        try await world.push()
        try expectEqual(world, .dash)
        #expect(try commands(world) <= 3)
        #expect(try commands(world) == 0)
    }

    @Test("Digests of many files, and the comparison that needs them, take one more command")
    func digests() async throws {
        let world = try World(.dash, Self.base, pieces: 1 << 20)
        try world.user(
            "mkdir 'a directory with a long name'; cd 'a directory with a long name'; "
                + "seq 1500 | while read -r i; do echo $i >\"so that the names fill more than one piece $i\"; done")
        try await world.push()
        _ = try commands(world)
        // The same content, under other times.
        try world.agent("find . -type f -exec touch {} +")
        let pulled = try await world.pull()
        #expect(pulled.summary.conflicts == 0 && pulled.summary.updated == 0)
        // One more for the names that a tool would print in another form.
        #expect(try commands(world) <= 3)
        try await world.push()
        try expectEqual(world, .dash, times: false)
    }

    @Test(
        "Status and verification look through a plain client as through any other way",
        arguments: [Machine.dash, .busybox])
    func looking(machine: Machine) async throws {
        let world = try World(machine, Self.base, pieces: 64 << 10)
        try await world.push()
        let options = world.options { _ in }
        let equal = try await SyncEngine.verify(world.workspace, world.endpoint, options: options)
        #expect(equal.differences == 0 && equal.isComplete)
        try world.agent("echo x >>file; rm other")
        let found = try await SyncEngine.verify(world.workspace, world.endpoint, options: options)
        #expect(found.differences == 2)
        let status = try await SyncEngine.status(of: world.workspace, and: world.endpoint, options: options)
        #expect(status.pull.summary.updated == 1 && status.pull.summary.deleted == 1)
        #expect(try world.leftovers == [])
    }

    @Test("What a host that was killed left behind is gone after the next sync")
    func killedHost() async throws {
        let world = try World(.dash, Self.base, pieces: 64 << 10)
        let mine = ProcessMark.now()
        let gone = ProcessMark(system: mine.system, process: 4_194_303, start: 5, time: mine.time)
        try world.directory.directory(
            "temporary/.ferry-plain-\(gone.text)-abc", ["1.c": .file("x"), "1.i1": .file("half a push")])
        try world.directory.directory("remote/.ferry-tmp-abc", ["plan": .file("x")])
        try await world.push()
        #expect(try world.leftovers == [])
        try expectEqual(world, .dash)
    }

    @Test(
        "Whichever call of a push fails, before or after its work: exit code 9, nothing left, the next push heals",
        arguments: 0..<12, [true, false])
    func failingPush(number: Int, isDone: Bool) async throws {
        let armed = Atomic(true)
        let world = try World(.dash, Self.base, pieces: 4_096) { _, count in
            guard count == number, armed.exchange(false, ordering: .relaxed) else { return nil }
            return isDone ? .losesReply(.disconnected) : .fails(.disconnected)
        }
        let error = await failure { () throws(SyncError) in try await world.push { $0.compression = .none } }
        let call = world.client?.calls[number]
        if let error {
            #expect(error.code == .transport, "\(error)")
            #expect(error.message.contains("a fault on purpose"), "\(error)")
            #expect(try world.leftovers == [], "\(String(describing: call))")
        } else if case .remove = call {
        } else {
            Issue.record("\(String(describing: call)) failed and nobody said so")
        }
        try await world.push()
        try expectEqual(world, .dash)
        #expect(try world.leftovers == [])
    }

    @Test(
        "Whichever call of a pull fails, before or after its work: nothing changed here, the next pull heals",
        arguments: 0..<10, [true, false])
    func failingPull(number: Int, isDone: Bool) async throws {
        let armed = Atomic(false)
        let first = Atomic(0)
        let world = try World(.dash, Self.base, pieces: 4_096) { _, count in
            guard armed.load(ordering: .relaxed), count == number + first.load(ordering: .relaxed) else { return nil }
            return isDone ? .losesReply(.disconnected) : .fails(.disconnected)
        }
        try await world.push()
        first.store(world.client?.calls.count ?? 0, ordering: .relaxed)
        armed.store(true, ordering: .relaxed)
        try world.agent("echo result >result; rm other; dd if=/dev/urandom of=big bs=9000 count=1 2>/dev/null")
        let before = try Tree(reading: world.workspace)
        let error = await failure { () throws(SyncError) in try await world.pull { $0.compression = .none } }
        armed.store(false, ordering: .relaxed)
        if let error {
            #expect(error.code == .transport, "\(error)")
            #expect(try Tree(reading: world.workspace).differences(from: before, aspects: [.modes, .times]).isEmpty)
            #expect(try world.leftovers == [])
        }
        try await world.pull()
        try expectEqual(world, .dash)
        #expect(try world.leftovers == [])
    }

    @Test("What is cut on its way, in or out, is told and heals", arguments: ["in", "out", "result"])
    func cut(what: String) async throws {
        let armed = Atomic(true)
        let world = try World(.dash, Self.base, pieces: 4_096) { call, count in
            guard count > 8, armed.load(ordering: .relaxed) else { return nil }
            let isMeant =
                switch call {
                case .writeFile(let path, _): what == "in" && path.contains(".i2")
                case .readFile: what == "out"
                case .run: what == "result"
                default: false
                }
            guard isMeant else { return nil }
            armed.store(false, ordering: .relaxed)
            return .truncates(by: 3)
        }
        let error = await failure { () throws(SyncError) in try await world.push { $0.compression = .none } }
        #expect(error?.code == .transport, "\(String(describing: error))")
        let isOver = !armed.load(ordering: .relaxed)
        #expect(isOver)
        #expect(try world.leftovers == [])
        try await world.push()
        try expectEqual(world, .dash)
    }

    @Test("A request to stop ends a sync while the client works, and nothing is left")
    func cancelled() async throws {
        let flag = CancellationFlag()
        let world = try World(.dash, Self.base, pieces: 4_096) { call, count in
            guard count > 8, case .writeFile = call else { return nil }
            flag.raise()
            return .hangs
        }
        let start = ContinuousClock.now
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.push(
                world.workspace, to: world.endpoint, options: world.options { $0.compression = .none },
                cancellation: flag)
        }
        #expect(error?.code == .cancelled)
        // The client would hang for ever; hundreds of tests may run beside this one.
        #expect(ContinuousClock.now - start < .seconds(300))
        #expect(try world.leftovers == [])
        #expect(try Tree(reading: world.remote).paths.isEmpty)
    }

    // MARK: Help

    /// The commands since the last time.
    private func commands(_ world: World) throws -> Int {
        let client = try #require(world.client)
        defer { client.reset() }
        return client.commands.count
    }

    private func content(_ name: String, in root: [UInt8]) throws -> String? {
        guard
            case .file(let content, _) = try Tree(reading: root).entries[RelativePath(unchecked: Array(name.utf8))]?
                .kind
        else { return nil }
        return String(decoding: content, as: UTF8.self)
    }

    private func expectEqual(_ world: World, _ machine: Machine, times: Bool = true) throws {
        var aspects: TreeAspects = [.modes, .hardLinks]
        if machine.keepsSubseconds, times { aspects.insert(.times) }
        let differences = try Tree(reading: world.remote).differences(
            from: try Tree(reading: world.workspace), aspects: aspects)
        #expect(differences.isEmpty, "\(machine): \(differences)")
    }
}
