import Foundation
import TestSupport
import Testing

/// A repository in the workspace, pushed to a sandbox of some kind, with real git on both sides.
struct GitWorld {
    /// How the sandbox is reached.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case directory, shell

        var testDescription: String { rawValue }
    }

    let world = try? TestWorld()
    let way: Way
    private let sandbox: [String]

    /// Makes a repository with two commits and pushes it.
    init(_ way: Way = .directory, setup: String = "") throws {
        self.way = way
        let world = try #require(world)
        switch way {
        case .directory: sandbox = [world.sandbox]
        case .shell:
            sandbox = ["exec:box:" + world.sandbox]
            try world.makeDirectory("home/.config/ferry")
            try world.write(
                "home/.config/ferry/config.toml",
                "[profiles.box]\ncommand = [\"/bin/sh\", \"-c\", 'exec \"$@\"', \"box\"]\n")
        }
        try local(
            "git init -q -b main . && git add . && git commit -qm one && echo 2 > two && git add . && git commit -qm two"
        )
        if !setup.isEmpty { try local(setup) }
        try push()
    }

    private func require() throws -> TestWorld { try #require(world) }

    /// Runs a script in the workspace.
    @discardableResult
    func local(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        try run(script, in: require().workspace, sourceLocation)
    }

    /// Runs a script in the sandbox.
    @discardableResult
    func remote(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
        try run(script, in: require().sandbox, sourceLocation)
    }

    private func run(_ script: String, in directory: String, _ location: SourceLocation) throws -> String {
        let result = try Tool.run(
            "/bin/bash", ["-ec", script], directory: directory,
            environment: [
                "HOME": require().path("home"), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
                "GIT_AUTHOR_EMAIL": "a@example.org", "GIT_COMMITTER_NAME": "c", "GIT_COMMITTER_EMAIL": "c@example.org",
                "LC_ALL": "C",
            ])
        #expect(result.status == 0, "\(script): \(result.errors)\(result.text)", sourceLocation: location)
        return result.text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func push(_ flags: [String] = [], status: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let run = try FerryRun(["sync", "push", require().workspace] + sandbox + flags, in: require())
        #expect(run.status == status, "\(run.errors)", sourceLocation: sourceLocation)
    }

    @discardableResult
    func pull(
        _ flags: [String] = [], status: Int32? = 0, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> FerryRun {
        let run = try FerryRun(["sync", "pull"] + sandbox + [require().workspace] + flags, in: require())
        if let status {
            #expect(run.status == status, "\(run.errors)\(run.output)", sourceLocation: sourceLocation)
        }
        return run
    }

    /// A second pull has nothing to do, and the repository is sound.
    func expectSettled(status expected: String = "", sourceLocation: SourceLocation = #_sourceLocation) throws {
        let before = try local("find . -type f -printf '%P %s %T@\\n' | LC_ALL=C sort")
        let run = try pull(sourceLocation: sourceLocation)
        #expect(!run.errors.contains("conflict"), "\(run.errors)", sourceLocation: sourceLocation)
        let after = try local("find . -type f -printf '%P %s %T@\\n' | LC_ALL=C sort")
        #expect(after == before, sourceLocation: sourceLocation)
        try expectSound(status: expected, sourceLocation: sourceLocation)
    }

    func expectSound(status expected: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        #expect(try complaints() == "", sourceLocation: sourceLocation)
        let status = try local("git --no-optional-locks status --porcelain")
        #expect(status == expected, sourceLocation: sourceLocation)
    }

    /// What `git fsck` has to say, but for objects that nothing refers to.
    func complaints() throws -> String {
        try local("git fsck 2>&1 | grep -v '^dangling\\|^notice' || true")
    }

    var localHead: String { get throws { try local("git rev-parse HEAD") } }
    var remoteHead: String { get throws { try remote("git rev-parse HEAD") } }

    /// The command that a message tells.
    static func fetchCommand(in run: FerryRun) throws -> String {
        let line = try #require(
            run.errors.split(separator: "\n").first { $0.contains("fetch them as sandbox/heads/BRANCH") })
        let start = try #require(line.range(of: "git --git-dir="))
        return String(line[start.lowerBound...])
    }

    static func commit(_ name: String, _ text: String = "x") -> String {
        "echo \(text) > \(name) && git add \(name) && git commit -qm \(name)"
    }
}
