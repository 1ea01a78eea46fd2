import TestSupport
import Testing

@Suite("Pulling a repository, with real git")
struct GitPullTests {
    @Test(
        "commits on both sides: one conflict, the workspace's stay, the sandbox's are fetched by the told command",
        arguments: GitWorld.Way.allCases)
    func bothCommit(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        try git.local(GitWorld.commit("mine"))
        try git.remote(GitWorld.commit("theirs") + "; git switch -qc topic; " + GitWorld.commit("more"))
        let (mine, theirs) = (try git.localHead, try git.remoteHead)
        let run = try git.pull(status: 3)
        #expect(run.errors.split(separator: "\n").count { $0.hasPrefix("conflict:") } == 1, "\(run.errors)")
        #expect(run.errors.contains("conflict: .git/:"))
        #expect(try git.localHead == mine)
        #expect(try git.local("git branch --show-current") == "main")
        // The files came; they are not committed here.
        try git.expectSound(status: "?? more\n?? theirs")
        try git.local(GitWorld.fetchCommand(in: run))
        #expect(try git.local("git rev-parse sandbox/heads/topic") == theirs)
        #expect(try git.local("git log --format=%s sandbox/heads/topic") == "more\ntheirs\ntwo\none")
        #expect(try git.local("git rev-parse sandbox/heads/main") == git.remote("git rev-parse main"))
        try git.local("rm more theirs; git merge -q -m merged sandbox/heads/topic")
        try git.expectSettled()
        try git.push()
        #expect(try git.remoteHead == git.localHead)
        #expect(try git.remote("git status --porcelain; git fsck 2>&1 | grep -v dangling || true") == "")
    }

    @Test("commits in the sandbox alone are taken", arguments: GitWorld.Way.allCases)
    func sandboxCommits(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        try git.remote(GitWorld.commit("theirs") + "; git tag v1; git branch other")
        try git.pull()
        #expect(try git.localHead == git.remoteHead)
        #expect(try git.local("git tag; git branch --format='%(refname:short)'") == "v1\nmain\nother")
        try git.expectSettled()
    }

    @Test("commits in the workspace alone are kept", arguments: GitWorld.Way.allCases)
    func workspaceCommits(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        try git.local(GitWorld.commit("mine"))
        let head = try git.localHead
        try git.remote("echo work > work; git status")
        try git.pull()
        #expect(try git.localHead == head)
        try git.expectSettled(status: "?? work")
        try git.push()
        #expect(try git.remoteHead == head)
    }

    @Test("`git status` in the workspace is no change of it", arguments: GitWorld.Way.allCases)
    func refreshedIndex(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        let before = try git.local("cksum < .git/index")
        try git.local("touch -d '2001-01-01' two; git status")
        #expect(try git.local("cksum < .git/index") != before)
        try git.remote(GitWorld.commit("theirs"))
        try git.pull()
        #expect(try git.localHead == git.remoteHead)
        // Again, right after the pull: the baseline knows the new index.
        try git.local("touch -d '2002-01-01' two; git status")
        try git.remote(GitWorld.commit("again"))
        try git.pull()
        #expect(try git.localHead == git.remoteHead)
        try git.expectSettled()
    }

    @Test("a staged change in the workspace is a change", arguments: GitWorld.Way.allCases)
    func stagedChange(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        try git.local("echo s > staged; git add staged")
        try git.remote(GitWorld.commit("theirs"))
        let run = try git.pull(status: 3)
        #expect(run.errors.contains("conflict: .git/:"))
        try git.expectSettled(status: "A  staged\n?? theirs")
    }

    @Test("`git status` in the sandbox hides no commit of the workspace", arguments: GitWorld.Way.allCases)
    func refreshedInSandbox(way: GitWorld.Way) throws {
        let git = try GitWorld(way)
        try git.remote("touch -d '2001-01-01' two; git status")
        try git.local(GitWorld.commit("mine"))
        let head = try git.localHead
        try git.pull()
        #expect(try git.localHead == head)
        try git.expectSettled()
        try git.push()
        #expect(try git.remoteHead == head)
    }

    @Test("a rebase in the sandbox is taken as a whole", arguments: GitWorld.Way.allCases)
    func rebase(way: GitWorld.Way) throws {
        let git = try GitWorld(
            way, setup: "git switch -qc topic HEAD~1; \(GitWorld.commit("t1")); \(GitWorld.commit("t2"))")
        try git.remote("git rebase -q main")
        try git.pull()
        #expect(try git.localHead == git.remoteHead)
        #expect(try git.local("git log --format=%s") == "t2\nt1\ntwo\none")
        try git.expectSettled()
    }

