import Foundation
import TestSupport
import Testing

@Suite("What becomes of a repository that both sides changed")
struct GitConflictTests {
    private static func diverged(_ way: GitWorld.Way = .directory, also script: String = "true") throws -> GitWorld {
        let git = try GitWorld(way)
        try git.local(GitWorld.commit("mine"))
        try git.remote(GitWorld.commit("theirs") + "; " + script)
        return git
    }

    @Test("it comes from an archive too: nothing was agreed on, so different repositories are one conflict")
    func archive() throws {
        let git = try Self.diverged(also: "touch .git/index.lock; tar -cf ../../io/a.tar .")
        let world = try #require(git.world)
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", world.workspace], in: world)
        #expect(run.status == 3, "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count { $0.hasPrefix("conflict:") } == 1, "\(run.errors)")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git log --format=%s sandbox/heads/main") == "theirs\ntwo\none")
        try git.expectSound(status: "?? theirs")
        #expect(!world.exists("world/ws/.git/index.lock"))
    }

    @Test("commits on no branch, stashes and tags of the sandbox are fetched by the told command as well")
    func detached() throws {
        let git = try Self.diverged(
            also: "git tag -a -m t v1; git switch -q --detach; \(GitWorld.commit("loose")); echo s > two; git stash -q")
        let run = try git.pull(status: 3)
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git rev-parse sandbox/HEAD") == git.remoteHead)
        #expect(try git.local("git log -1 --format=%s sandbox/HEAD") == "loose")
        #expect(try git.local("git show sandbox/stash:two") == "s")
        #expect(try git.local("git cat-file -t sandbox/tags/v1; git tag") == "tag")
    }

    @Test("a repository is not taken from the conflict store, where only its new commits are: the way to them is told")
    func taken() throws {
        let git = try Self.diverged()
        try git.pull(status: 3)
        let world = try #require(git.world)
        let head = try git.localHead
        let refused = try FerryRun(["sync", "conflicts", world.workspace, "--take-remote", ".git"], in: world)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("changed on both sides"))
        #expect(try git.localHead == head)
        try git.expectSound(status: "?? theirs")
        let list = try FerryRun(["sync", "conflicts", world.workspace], in: world)
        #expect(list.output.split(separator: "\n").count == 1, "\(list.output)")
        let dropped = try FerryRun(["sync", "conflicts", world.workspace, "--keep-local", ".git"], in: world)
        #expect(dropped.status == 0, "\(dropped.errors)")
    }

    @Test("the sandbox's configuration never comes into what git fetches from")
    func configuration() throws {
        let git = try Self.diverged(
            also:
                "git config core.fsmonitor /bin/evil; mkdir -p .git/sandbox.git/hooks; echo '[x]' > .git/sandbox.git/config;"
                + " mkdir -p .git/objects/info; echo /etc > .git/objects/info/alternates")
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("held: .git/config") && run.errors.contains("held: .git/objects/info/alternates"))
        let world = try #require(git.world)
        let stored = try Tool.run(
            "/bin/sh",
            [
                "-c",
                "cd '\(world.stateDirectory)'/conflicts/*/.git/2-sandbox.git && cat config objects/info/alternates; ls",
            ])
        let alternates = world.workspace + "/.git/objects"
        #expect(
            stored.text
                == "[core]\n\trepositoryformatversion = 0\n\tbare = true\n\(alternates)\nHEAD\nconfig\nobjects\nrefs\n")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git rev-parse sandbox/heads/main") == git.remoteHead)
    }

    @Test("what is new in the sandbox outlives a `git gc` that prunes them in the workspace")
    func pruned() throws {
        let git = try Self.diverged()
        let run = try git.pull(status: 3)
        try git.local("git gc -q --prune=now; ! git cat-file -e \(git.remoteHead) 2>/dev/null")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git show sandbox/heads/main:theirs") == "x")
    }

    @Test("--on-conflict take-remote takes the sandbox's repository as a whole, both stores it, fail writes nothing")
    func policies() throws {
        var git = try Self.diverged()
        try git.pull(["--on-conflict", "take-remote"])
        #expect(try git.localHead == git.remoteHead)
        try git.expectSettled(status: "?? mine")

        git = try Self.diverged()
        let mine = try git.localHead
        try git.pull(["--on-conflict", "both"], status: 3)
        #expect(try git.localHead == mine)
        #expect(try git.local("find . -name '*ferry-remote*'") == "")
        try git.expectSettled(status: "?? theirs")

        git = try Self.diverged()
        try git.pull(["--on-conflict", "fail"], status: 4)
        try git.expectSound(status: "")
    }

    @Test(
        "a repository deleted in the workspace is kept whole, to be cloned by the told command",
        arguments: GitWorld.Way.allCases)
    func deleted(way: GitWorld.Way) throws {
        let git = try Self.diverged(way)
        try git.local("rm -rf .git")
        let run = try git.pull(status: 3)
        #expect(try git.local("ls -A | grep -c git || true") == "0")
        let line = try #require(run.errors.split(separator: "\n").first { $0.contains("git clone ") })
        let start = try #require(line.range(of: "git clone "))
        let command = line[start.lowerBound...].replacing("DIRECTORY", with: "../cloned")
        try git.local("\(command) 2>&1; cd ../cloned; git log --format=%s; git fsck")
        #expect(try git.local("git -C ../cloned log --format=%s") == "theirs\ntwo\none")
        #expect(!(try git.pull()).errors.contains("conflict"))
    }

    @Test("a directory's name that a terminal would obey is not told as it is")
    func hostileName() throws {
        let git = try GitWorld(
            setup: "mkdir $'a\\e[31mb'; cd $'a\\e[31mb'; git init -q -b main; " + GitWorld.commit("i"))
        for side in [git.local, git.remote] {
            _ = try side("cd a*; git commit -q --allow-empty -m $RANDOM$PWD", #_sourceLocation)
        }
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("fetch them as") && !run.errors.contains("\u{1B}[31m"))
    }

    @Test("a repository deleted in the sandbox stays, and the next push brings it back there")
    func deletedRemotely() throws {
        let git = try GitWorld()
        try git.local(GitWorld.commit("mine"))
        try git.remote("rm -rf .git")
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("conflict: .git/:"), "\(run.errors)")
        try git.expectSettled()
        try git.push()
        #expect(try git.remoteHead == git.localHead)
    }

    @Test("an undo takes the added objects back")
    func undone() throws {
        let git = try Self.diverged()
        let world = try #require(git.world)
        let before = try world.digest(of: "world/ws/.git")
        try git.pull(status: 3)
        let run = try FerryRun(["sync", "undo", "-C", world.workspace], in: world)
        #expect(run.status == 0, "\(run.errors)")
        #expect(try world.digest(of: "world/ws/.git") == before)
    }

    @Test("a state directory on another file system, and a workspace with an odd name, change nothing")
    func oddPlaces() throws {
        let git = try Self.diverged()
        let world = try #require(git.world)
        let odd = "it's a \"work\" space"
        try git.local("cp -a ../ws '../it'\\''s a \"work\" space'")
        let elsewhere = "/dev/shm/ferry-test-\(world.url.lastPathComponent)"
        defer { _ = try? Tool.run("/bin/rm", ["-rf", elsewhere]) }
        let run = try FerryRun(
            ["sync", "pull", world.sandbox, world.path("world/\(odd)"), "--state-dir", elsewhere], in: world)
        #expect(run.status == 3, "\(run.errors)")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git -C '../it'\\''s a \"work\" space' rev-parse sandbox/heads/main") == git.remoteHead)
    }
}
