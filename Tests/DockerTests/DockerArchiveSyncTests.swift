import FerryCore
import FerryEngine
import FerryTesting
import TestSupport
import Testing

/// Whole syncs with containers in which no command can be run.
@Suite("Pushes and pulls without a command", .withEngines, .timeLimit(.minutes(5)))
struct DockerArchiveSyncTests {
    typealias Kind = ContainerEngine.Kind

    /// Why no command can be run.
    enum Case: String, CaseIterable, Sendable {
        /// The container never ran.
        case created
        /// It runs, but there is neither a shell nor a tar in it.
        case bare
    }

    private func world(_ kind: Kind, _ reason: Case, root: String = "/ws", options: [String] = []) throws
        -> ContainerWorld
    {
        try ContainerWorld(
            kind, DockerSyncTests.tree, start: reason == .bare, root: root, options: options,
            image: reason == .bare ? ContainerEngine.bareImage : ContainerEngine.image)
    }

    @Test(
        "A push arrives exactly, a second one has nothing to do, an edit goes in", arguments: Kind.allCases,
        Case.allCases)
    func push(kind: Kind, reason: Case) async throws {
        let world = try world(kind, reason)
        let first = try await world.push()
        #expect(first.summary.created == 9 && first.problems.isEmpty, "\(first.problems)")
        let difference = try world.content().differences(from: world.local(), aspects: [.modes, .hardLinks])
        #expect(difference.isEmpty, "\(difference)")
        let second = try await world.push()
        #expect(second.summary.changesNothing && second.transferredBytes == 0)
        try world.edit("echo longer edit >a.txt; chmod 700 dir/run.sh; mkdir more; echo new >more/file")
        let third = try await world.push()
        #expect(third.summary.updated == 2 && third.summary.modeChanged == 1 && third.summary.created == 2)
        #expect(third.problems.isEmpty, "\(third.problems)")
        let later = try world.content().differences(from: world.local(), aspects: [.modes, .hardLinks])
        #expect(later.isEmpty, "\(later)")
        let quiet = try await world.pull()
        #expect(quiet.summary.changesNothing && quiet.problems.isEmpty, "\(quiet.problems)")
    }

