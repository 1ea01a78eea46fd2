import FerryCore
import FerryTesting
import FerryTransport
import TestSupport
import Testing

@testable import FerryEngine

/// Pushes of a workspace and assets beside it.
@Suite("Several trees in one push")
struct PartPushTests {
    static let base: Tree = [
        "file": .file("content", mode: 0o640), "link": .link("file"),
        "dir": .directory(["inner": .file("inner"), "deep/er": .file("deeper")], mode: 0o750),
        ".gitignore": .file("build/\n"),
    ]
    static let skills: Tree = [
        "file": .file("a skill"), "dir": .directory(["inner": .file("other"), "more": .file("more")]),
        "run": .file("#!/bin/sh\n", mode: 0o755), "again": .hardLink("run"), ".gitignore": .file("x\n"),
    ]
    static let home: Tree = ["settings.json": .file("{}", mode: 0o600), "empty": .directory(mode: 0o700)]

    static let place = ".ferry-runtime/claude"

    /// The workspace and three assets: one of odd names, one that has the workspace's names, one that is empty.
    private func parts(_ world: PartWorld) throws -> [PushPart] {
        [
            .asset(try world.asset("skills", Self.skills), at: try path("\(Self.place)/skills")),
            .workspace(world.workspace),
            .asset(try world.asset("home", Self.home), at: try path("\(Self.place)/my home")),
            .asset(try world.asset("nothing", [:]), at: try path("\(Self.place)/nothing")),
        ]
    }

    private func expectAll(_ world: PartWorld, _ machine: Machine, _ workspace: Tree? = nil) throws {
        var aspects: TreeAspects = [.modes, .hardLinks]
        if machine.keepsSubseconds { aspects.insert(.times) }
        var there = try world.there()
        there[".ferry-runtime"] = nil
        let here = try workspace ?? Tree(reading: world.workspace)
        let differences = there.differences(from: here, aspects: aspects)
        #expect(differences.isEmpty, "\(machine): \(differences)")
        for (name, local) in [("skills", "skills"), ("my home", "home"), ("nothing", "nothing")] {
            let differences = try world.there("\(Self.place)/\(name)").differences(
                from: try Tree(reading: world.directory.path(local)), aspects: aspects)
            #expect(differences.isEmpty, "\(machine), \(name): \(differences)")
        }
        #expect(try world.there(".ferry-runtime")[".gitignore"].flatMap(text) == "*\n")
        #expect(try world.there()[".ferry-runtime"]?.mode == 0o755)
    }

    @Test(
        "a first push with three assets is one command and two waits, a second one at most two",
        arguments: Machine.available)
    func roundTrips(machine: Machine) async throws {
        let world = try PartWorld(machine, Self.base)
        let parts = try parts(world)
        let first = try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        #expect(first.problems == [])
        // The ground is not counted, it is nobody's.
        #expect(first.summary.created == 7 + 7 + 2)
        #expect(world.counted.take() == (1, 2))
        try expectAll(world, machine)

        let second = try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        #expect(second.problems == [] && second.summary.changesNothing && second.transferredBytes == 0)
        // Three waits where only content can tell: of what was written a moment ago, and of times without fractions.
        let counts = world.counted.take()
        #expect(counts.commands == 1 && counts.turns <= 3)
        try expectAll(world, machine)

        let quiet = try await SyncEngine.pull(from: world.endpoint, to: world.workspace, options: world.options)
        #expect(quiet.summary.changesNothing && quiet.problems == [])
        #expect(world.counted.take().commands == 1)
    }

    @Test("into a missing directory it is one command, too", arguments: [Machine.dash, .busybox])
    func missingRoot(machine: Machine) async throws {
        let world = try PartWorld(machine, Self.base, remote: nil)
        let report = try await SyncEngine.push(parts(world), to: world.endpoint, options: world.options)
        #expect(report.problems == [])
        #expect(world.counted.take() == (1, 2))
        try expectAll(world, machine)
    }

    @Test(
        "assets become exact images, whatever was there, while the workspace keeps what the agent made",
        arguments: Machine.available)
    func images(machine: Machine) async throws {
        let world = try PartWorld(machine, Self.base)
        let parts = try parts(world)
        try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        try world.agent(
            """
            echo result >result; cd \(Self.place); echo stale >skills/stale; mkdir -p skills/old/er && echo x >skills/old/er/x
            echo longer than before >skills/dir/inner; rm skills/run; mkdir skills/run; rm -r 'my home/empty'
            ln -s /etc 'my home/empty'; echo extra >'nothing/new
            line'; mkfifo skills/pipe
            """)
        _ = world.counted.take()
        let report = try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        #expect(report.problems == [], "\(report.problems)")
        #expect(world.counted.take().commands == 1)
        var expected = try Tree(reading: world.workspace)
        expected["result"] = try world.there()["result"]
        try expectAll(world, machine, expected)
        let pulled = try await SyncEngine.pull(from: world.endpoint, to: world.workspace, options: world.options)
        #expect(pulled.summary.created == 1 && pulled.problems == [])
    }

