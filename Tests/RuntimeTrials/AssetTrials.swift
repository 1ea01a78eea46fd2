import FerryCore
import FerryRuntime
import FerryTesting

/// Trials of what lies in the runtime directory.
enum AssetTrials {
    private static let skills: Tree = [
        "skill.md": .file("# Skill", mode: 0o644),
        "bin/tool": .file("#!/bin/sh", mode: 0o755),
        "alias": .link("skill.md"),
    ]

    static func everythingArrives(_ world: TrialWorld) async throws {
        let runtime = try await world.prepare([
            world.asset("skills", skills), world.asset("home", [".config/settings": .file("x=1")]),
        ])
        try require(try world.remoteWorkspace(), is: TrialWorld.tree, "the workspace")
        let directory = world.place.directory
        try require(
            String(decoding: runtime.workspaceRemoteDirectory, as: UTF8.self) == directory, "the remote directory")
        let root = "\(directory)/.ferry-runtime/agent"
        try require(String(decoding: runtime.runtimeRoot, as: UTF8.self) == root, "the runtime root")
        try require(runtime.assetDirectories.keys.sorted() == ["home", "skills"], "the keys of the assets")
        let skillsPath = String(decoding: runtime.assetDirectories["skills"] ?? [], as: UTF8.self)
        try require(skillsPath == "\(root)/skills", "the asset's directory is '\(skillsPath)'")
        try require(try world.place.read(skillsPath), is: skills, "the asset")
        try require(
            try world.place.read(directory)[".ferry-runtime/.gitignore"]?.content == Array("*\n".utf8),
            "the runtime directory is not kept out of version control")
        try require(runtime.isComplete && runtime.problems.isEmpty, "problems: \(runtime.problems)")
    }

    static func assetsAreReplacedWholesale(_ world: TrialWorld) async throws {
        let asset = try world.asset("skills", ["kept": .file("kept"), "old": .file("old"), "dir/x": .file("x")])
        let runtime = try await world.prepare([asset])
        let path = String(decoding: runtime.assetDirectories["skills"] ?? [], as: UTF8.self)
        let inode = try world.place.run("ls -i '\(path)/kept'")
        _ = try world.place.run("cd '\(path)'; echo agent >new; echo agent >old; rm -r dir; mkdir -p more/deep")
        let changed = try world.directory.directory("changed", ["kept": .file("kept"), "dir": .file("a file now")])
        _ = try await world.prepare([RuntimeAsset(key: "skills", localDirectory: asset.localDirectory)])
        try require(
            try world.place.read(path), is: ["kept": .file("kept"), "old": .file("old"), "dir/x": .file("x")],
            "the same asset again")
        try require(try world.place.run("ls -i '\(path)/kept'") == inode, "what was equal was written again")
        _ = try await world.prepare([RuntimeAsset(key: "skills", localDirectory: changed)])
        try require(
            try world.place.read(path), is: ["kept": .file("kept"), "dir": .file("a file now")], "another asset")
        try require(try world.remoteWorkspace(), is: TrialWorld.tree, "the workspace")
        let empty = try world.directory.directory("nothing")
        _ = try await world.prepare([RuntimeAsset(key: "skills", localDirectory: empty)])
        try require(try world.place.read(path), is: [:], "an empty asset")
    }

    static func droppedAssetsGo(_ world: TrialWorld) async throws {
        let (one, two) = (try world.asset("one", ["a": .file("a")]), try world.asset("two", ["b": .file("b")]))
        let runtime = try await world.prepare([one, two])
        _ = try await world.prepare([two])
        try require(
            try world.place.read(String(decoding: runtime.runtimeRoot, as: UTF8.self)), is: ["two/b": .file("b")],
            "the runtime root")
    }

    static func linksAreFollowedOnRequest(_ world: TrialWorld) async throws {
        _ = try world.directory.directory("elsewhere", ["deep/file": .file("deep", mode: 0o600)])
        var asset = try world.asset(
            "home",
            [
                "file": .file("file", mode: 0o640), "to-file": .link("file"), "dangling": .link("nowhere"),
                "to-directory": .link("../elsewhere"), "loop": .link("."), "dir/up": .link(".."),
            ])
        let links: Tree = [
            "file": .file("file", mode: 0o640), "to-file": .link("file"), "dangling": .link("nowhere"),
            "to-directory": .link("../elsewhere"), "loop": .link("."), "dir/up": .link(".."),
        ]
        let runtime = try await world.prepare([asset])
        let path = String(decoding: runtime.assetDirectories["home"] ?? [], as: UTF8.self)
        try require(try world.place.read(path), is: links, "links as links")
        asset.followsSymlinks = true
        _ = try await world.prepare([asset])
        try require(
            try world.place.read(path),
            is: [
                "file": .file("file", mode: 0o640), "to-file": .file("file", mode: 0o640),
                "to-directory/deep/file": .file("deep", mode: 0o600), "dir/up": .directory(), "loop": .directory(),
                "dangling": .link("nowhere"),
            ], "links followed")
        asset.followsSymlinks = false
        _ = try await world.prepare([asset])
        try require(try world.place.read(path), is: links, "links as links again")
    }

    static func excludedPartsOfAssetsGo(_ world: TrialWorld) async throws {
        var asset = try world.asset(
            "home",
            ["keep": .file("1"), "cache/big": .file("2"), "sub/secret.key": .file("3"), "sub/other": .file("4")])
        let runtime = try await world.prepare([asset])
        let path = String(decoding: runtime.assetDirectories["home"] ?? [], as: UTF8.self)
        try require(try world.place.read(path)["cache/big"] != nil, "nothing was excluded yet")
        asset.exclude = ["cache/", "*.key"]
        _ = try await world.prepare([asset])
        try require(
            try world.place.read(path), is: ["keep": .file("1"), "sub/other": .file("4")], "what is not excluded")
    }

    static func assetsOnly(_ world: TrialWorld) async throws {
        let runtime = try await world.prepare([world.asset("skills", skills)]) { $0.syncsWorkspace = false }
        try require(try world.remoteWorkspace(), is: [:], "the workspace was sent")
        try world.agent("echo result >result")
        let outcome = try await runtime.restoreWorkspace()
        guard case .nothingToRestore = outcome else { throw TrialFailure("something was restored") }
        try require(try world.local(), is: TrialWorld.tree, "the workspace")
    }

    static func runtimeDirectoryHasAnyName(_ world: TrialWorld) async throws {
        let asset = try world.asset("skills", skills)
        var wanted = TrialWorld.tree
        for name in [".paperclip-runtime", ".my[1]*runtime"] {
            let directory = "\(world.place.directory)-\(name.dropFirst(2).prefix(2))"
            let runtime = try await world.prepare([asset], remote: directory) {
                $0.runtimeDirectoryName = name
                $0.ownsSandbox = true
            }
            let root = String(decoding: runtime.runtimeRoot, as: UTF8.self)
            try require(root == "\(directory)/\(name)/agent", "the runtime root is '\(root)'")
            _ = try world.place.run("echo agent >'\(root)/note'; echo agent >'\(directory)/note'")
            try await runtime.restoreWorkspace()
            wanted["note"] = TreeEntry(.file(Array("agent\n".utf8), hasHoles: false))
            try require(try world.local(), is: wanted, "the workspace")
            _ = try await world.prepare([asset], remote: directory) {
                $0.runtimeDirectoryName = name
                $0.ownsSandbox = true
            }
            try require(try world.place.read(root)["skills/skill.md"] != nil, "the runtime directory is gone")
        }
    }
}
