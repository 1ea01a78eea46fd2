import FerryCore
import Testing

@Suite("What is held for review")
struct HeldReviewTests {
    static let files: [(String, HeldReason?)] = [
        (".git/hooks/pre-commit", .gitHook), (".git/hooks/deep/er", .gitHook), (".git/hooks/pre-commit.sample", nil),
        (".git/config", .gitConfiguration), (".git/config.worktree", .gitConfiguration),
        (".git/info/attributes", .gitConfiguration), (".git/info/exclude", nil), (".git/commondir", .gitConfiguration),
        (".git/objects/info/alternates", .gitConfiguration), (".git/HEAD", nil), (".git/index", nil),
        (".git/objects/ab/cdef", nil), (".git/refs/heads/config", nil), (".git/refs/heads/hooks/x", nil),
        (".git/modules/sub/config", .gitConfiguration), (".git/modules/sub/hooks/post-checkout", .gitHook),
        (".git/worktrees/w/config.worktree", .gitConfiguration), (".git/worktrees/w/gitdir", .gitConfiguration),
        (".git", .gitRedirection), ("sub/.git", .gitRedirection), ("sub/deep/.git/config", .gitConfiguration),
        // Spellings that some file system takes for the same.
        (".GIT/config", .gitConfiguration), (".Git/Hooks/x", .gitHook), (".git/HOOKS/x", .gitHook),
        (".git/CONFIG", .gitConfiguration), ("git~1/config", .gitConfiguration), ("GIT~1", .gitRedirection),
        (".git /config", .gitConfiguration), (".git./config", .gitConfiguration), (".git. ./config", .gitConfiguration),
        (".git::$INDEX_ALLOCATION/config", .gitConfiguration), (".g\u{200C}it/config", .gitConfiguration),
        (".git\u{200D}/hooks/x", .gitHook), ("\u{FEFF}.git", .gitRedirection), (".gi\u{202E}t", .gitRedirection),
        // Ferry's own.
        (".ferry.toml", .ferryConfiguration), (".ferryignore", .ferryConfiguration),
        ("d/.ferryignore", .ferryConfiguration), (".FERRYIGNORE", .ferryConfiguration),
        // What only looks alike.
        (".gitignore", nil), (".github/workflows/x.yml", nil), ("git", nil), ("x.git/config", nil), (".git2", nil),
        ("git~2/config", nil), ("config", nil), ("hooks/pre-commit", nil), (".gitmodules", nil), ("a~", nil),
    ]

    @Test("files that git or Ferry would obey on their own are held, in any spelling", arguments: files)
    func heldFiles(path: String, reason: HeldReason?) {
        #expect(HeldReview().reason(path: Array(path.utf8), kind: .file) == reason)
        #expect(HeldReview().reason(path: Array("a/b/\(path)".utf8), kind: .file) == reason)
    }

    @Test("directories are not held, what is in them is", arguments: [".git", ".git/hooks", ".GIT"])
    func directories(path: String) {
        #expect(HeldReview().reason(path: Array(path.utf8), kind: .directory) == nil)
    }

    static let links: [(link: String, target: String, leaves: Bool)] = [
        ("a", "b", false), ("a", "./b", false), ("a", "b/c/d", false), ("d/a", "../b", false),
        ("d/e/a", "../../b", false),
        ("d/e/a", "./../b", false), ("d/a", ".", false), ("d/a", "..", false), ("a", "a", false), ("a", "b//c", false),
        ("a", "", true), ("a", "/", true), ("a", "/etc/passwd", true), ("a", "..", true), ("a", "../b", true),
        ("d/a", "../../b", true), ("d/a", "../..", true), ("d/e/a", "../../../b", true), ("a", "./..", true),
        // A name before the dots may be a link that leads elsewhere.
        ("a", "b/..", true), ("a", "b/../c", true), ("d/a", "b/../../c", true), ("d/a", "../b/..", true),
        ("a", "b/./../c", true), ("a", "...", false), ("a", "..b", false), ("a", "b/..c/d", false),
    ]

    @Test("links that may leave the workspace are held", arguments: links)
    func heldLinks(link: String, target: String, leaves: Bool) {
        let reason = HeldReview().reason(path: Array(link.utf8), kind: .symlink, target: Array(target.utf8)[...])
        #expect(reason == (leaves ? .linkLeavesWorkspace : nil))
    }

    @Test("a link in the place of something of git's is held even when it stays inside")
    func linksForGit() {
        for path in [".git/hooks", ".git/config", ".git/refs/heads", ".git/x"] {
            let reason = HeldReview().reason(path: Array(path.utf8), kind: .symlink, target: Array("y".utf8)[...])
            #expect(reason == .gitConfiguration, "\(path)")
        }
        let redirection = HeldReview().reason(
            path: Array("sub/.git".utf8), kind: .symlink, target: Array("x".utf8)[...])
        #expect(redirection == .gitRedirection)
    }

    @Test("what somebody allowed is not held, and only that")
    func permission() {
        let review = HeldReview { path, _ in path.starts(with: Array("venv/".utf8)) }
        #expect(
            review.reason(path: Array("venv/bin/python".utf8), kind: .symlink, target: Array("/usr/bin/x".utf8)[...])
                == nil)
        #expect(
            review.reason(path: Array("bin/python".utf8), kind: .symlink, target: Array("/usr/bin/x".utf8)[...]) != nil)
    }

    static let displayNames: [([UInt8], String)] = [
        (Array("plain name.txt".utf8), "plain name.txt"), (Array("new\nline".utf8), "new\\012line"),
        (Array("caf\u{E9}".utf8), "caf\u{E9}"), ([0x66, 0xFF], "f\\377"), (Array("back\\slash".utf8), "back\\\\slash"),
        ([0x1B, 0x5B, 0x6D], "\\033[m"), (Array("\u{202E}x".utf8), "\\342\\200\\256x"), ([0x7F], "\\177"),
        (Array("\u{85}".utf8), "\\302\\205"), (Array("\u{2028}".utf8), "\\342\\200\\250"), ([], ""),
        ([0x5C, 0xFF], "\\134\\377"),
        (Array("e\u{301}".utf8), "e\u{301}"),
    ]

    @Test("names are shown so that none can move the cursor or end a line", arguments: displayNames)
    func display(name: [UInt8], shown: String) {
        let result = displayName(of: name)
        #expect(Array(result.utf8) == Array(shown.utf8))
    }
}