    @Test(
        "what of the ground is something else makes way, and nothing is written through a link",
        arguments: Machine.available)
    func ground(machine: Machine) async throws {
        let world = try PartWorld(machine, Self.base)
        let other = try world.directory.directory("other", ["kept": .file("kept")])
        if machine.isPlain { PlainUser.give(other) }
        for script in [
            "ln -s ../other .ferry-runtime", "echo x >.ferry-runtime",
            "mkdir .ferry-runtime; ln -s ../../other \(Self.place)",
            "mkdir -p \(Self.place); ln -s ../../../other '\(Self.place)/my home'; ln -s no .ferry-runtime/.gitignore",
            "mkdir -p \(Self.place); echo x >\(Self.place)/nothing; echo more >.ferry-runtime/.gitignore",
        ] {
            try world.agent("rm -rf .ferry-runtime; \(script)")
            for trusts in [false, true] {
                var options = world.options
                options.trustsBaseline = trusts
                let report = try await SyncEngine.push(parts(world), to: world.endpoint, options: options)
                #expect(report.problems == [], "\(script): \(report.problems)")
                try expectAll(world, machine)
                try world.agent("rm -rf .ferry-runtime; \(script)")
            }
            #expect(try Tree(reading: other).paths.map(\.description) == ["kept"])
        }
    }

    @Test("assets alone are listed alone, and the workspace is left as it is", arguments: Machine.available)
    func assetsAlone(machine: Machine) async throws {
        let world = try PartWorld(machine, Self.base)
        let parts = try parts(world)
        try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        try world.agent("echo mine >file; cd \(Self.place)/skills; echo stale >stale; echo x >dir/inner")
        _ = world.counted.take()
        let report = try await SyncEngine.push(
            parts.filter { $0.role == .asset }, to: world.endpoint, options: world.options)
        #expect(report.problems == [] && report.summary.deleted == 1 && report.summary.updated == 1)
        #expect(world.counted.take().commands == 1)
        var expected = try Tree(reading: world.workspace)
        expected["file"] = try world.there()["file"]
        try expectAll(world, machine, expected)
        // Nor does a push that trusts the baseline trust the assets to be what they were.
        try world.agent("printf content >file; rm \(Self.place)/skills/file; mkdir '\(Self.place)/my home/extra'")
        expected["file"] = try world.there()["file"]
        var options = world.options
        options.trustsBaseline = true
        let trusting = try await SyncEngine.push(parts, to: world.endpoint, options: options)
        #expect(trusting.problems == [] && trusting.summary.created == 1 && trusting.summary.deleted == 1)
        try expectAll(world, machine, expected)
    }

    @Test("a halt of the workspace leaves the assets untouched too")
    func halts() async throws {
        let world = try PartWorld(.dash, Self.base)
        let parts = try parts(world)
        try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        try world.agent("echo theirs >file; echo stale >\(Self.place)/skills/stale")
        _ = try Tool.run("/bin/sh", ["-c", "echo ours >'\(world.directory.text)/workspace/file'"])
        let before = try world.there()
        let reason = await halt { () throws(SyncError) in
            try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        }
        #expect(reason == .overwriteSandbox)
        #expect(try world.there().differences(from: before).isEmpty)
    }

    @Test("links are followed on request only; one that leads nowhere stays, one that leads back ends")
    func links() async throws {
        let world = try PartWorld(.dash, Self.base)
        let other = try world.directory.directory(
            "elsewhere", ["shared": .file("shared", mode: 0o640), "sub/x": .file("x")])
        let target = String(decoding: other, as: UTF8.self)
        let asset = try world.asset(
            "linked",
            [
                "file": .link("\(target)/shared"), "tree": .link("../elsewhere"), "gone": .link("nowhere"),
                "loop/back": .link(".."), "plain": .file("plain"),
            ])
        for follows in [true, false] {
            let part = PushPart.asset(asset, at: try path("\(Self.place)/linked"), followsLinks: follows)
            let report = try await SyncEngine.push([part], to: world.endpoint, options: world.options)
            #expect(report.problemCodes == (follows ? ["\(Self.place)/linked/loop/back": .skipped] : [:]))
            let there = try world.there("\(Self.place)/linked")
            let expected: Tree =
                follows
                ? [
                    "file": .file("shared", mode: 0o640), "tree/shared": .file("shared", mode: 0o640),
                    "tree/sub/x": .file("x"), "gone": .link("nowhere"), "loop/back": .directory(),
                    "plain": .file("plain"),
                ] : try Tree(reading: asset)
            #expect(there.differences(from: expected, aspects: .content).isEmpty, "\(there.paths)")
            // A second time there is nothing to do.
            let again = try await SyncEngine.push([part], to: world.endpoint, options: world.options)
            #expect(again.summary.changesNothing)
        }
    }