    @Test("a rebase that stopped in the sandbox is taken with all that belongs to it")
    func stoppedRebase() throws {
        let git = try GitWorld(setup: "git switch -qc topic HEAD~1; \(GitWorld.commit("two", "other"))")
        try git.remote("git rebase main >/dev/null 2>&1 || true; test -d .git/rebase-merge")
        try git.pull()
        #expect(try git.local("git status").contains("rebas"))
        try git.local("echo both > two; git add two; GIT_EDITOR=true git rebase --continue >/dev/null")
        #expect(try git.local("git log --format=%s") == "two\ntwo\none")
        try git.expectSound(status: "")
    }

    @Test(
        "`git gc` in the sandbox, in the workspace, in both",
        arguments: [[true, false], [false, true], [true, true]])
    func collected(sides: [Bool]) throws {
        for way in GitWorld.Way.allCases {
            let git = try GitWorld(way, setup: "for i in 1 2 3 4 5 6 7 8 9; do \(GitWorld.commit("f$i")); done")
            if sides[0] { try git.remote("git gc -q") }
            if sides[1] { try git.local("git gc -q") }
            let head = try git.localHead
            let run = try git.pull(["--allow", "mass-delete"])
            #expect(!run.errors.contains("conflict"), "\(run.errors)")
            #expect(try git.localHead == head)
            try git.expectSettled()
            try git.push(["--allow", "mass-delete"])
            #expect(try git.remote("git fsck 2>&1; git status --porcelain") == "")
        }
    }

    @Test("`git gc` and commits in the sandbox are taken, packs in the place of loose objects")
    func collectedCommits() throws {
        let git = try GitWorld()
        try git.remote(GitWorld.commit("theirs") + "; git gc -q")
        try git.pull(["--allow", "mass-delete"])
        #expect(try git.localHead == git.remoteHead)
        #expect(try git.local("find .git/objects -type f | grep -vc 'pack\\|info' || true") == "0")
        try git.expectSettled()
    }

    @Test("commits on both sides and `git gc` in the sandbox: no object of the workspace goes")
    func collectedConflict() throws {
        for way in GitWorld.Way.allCases {
            let git = try GitWorld(way)
            try git.local(GitWorld.commit("mine"))
            try git.remote(GitWorld.commit("theirs") + "; git gc -q --prune=now")
            let theirs = try git.remoteHead
            let run = try git.pull(status: 3)
            #expect(try git.local("git log --format=%s") == "mine\ntwo\none")
            try git.local(GitWorld.fetchCommand(in: run))
            #expect(try git.local("git rev-parse sandbox/heads/main") == theirs)
            try git.expectSettled(status: "?? theirs")
            try git.push()
            #expect(try git.remoteHead == git.localHead)
        }
    }

    @Test("commits in the sandbox and `git gc` in the workspace lose nothing")
    func collectedHere() throws {
        for way in GitWorld.Way.allCases {
            let git = try GitWorld(way)
            try git.local("git gc -q --prune=now")
            try git.remote(GitWorld.commit("theirs"))
            let theirs = try git.remoteHead
            let run = try git.pull(status: 3)
            try git.local(GitWorld.fetchCommand(in: run))
            #expect(try git.local("git rev-parse sandbox/heads/main") == theirs)
            try git.expectSettled(status: "?? theirs")
        }
    }

    @Test("a lock of git's is carried in no direction, and nothing is deleted for it")
    func locks() throws {
        for way in GitWorld.Way.allCases {
            let git = try GitWorld(way)
            try git.remote("touch .git/index.lock .git/refs/heads/main.lock; echo l > Cargo.lock")
            try git.local("touch .git/HEAD.lock")
            try git.pull()
            #expect(try git.local("find . -name '*.lock' | sort") == "./.git/HEAD.lock\n./Cargo.lock")
            try git.local("rm .git/HEAD.lock; touch .git/packed-refs.lock; echo new > new")
            try git.push()
            #expect(
                try git.remote("find . -name '*.lock' | sort")
                    == "./.git/index.lock\n./.git/refs/heads/main.lock\n./Cargo.lock")
            #expect(try git.remote("cat new") == "new")
        }
    }
}
