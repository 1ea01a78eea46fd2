import Foundation
import TestSupport
import Testing

/// Whether a test may mount something, in a namespace of its own.
private enum Mounting {
    private static let unshare = getuid() == 0 ? ["unshare", "-m"] : ["unshare", "-rm"]

    static let isPossible =
        (try? Tool.run("/usr/bin/env", unshare + ["mount", "-t", "tmpfs", "none", "/mnt"]))?.status == 0

    /// A command that runs another while an empty file system covers a directory.
    static func covering(_ directory: String) -> [String] {
        unshare + ["sh", "-c", "mount -t tmpfs none \"$0\" && exec \"$@\"", directory]
    }
}

@Suite("Syncs that stay on one file system", .enabled(if: Mounting.isPossible, "needs the right to mount"))
struct OneFileSystemTests {
    private let world: TestWorld

    init() throws {
        world = try TestWorld()
        try world.makeDirectory("home/.config/ferry")
        try world.write("home/.config/ferry/config.toml", "[profiles.here]\ncommand = [\"env\"]\n")
        try world.makeDirectory("world/ws/dir/sub")
        try world.write("world/ws/dir/sub/deep", "deep")
    }

    private func ferry(_ arguments: [String], covering directory: String? = nil) throws -> FerryRun {
        try FerryRun(
            ["sync"] + arguments + ["--state-dir", world.stateDirectory], in: world,
            wrapper: directory.map { Mounting.covering(world.path($0)) } ?? [])
    }

    private func target(_ kind: String) -> String { kind + world.sandbox }

    @Test("what -x leaves out in the sandbox is not deleted in the workspace", arguments: ["", "exec:here:"])
    func leftOutInTheSandbox(kind: String) throws {
        #expect(try ferry(["push", "world/ws", target(kind)]).status == 0)
        let before = try world.digest(of: "world/ws")
        let pull = try ferry(["pull", target(kind), "world/ws", "-x"], covering: "world/sandbox/dir")
        #expect(pull.status == 0, "\(pull.errors)")
        #expect(try world.digest(of: "world/ws") == before)
        // It is still known afterwards what was agreed on.
        try world.remove("world/sandbox/dir/inner.txt")
        let next = try ferry(["pull", target(kind), "world/ws"])
        #expect(next.status == 0 && !world.exists("world/ws/dir/inner.txt"), "\(next.errors)")
    }

    @Test("what -x leaves out in the workspace is not deleted in the sandbox", arguments: ["", "exec:here:"])
    func leftOutInTheWorkspace(kind: String) throws {
        #expect(try ferry(["push", "world/ws", target(kind)]).status == 0)
        let before = try world.digest(of: "world/sandbox")
        for mirror in [[], ["--mirror"]] {
            let push = try ferry(["push", "world/ws", target(kind), "-x"] + mirror, covering: "world/ws/dir")
            #expect(push.status == 0, "\(push.errors)")
            #expect(try world.digest(of: "world/sandbox") == before)
        }
    }

    @Test("a directory above what -x leaves out stays, on either side", arguments: ["", "exec:here:"])
    func above(kind: String) throws {
        #expect(try ferry(["push", "world/ws", target(kind)]).status == 0)
        try world.remove("world/sandbox/dir")
        let pull = try ferry(["pull", target(kind), "world/ws", "-x"], covering: "world/ws/dir/sub")
        #expect([0, 5].contains(pull.status), "\(pull.errors)")
        #expect(world.text("world/ws/dir/sub/deep") == "deep" && !world.exists("world/ws/dir/inner.txt"))
    }

    @Test("a directory above what -x leaves out in the sandbox stays when the workspace has deleted it")
    func aboveInTheSandbox() throws {
        #expect(try ferry(["push", "world/ws", target("exec:here:")]).status == 0)
        try world.remove("world/ws/dir")
        let push = try ferry(["push", "world/ws", target("exec:here:"), "-x"], covering: "world/sandbox/dir/sub")
        #expect([0, 5].contains(push.status), "\(push.errors)")
        #expect(world.text("world/sandbox/dir/sub/deep") == "deep" && !world.exists("world/sandbox/dir/inner.txt"))
    }
}
