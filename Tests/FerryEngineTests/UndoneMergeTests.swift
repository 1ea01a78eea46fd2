import FerryCore
import FerryEngine
import FerryFileSystem
import FerryTesting
import FerryThreads
import FerryTransport
import Glibc
import TestSupport
import Testing

/// An undo counts as an edit by the user: later syncs neither bring back what was undone nor lose anything.
@Suite("Undo and later syncs")
struct UndoneMergeTests {
    /// What is behind the endpoint.
    enum Way: String, Sendable, CaseIterable {
        case directory, shell
    }

    /// A workspace and a sandbox that agreed once, each edited since.
    private struct World {
        let pair: Pair
        let endpoint: Endpoint
        let options: SyncOptions

        init(_ way: Way, _ change: (inout SyncOptions) -> Void = { _ in }) async throws {
            let agreed: Tree = [
                "both": .file("agreed"), "theirs": .file("agreed", mode: 0o644), "ours": .file("agreed"),
                "gone/x": .file("x"), "gone/y": .file("y"), "mode": .file("m", mode: 0o600), "link": .link("a"),
                "kind": .file("file"), "same": .file("same"), "dropped": .file("dropped"), "dir/old": .file("o"),
            ]
            let pair = try Pair(agreed)
            self.pair = pair
            var options = SyncOptions()
            options.stateDirectory = pair.directory.path("state")
            options.flushes = false
            change(&options)
            self.options = options
            switch way {
            case .directory: endpoint = .directory(pair.sandbox)
            case .shell:
                endpoint = .sandbox(
                    SandboxEndpoint(target: Array("test://here".utf8), root: SandboxPath(absolute: pair.sandbox)) {
                        ShellSandbox()
                    })
            }
            Self.settle()
            try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
            try edit(
                pair.sandbox,
                """
                echo newer >theirs; rm -r gone; chmod 700 mode; ln -sf b link; rm kind; mkdir kind; echo k >kind/k
                mkdir -p made/deep; echo f >made/deep/f; echo n >dir/new; echo from-the-sandbox >both
                """)
            try edit(pair.workspace, "echo mine >ours; rm dropped; echo from-the-workspace >both; echo l >dir/local")
        }

        func edit(_ directory: [UInt8], _ script: String) throws {
            let result = try run("sh", ["-ec", script], in: String(decoding: directory, as: UTF8.self))
            try #require(result.isSilent, "\(result.errors)")
            Self.settle()
        }

        /// Lets a tick of the file system's clock pass, so that what was written by now has a fingerprint to trust.
        static func settle() { usleep(30_000) }

        @discardableResult
        func pull() async throws -> SyncReport {
            try await SyncEngine.pull(from: endpoint, to: pair.workspace, options: options)
        }

        @discardableResult
        func push() async throws -> SyncReport {
            try await SyncEngine.push(pair.workspace, to: endpoint, options: options)
        }

        @discardableResult
        func undo() async throws -> SyncReport {
            try await SyncEngine.undo(workspace: pair.workspace, options: options)
        }

        var tree: Tree { get throws { try Tree(reading: pair.workspace) } }

        func expectWorkspace(_ expected: Tree, _ comment: Comment, _ location: SourceLocation = #_sourceLocation) throws
        {
            let differences = try tree.differences(from: expected)
            #expect(differences.isEmpty, "\(comment): \(differences)", sourceLocation: location)
        }

        func text(_ path: TreePath) throws -> String? {
            try tree[path]?.content.map { String(decoding: $0, as: UTF8.self) }
        }
    }

    @Test("a pull after an undo brings nothing back, but what the sandbox changed since", arguments: Way.allCases)
    func pullAfterUndo(way: Way) async throws {
        let world = try await World(way)
        let before = try world.tree
        let first = try await world.pull()
        #expect(first.run != nil && first.summary.conflicts == 1)
        #expect(try world.text("theirs") == "newer\n" && world.text("ours") == "mine\n")
        try await world.undo()
        try world.expectWorkspace(before, "undone")

        let second = try await world.pull()
        #expect(second.summary.changesNothing && second.summary.conflicts == 0 && second.problems.isEmpty)
        try world.expectWorkspace(before, "pulled again")

        try world.edit(world.pair.sandbox, "echo newest >theirs; echo changed >same; echo second >made/second")
        let third = try await world.pull()
        // What the undo took back and the sandbox changed again; what nobody undid arrives.
        #expect(third.summary.conflicts == 1, "\(third.summary)")
        #expect(try world.text("theirs") == "agreed" && world.text("same") == "changed\n")
        #expect(try world.text("made/second") == "second\n" && world.text("made/deep/f") == nil)
        #expect(try world.text("gone/x") == "x" && world.text("kind") == "file" && world.text("dropped") == nil)
    }

    @Test("after an undo of an undo, syncs have nothing to do", arguments: Way.allCases)
    func undoOfUndo(way: Way) async throws {
        let world = try await World(way)
        try await world.pull()
        let pulled = try world.tree
        try await world.undo()
        try await world.undo()
        try world.expectWorkspace(pulled, "forth again")
        let again = try await world.pull()
        #expect(again.summary.changesNothing && again.summary.conflicts == 0)
        let push = try await world.push()
        // Only what the workspace had changed on its own: two contents, a deletion and a new file.
        #expect(
            push.summary.updated == 2 && push.summary.deleted == 1 && push.summary.created == 1
                && push.summary.modeChanged == 0, "\(push.summary)")
        let differences = try Tree(reading: world.pair.sandbox).differences(from: pulled, aspects: [.modes])
        #expect(differences.isEmpty, "\(differences)")
    }

