import TestSupport
import Testing

@Suite("Pulling worktrees, submodules and nested repositories, with real git")
struct GitLayoutTests {
    @Test(
        "a worktree that the sandbox adds: its branch and commits come, what points elsewhere is held",
        arguments: GitWorld.Way.allCases)
    func worktree(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        try git.remote("git worktree add -q tree -b topic; cd tree; " + GitWorld.commit("inTree"))
        let run = try git.pull(status: 3)
        #expect(!run.errors.contains("conflict:"), "\(run.errors)")
        #expect(run.errors.contains("held: tree/.git"))
        #expect(try git.local("git log --format=%s topic") == "inTree\ntwo\none")
        try git.expectSettled(status: "?? tree/")
    }

    @Test("commits in a worktree of the sandbox and in the workspace are one conflict of the one repository")
    func worktreeConflict() throws {
        let git = try GitWorld()
        try git.remote("git worktree add -q tree -b topic; cd tree; " + GitWorld.commit("inTree"))
        try git.local(GitWorld.commit("mine"))
        let run = try git.pull(status: 3)
        #expect(run.errors.split(separator: "\n").count { $0.hasPrefix("conflict:") } == 1, "\(run.errors)")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git log --format=%s sandbox/heads/topic") == "inTree\ntwo\none")
        try git.expectSettled(status: "?? tree/")
    }

    private static let submodule =
        "git init -q -b main ../sub && cd ../sub && \(GitWorld.commit("s1")) && cd ../ws"
        + " && git -c protocol.file.allow=always submodule --quiet add ../sub sub && git commit -qm sub"

    @Test(
        "a submodule merges by itself: commits on both sides in it are its own conflict",
        arguments: GitWorld.Way.allCases)
    func submodule(way: GitWorld.Way) throws {
        let git = try GitWorld(way, setup: Self.submodule)
        // A submodule's files that send git elsewhere were pushed, and are the same on both sides.
        try git.local("cd sub && " + GitWorld.commit("mine"))
        try git.remote("cd sub && " + GitWorld.commit("theirs"))
        let theirs = try git.remote("git -C sub rev-parse HEAD")
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("conflict: .git/modules/sub/:"), "\(run.errors)")
        #expect(!run.errors.contains("conflict: .git/:"))
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git -C sub rev-parse sandbox/heads/main") == theirs)
        #expect(try git.local("git -C sub log --format=%s") == "mine\ns1")
        #expect(try git.local("git -C sub fsck 2>&1 | grep -v dangling || true") == "")
        try git.expectSettled(status: "M sub")
    }

    @Test("commits in a submodule of the sandbox are taken with the commit that records them")
    func submoduleCommits() throws {
        let git = try GitWorld(setup: Self.submodule)
        try git.remote("cd sub && \(GitWorld.commit("theirs")) && cd .. && git commit -qam bump")
        try git.pull()
        #expect(try git.localHead == git.remoteHead)
        #expect(try git.local("git -C sub log --format=%s") == "theirs\ns1")
        try git.expectSettled()
    }

    @Test("a submodule that the sandbox adds leaves the repository sound")
    func newSubmodule() throws {
        let git = try GitWorld()
        try git.remote(
            "git init -q -b main ../sub && cd ../sub && \(GitWorld.commit("s1")) && cd ../sandbox"
                + " && git -c protocol.file.allow=always submodule --quiet add ../sub sub && git commit -qm sub")
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("held: sub/.git"), "\(run.errors)")
        #expect(run.errors.contains("held: .git/modules/sub/config"))
        #expect(try git.localHead == git.remoteHead)
        try git.expectSettled()
    }

    @Test("a repository inside a working tree merges by itself")
    func nested() throws {
        let git = try GitWorld(
            setup: "echo inner > .git/info/exclude; git init -q -b main inner; cd inner; " + GitWorld.commit("i1"))
        try git.local("cd inner; " + GitWorld.commit("mine"))
        try git.remote("cd inner; \(GitWorld.commit("theirs")); cd ..; " + GitWorld.commit("outer"))
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("conflict: inner/.git/:"), "\(run.errors)")
        #expect(try git.localHead == git.remoteHead)
        #expect(try git.local("git -C inner log --format=%s") == "mine\ni1")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git -C inner log --format=%s sandbox/heads/main") == "theirs\ni1")
        try git.expectSettled()
    }
}