    @Test("what an asset excludes is not in its image; its rule files and the workspace's do not count")
    func excludes() async throws {
        let world = try PartWorld(.dash, [".ferryignore": .file("*.log\n"), "a.log": .file("a"), "b": .file("b")])
        let tree: Tree = [
            "a.log": .file("a"), "b": .file("b"), "dir/b": .file("b"), ".ferryignore": .file("kept\n"),
            "kept": .file("kept"),
        ]
        let asset = try world.asset("asset", tree)
        let other = try world.asset("other", tree)
        let rules = IgnoreRules.excluding("b")
        let parts: [PushPart] = [
            .workspace(world.workspace), .asset(asset, at: try path("\(Self.place)/one"), rules: rules),
            .asset(other, at: try path("\(Self.place)/two")),
        ]
        try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        let names = ["one", "two"].map { name in
            (try? world.there("\(Self.place)/\(name)").paths.map(\.description)) ?? []
        }
        #expect(names[0] == [".ferryignore", "a.log", "dir", "kept"])
        #expect(names[1] == [".ferryignore", "a.log", "b", "dir", "dir/b", "kept"])
        // What an image leaves out goes when it is there.
        try world.agent("echo b >\(Self.place)/one/b")
        let report = try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        #expect(report.summary.deleted == 1 && report.problems == [])
    }

    @Test("hostile names arrive in assets as well, and go again", arguments: [Machine.dash, .busybox, .bsdtar])
    func oddNamesInAssets(machine: Machine) async throws {
        var tree = Tree()
        for name in oddNames {
            tree[try RelativePath(validating: name)] = entry("odd")
            tree[try path("C:sub").appending(name)] = entry("odd")
        }
        let world = try PartWorld(machine, tree)
        let asset = try world.asset("asset", tree)
        let odd = try RelativePath(validating: Array(".ferry-runtime/it's $HOME\n-rf/C:evil".utf8))
        let parts: [PushPart] = [.workspace(world.workspace), .asset(asset, at: odd)]
        let report = try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        #expect(report.problems == [], "\(report.problems)")
        let there = try Tree(reading: world.remote + Array("/".utf8) + odd.bytes)
        #expect(there.differences(from: tree, aspects: .content).isEmpty)
        let none = try world.asset("asset", [:])
        let emptied = try await SyncEngine.push(
            [.asset(none, at: odd)], to: world.endpoint, options: world.options)
        #expect(emptied.problems == [], "\(emptied.problems)")
        #expect(try Tree(reading: world.remote + Array("/".utf8) + odd.bytes).paths.isEmpty)
    }