    @Test(
        "after any number of undos that end forth again, what the sandbox changes then arrives without a conflict",
        arguments: Way.allCases, [2, 4])
    func changesAfterUndoOfUndo(way: Way, count: Int) async throws {
        let world = try await World(way)
        try await world.pull()
        for _ in 0..<count { try await world.undo() }
        try world.edit(
            world.pair.sandbox, "echo newest >theirs; echo newest >made/deep/f; echo newest >kind/k; rm dir/new")
        let pulled = try await world.pull()
        #expect(pulled.summary.conflicts == 0 && pulled.problems.isEmpty, "\(pulled.summary)")
        #expect(try world.text("theirs") == "newest\n" && world.text("made/deep/f") == "newest\n")
        #expect(try world.text("kind/k") == "newest\n" && world.text("dir/new") == nil)
        // An edit between the undos is one all the same.
        try world.edit(
            world.pair.workspace, "touch -r theirs stamp; printf 'NEWEST\\n' >theirs; touch -r stamp theirs; rm stamp")
        try world.edit(world.pair.sandbox, "echo last >theirs")
        #expect(try await world.pull().summary.conflicts == 1)
    }

    @Test("a push after an undo sends the restored state, without an override", arguments: Way.allCases)
    func pushAfterUndo(way: Way) async throws {
        let world = try await World(way)
        let before = try world.tree
        try await world.pull()
        try await world.undo()
        try await world.push()
        let differences = try Tree(reading: world.pair.sandbox).differences(from: before, aspects: [.modes])
        #expect(differences.isEmpty, "\(differences)")
        let again = try await world.pull()
        #expect(again.summary.changesNothing && again.summary.conflicts == 0)
        try world.expectWorkspace(before, "pulled")
    }

    @Test("versions put beside go and come with undo and its undo", arguments: Way.allCases)
    func putBeside(way: Way) async throws {
        let world = try await World(way) { $0.conflicts = .both }
        let before = try world.tree
        try await world.pull()
        #expect(try world.text("both.ferry-remote") == "from-the-sandbox\n")
        try await world.undo()
        try world.expectWorkspace(before, "undone")
        #expect(try await world.pull().summary.changesNothing)
        try world.expectWorkspace(before, "pulled again")
        try await world.undo()
        #expect(try world.text("both.ferry-remote") == "from-the-sandbox\n")
    }

    @Test(
        "without the baseline that a kill kept from being written, a pull writes nothing twice", arguments: Way.allCases
    )
    func olderBaseline(way: Way) async throws {
        let world = try await World(way)
        let (state, saved) = ("state/baselines", "saved")
        try world.edit(world.pair.directory.path, "cp -a \(state) \(saved)")
        try await world.pull()
        let pulled = try world.tree
        try world.edit(world.pair.directory.path, "rm -r \(state); cp -a \(saved) \(state)")

        // A push in between sends what the workspace changed and stops for nothing but the conflict.
        var options = world.options
        options.isDryRun = true
        let log = ItemLog()
        let halted = await halt { () throws(SyncError) in
            try await SyncEngine.push(
                world.pair.workspace, to: world.endpoint, options: options, observer: log.observer)
        }
        #expect(halted == .overwriteSandbox)
        #expect(log.actions == ["both": .update, "ours": .update, "dropped": .delete, "dir/local": .create])

        let again = try await world.pull()
        #expect(again.summary.changesNothing && again.summary.conflicts == 1, "\(again.summary)")
        try world.expectWorkspace(pulled, "pulled again")
        let push = try await world.push()
        #expect(push.summary.updated == 2 && push.summary.deleted == 1, "\(push.summary)")
    }

    @Test("an undo waits for whoever has the workspace, and then says who it is")
    func locked() async throws {
        let world = try await World(.directory) { $0.lockWait = .zero }
        try await world.pull()
        let pulled = try world.tree
        let state = try #require(world.options.stateDirectory)
        let key = try RootDirectory.realPath(of: RootDirectory.open(world.pair.workspace))
        let held = try SyncLock.take(
            key, .shared, in: state, wait: .zero, holder: Array("somebody".utf8), cancellation: CancellationFlag())
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.undo(workspace: world.pair.workspace, options: world.options)
        }
        #expect(error?.code == .locked && error?.message.contains("somebody") == true)
        try world.expectWorkspace(pulled, "locked")
        withExtendedLifetime(held) {}
    }

    @Test("what a pull cannot write into a directory of somebody else comes with the next pull that can")
    func leftOut() async {
        await #expect(processExitsWith: .success) {
            let pair = try Pair(["shut/a": .file("a")])
            try pair.directory.directory("state", [:])
            for path in [pair.directory.path, pair.workspace, pair.sandbox, pair.directory.path("state")] {
                PlainUser.give(path)
            }
            _ = try run("chown", ["0", "workspace/shut"], in: String(decoding: pair.directory.path, as: UTF8.self))
            PlainUser.become()
            var options = SyncOptions()
            options.stateDirectory = pair.directory.path("state")
            try await SyncEngine.push(pair.workspace, to: .directory(pair.sandbox), options: options)
            _ = try run("sh", ["-ec", "echo new >shut/new"], in: String(decoding: pair.sandbox, as: UTF8.self))
            let first = try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
            #expect(first.problemCodes["shut"] == .unwritable, "\(first.problems)")
            #expect(try Tree(reading: pair.workspace)["shut/new"] == nil)
            // Everything goes into a directory of one's own.
            let move = "mv shut old && mkdir -m 755 shut && cp -p old/a shut/a"
            _ = try run("sh", ["-ec", move], in: String(decoding: pair.workspace, as: UTF8.self))
            try await SyncEngine.pull(from: .directory(pair.sandbox), to: pair.workspace, options: options)
            let found = try Tree(reading: pair.workspace)
            #expect(found["shut/new"]?.content == Array("new\n".utf8), "\(found.paths)")
        }
    }
}