    @Test("Assets go in beside the workspace, and their ground is made", arguments: Kind.allCases, Case.allCases)
    func assets(kind: Kind, reason: Case) async throws {
        let world = try world(kind, reason)
        let asset = try world.directory.directory(
            "asset", ["a.txt": .file("an asset"), "sub/x": .file("x", mode: 0o755)])
        let parts: [PushPart] = [
            .workspace(world.workspace),
            .asset(asset, at: try RelativePath(validating: Array(".ferry-runtime/claude/one".utf8))),
            .asset(asset, at: try RelativePath(validating: Array(".ferry-runtime/claude/two".utf8))),
        ]
        let first = try await SyncEngine.push(parts, to: world.endpoint(), options: world.options())
        #expect(first.problems.isEmpty, "\(first.problems)")
        var content = try world.content()
        #expect(content[".ferry-runtime/.gitignore"]?.content == Array("*\n".utf8))
        for name in ["one", "two"] {
            #expect(
                content[TreePath(stringLiteral: ".ferry-runtime/claude/\(name)/a.txt")]?.content
                    == Array("an asset".utf8))
            #expect(content[TreePath(stringLiteral: ".ferry-runtime/claude/\(name)/sub/x")]?.mode == 0o755)
        }
        content[".ferry-runtime"] = nil
        let difference = try content.differences(from: world.local(), aspects: [.modes, .hardLinks])
        #expect(difference.isEmpty, "\(difference)")
        let second = try await SyncEngine.push(parts, to: world.endpoint(), options: world.options())
        #expect(second.summary.changesNothing && second.problems.isEmpty, "\(second.problems)")
    }

    @Test("A directory that is missing is made, with all above it", arguments: Kind.allCases)
    func missingRoot(kind: Kind) async throws {
        let world = try world(kind, .created, root: "/deep/er/ws")
        let pulled = await #expect(throws: SyncError.self) { try await world.pull() }
        #expect(pulled?.code == .halted, "\(String(describing: pulled))")
        try await world.push()
        let difference = try world.content().differences(from: world.local(), aspects: [.modes, .hardLinks])
        #expect(difference.isEmpty, "\(difference)")
    }

    @Test("A root that is a file is no directory, and stays", arguments: Kind.allCases)
    func fileRoot(kind: Kind) async throws {
        let world = try world(kind, .created, root: "/bin/busybox")
        for error in [
            await #expect(throws: SyncError.self) { try await world.push() },
            await #expect(throws: SyncError.self) { try await world.pull() },
        ] {
            #expect(error?.code == .transport, "\(String(describing: error))")
            #expect(error?.message.contains("is not a directory") == true, "\(String(describing: error))")
        }
    }

    @Test("What cannot be removed is told and stays, until a command can be run", arguments: Kind.allCases)
    func removals(kind: Kind) async throws {
        let world = try world(kind, .created)
        try await world.push()
        try world.edit(
            "rm -r dir; echo now a file >dir; rm link; rm -r 'odd\n'*; mkdir 'odd\n'\\''name'; echo e >a.txt")
        let report = try await world.push { $0.mirrors = true }
        let told = Set(report.problems.map(\.path))
        #expect(told == [Array("dir".utf8), Array("link".utf8), Array("odd\n'name".utf8)], "\(report.problems)")
        #expect(report.problems.allSatisfy { $0.code == .unwritable && $0.message.contains("docker start") })
        #expect(report.summary.deleted == 0 && report.summary.updated == 2)
        #expect(try world.content()["dir/run.sh"] != nil)
        try world.engine.client(["start", world.name])
        let after = try await world.push()
        #expect(after.problems.isEmpty, "\(after.problems)")
        #expect(try world.run("cd /ws; cat dir; [ -d odd* ] && [ ! -e link ] && echo yes") == "now a file\nyes\n")
    }

    @Test("Results come back from a container that has ended, deletions and conflicts too", arguments: Kind.allCases)
    func pull(kind: Kind) async throws {
        let world = try ContainerWorld(kind, DockerSyncTests.tree)
        try await world.push()
        try world.run(
            "cd /ws; echo two >a.txt; rm -r dir/empty link; mkfifo pipe; echo theirs >dir/run.sh; ln -s /etc out")
        try world.engine.client(["stop", "-t", "0", world.name])
        try world.edit("echo ours >dir/run.sh; echo mine >dir/closed/in")
        let report = try await world.pull()
        #expect(report.summary.conflicts == 1 && report.summary.deleted == 2 && report.summary.held == 1)
        let tree = try world.local()
        #expect(tree["a.txt"]?.content == Array("two\n".utf8) && tree["other"]?.content == nil)
        #expect(tree["dir/empty"] == nil && tree["link"] == nil && tree["pipe"] == nil && tree["out"] == nil)
        #expect(tree["dir/run.sh"]?.content == Array("ours\n".utf8))
        #expect(tree["dir/closed/in"]?.content == Array("mine\n".utf8), "only the workspace changed it")
        let again = try await world.pull()
        #expect(again.summary.changesNothing && again.summary.conflicts == 0)
        let pushed = try await world.push()
        #expect(pushed.problems.isEmpty && pushed.summary.updated == 2, "\(pushed.problems)")
        #expect(try world.content()["dir/run.sh"]?.content == Array("ours\n".utf8))
    }

    @Test("What was never pulled stops a push, and another container a pull", arguments: Kind.allCases)
    func halts(kind: Kind) async throws {
        let world = try world(kind, .created)
        try await world.push()
        try world.put("result\n", at: "/ws/a.txt")
        try world.edit("echo edit >a.txt")
        let error = await #expect(throws: SyncError.self) { try await world.push() }
        #expect(error?.halt?.reason == .overwriteSandbox, "\(String(describing: error))")
        #expect(try world.content()["a.txt"]?.content == Array("result\n".utf8))
        try world.engine.client(["rm", "-f", world.name])
        try world.engine.container(world.name, start: false)
        let pulled = await #expect(throws: SyncError.self) { try await world.pull() }
        #expect(pulled?.halt?.reason == .newIdentity, "\(String(describing: pulled))")
    }

    @Test(
        "What is made belongs to whom the directory belongs, which Podman does not tell, else to the container's user",
        arguments: Kind.allCases)
    func owners(kind: Kind) async throws {
        let world = try world(kind, .created)
        let engine = world.engine
        let isTold = kind == .docker
        func owners(_ world: ContainerWorld, _ script: String) throws -> String {
            try engine.client(["start", world.name])
            let result = try engine.client(["exec", "-u", "0", world.name, "/bin/sh", "-c", script]).text
            try engine.client(["stop", "-t", "0", world.name])
            return result
        }
        _ = try owners(world, "chown 1000:1000 /ws")
        try await world.push()
        #expect(
            try owners(world, "cd /ws; stat -c %u:%g a.txt dir dir/run.sh link | sort -u")
                == (isTold ? "1000:1000\n" : "0:0\n"))
        _ = try owners(world, "chown 300000:8 /ws/dir/run.sh")
        try world.edit("echo edit >dir/run.sh")
        try await world.push()
        let replaced = try owners(world, "cd /ws; stat -c %u:%g . dir dir/run.sh")
        #expect(replaced == (isTold ? "1000:1000\n1000:1000\n300000:8\n" : "1000:1000\n0:0\n0:0\n"))
        for user in ["agent", "1000", "1000:7"] {
            let own = try self.world(kind, .created, root: "/home/own", options: ["--user", user])
            try await own.push()
            let expected = user == "1000:7" ? "1000:7\n" : "1000:1000\n"
            #expect(try owners(own, "cd /home/own; stat -c %u:%g . a.txt dir | sort -u") == expected, "\(user)")
        }
    }

    @Test("A paused container takes and gives archives", arguments: Kind.allCases)
    func paused(kind: Kind) async throws {
        let world = try ContainerWorld(kind, DockerSyncTests.tree)
        try await world.push()
        guard try world.engine.client(["pause", world.name], expectSuccess: false).status == 0 else { return }
        defer { _ = try? world.engine.client(["unpause", world.name], expectSuccess: false) }
        try world.edit("echo edit >a.txt")
        let report = try await world.push()
        #expect(report.summary.updated == 2 && report.problems.isEmpty)
        #expect(try await world.pull().summary.changesNothing)
    }
}