    @Test("a push that is killed on its way heals when it is repeated", arguments: [200, 4_000, 20_000, 60_000])
    func killed(after bytes: Int) async throws {
        let world = try PartWorld(.dash, Self.base)
        var big = Self.skills
        big["big"] = entry(String(repeating: "0123456789", count: 5_000))
        _ = try world.asset("skills", big)
        let parts: [PushPart] = [
            .workspace(world.workspace),
            .asset(try world.asset("home", Self.home), at: try path("\(Self.place)/my home")),
            .asset(try world.asset("nothing", [:]), at: try path("\(Self.place)/nothing")),
            .asset(world.directory.path("skills"), at: try path("\(Self.place)/skills")),
        ]
        let broken = world.endpoint { sandbox in
            FaultySandbox(sandbox) { _, _ in .breaksInput(after: bytes, .disconnected) }
        }
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.push(parts, to: broken, options: world.options)
        }
        #expect(error?.code == .transport)
        let report = try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
        #expect(report.problems == [], "\(report.problems)")
        try expectAll(world, .dash)
    }

    @Test("parts that would get into each other's way are refused before anything is done")
    func refused() async throws {
        let world = try PartWorld(.dash, Self.base)
        let asset = try world.asset("asset", Self.home)
        func code(_ parts: [PushPart]) async -> SyncError.Code? {
            await failure { () throws(SyncError) in
                try await SyncEngine.push(parts, to: world.endpoint, options: world.options)
            }?.code
        }
        let workspace = PushPart.workspace(world.workspace)
        #expect(await code([]) == .usage)
        #expect(await code([workspace, workspace]) == .usage)
        let one = PushPart.asset(asset, at: try path("\(Self.place)/one"))
        #expect(await code([one, one]) == .usage)
        #expect(await code([one, .asset(asset, at: try path("\(Self.place)/one/two"))]) == .usage)
        #expect(await code([.asset(asset, at: try path(".ferry-runtime/.gitignore"))]) == .usage)
        #expect(await code([.asset(asset, at: try path(".ferry-runtime/.ferry-tmp-x/a"))]) == .usage)
        #expect(world.counted.take().commands == 0)
        // In the middle of the workspace only what its rules leave out.
        #expect(await code([workspace, .asset(asset, at: try path("runtime/one"))]) == .usage)
        #expect(await code([one, .asset(world.directory.path("missing"), at: try path("\(Self.place)/x"))]) == .halted)
        #expect(try world.there().paths.isEmpty)
        var options = world.options
        options.rules = .excluding("/runtime/")
        try await SyncEngine.push(
            [workspace, .asset(asset, at: try path("runtime/one"))], to: world.endpoint, options: options)
        #expect(try world.there()["runtime/one/settings.json"] != nil && world.there()["runtime/.gitignore"] != nil)
    }

    @Test("a dry run tells the plans of all and changes nothing")
    func dryRun() async throws {
        let world = try PartWorld(.dash, Self.base)
        var options = world.options
        options.isDryRun = true
        for endpoint in [world.endpoint, .directory(world.remote)] {
            let report = try await SyncEngine.push(parts(world), to: endpoint, options: options)
            #expect(report.summary.created == 7 + 7 + 2)
            #expect(try world.there().paths.isEmpty)
        }
    }

    @Test("into a directory of this machine all goes in process, with the same outcome")
    func directory() async throws {
        for content in [nil, Tree()] {
            let world = try PartWorld(.dash, Self.base, remote: content)
            let parts = try parts(world)
            let first = try await SyncEngine.push(parts, to: .directory(world.remote), options: world.options)
            #expect(first.problems == [] && first.summary.created == 7 + 7 + 2)
            try expectAll(world, .dash)
            let other = try world.directory.directory("other", ["kept": .file("kept")])
            for script in [
                "true", "cd \(Self.place)/skills; echo stale >stale; rm run; mkfifo run; mkdir new; mkfifo new/pipe",
                "rm -r .ferry-runtime; ln -s ../other .ferry-runtime", "rm -r .ferry-runtime; echo x >.ferry-runtime",
                "rm -r '\(Self.place)/my home'; ln -s ../../../other '\(Self.place)/my home'",
                "rm .ferry-runtime/.gitignore; ln -s ../../other/made .ferry-runtime/.gitignore",
            ] {
                try world.agent(script)
                let again = try await SyncEngine.push(parts, to: .directory(world.remote), options: world.options)
                #expect(again.problems == [], "\(script): \(again.problems)")
                try expectAll(world, .dash)
            }
            #expect(try Tree(reading: other).paths.map(\.description) == ["kept"])
            try world.agent("echo theirs >file; echo stale >\(Self.place)/skills/stale")
            _ = try Tool.run("/bin/sh", ["-c", "echo ours >'\(world.directory.text)/workspace/file'"])
            let before = try world.there()
            let reason = await halt { () throws(SyncError) in
                try await SyncEngine.push(parts, to: .directory(world.remote), options: world.options)
            }
            #expect(reason == .overwriteSandbox)
            #expect(try world.there().differences(from: before).isEmpty)
        }
    }

    @Test("an archive takes one workspace and no assets")
    func archive() async throws {
        let world = try PartWorld(.dash, Self.base)
        let archive = Endpoint.archive(world.directory.path("a.tar"))
        let parts = try parts(world)
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.push(parts, to: archive, options: world.options)
        }
        #expect(error?.code == .usage)
        let report = try await SyncEngine.push([.workspace(world.workspace)], to: archive, options: world.options)
        #expect(report.problems == [])
    }
}

private func entry(_ text: String) -> TreeEntry? {
    let tree: Tree = ["file": .file(text)]
    return tree["file"]
}

private func text(_ entry: TreeEntry) -> String? { entry.content.map { String(decoding: $0, as: UTF8.self) } }

private func path(_ text: String) throws -> RelativePath { try RelativePath(validating: Array(text.utf8)) }
