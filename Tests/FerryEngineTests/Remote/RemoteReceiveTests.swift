import FerryArchive
import FerryCore
import FerryFileSystem
import FerryTesting
import FerryTransport
import Glibc
import TestSupport
import Testing

@testable import FerryEngine

@Suite("Writing into a sandbox")
struct RemoteReceiveTests {
    private static var tree: Tree {
        let time = Timestamp(seconds: 1_600_000_000, nanoseconds: 123_456_789)
        var tree: Tree = [
            "dir/file": .file("content", mode: 0o640, mtime: time), "dir/run": .file("#!", mode: 0o755, mtime: time),
            "closed": .directory(["in": .file("in", mode: 0o400, mtime: time)], mode: 0o555, mtime: time),
            "none": .directory(mode: 0, mtime: time), "wide": .directory(mode: 0o777, mtime: time),
            "dangling": .link("no/where", mtime: time), "absolute": .link("/nothing", mtime: time),
            "first": .file("two", mode: 0o666, mtime: time), "second": .hardLink("first"),
            "D:drive/a": .file("a", mtime: time), "D:drive/b": .hardLink("D:drive/a"),
            "large": .file(bytes: [UInt8](repeating: 7, count: 3 << 20), mode: 0o644, mtime: time),
        ]
        for name in oddNames {
            tree[TreePath(name)] = TreeEntry(.file(Array("odd".utf8), hasHoles: false), mode: 0o600, mtime: time)
            tree[TreePath(Array("odd dir/".utf8) + name + Array("/in".utf8))] = TreeEntry(
                .file([], hasHoles: false), mode: 0o600, mtime: time)
        }
        return tree
    }

    private static func aspects(_ machine: Machine) -> TreeAspects {
        machine.keepsSubseconds ? .standard : [.modes, .hardLinks]
    }

    @Test(
        "where the end of the input may stay hidden, the stream goes in pieces",
        arguments: [Machine.dash, .bash, .busybox, .bsdtar])
    func pieces(machine: Machine) throws {
        var tree: Tree = ["d/small": .file("s"), "link": .link("d")]
        let large = (0..<((5 << 20) / 4)).map { UInt8(truncatingIfNeeded: $0 / 3) }
        tree["large"] = TreeEntry(.file(large, hasHoles: false))
        let world = try RemoteWorld(machine, tree)
        world.sandbox.capabilities.provesEndOfOutput = false
        let facts = try world.open().facts
        #expect(facts.takesPieces && facts.takesLongPieces)
        for compression in [Compression.none, .gzip] {
            let receipt = try world.push { $0.compression = compression }
            #expect(receipt.incomplete == nil && receipt.listing?.snapshot.entryCount == 4)
        }
        #expect(try Tool.run("/usr/bin/diff", ["-r", "--no-dereference"] + world.names).status == 0)
        // A stream that is broken off is one that was cut.
        #expect(throws: RemoteFailure.self) { try world.push(cutAfter: 2_000) }
        #expect(try world.leftovers.isEmpty)
    }

    @Test(
        "where dd takes more than it is told to count, or counts no bytes, pieces are taken whole",
        arguments: [
            "case $* in *count_bytes*) exit 1 ;; esac", "case $* in *count_bytes*) cat >/dev/null; exit 0 ;; esac",
        ])
    func wholePieces(beginning: String) throws {
        var tree: Tree = ["small": .file("s")]
        tree["large"] = TreeEntry(.file([UInt8](repeating: 3, count: 3 << 20), hasHoles: false))
        let world = try RemoteWorld(.dash, tree)
        let script = "#!/bin/sh\n\(beginning)\nexec /usr/bin/dd \"$@\"\n"
        let tools = try world.directory.directory("tools", ["dd": .file(script, mode: 0o755)])
        world.sandbox.environment = ["PATH=\(String(decoding: tools, as: UTF8.self)):/usr/bin:/bin", "HOME=/"]
        world.sandbox.capabilities.provesEndOfOutput = false
        let facts = try world.open().facts
        #expect(facts.takesPieces && !facts.takesLongPieces)
        #expect(try world.push().incomplete == nil)
        #expect(try Tool.run("/usr/bin/diff", ["-r"] + world.names).status == 0)
    }

    @Test("a tree arrives as it is, whatever the umask and the tools", arguments: Machine.available)
    func arrives(machine: Machine) throws {
        let world = try RemoteWorld(machine, Self.tree)
        let receipt = try world.push()
        #expect(receipt.incomplete == nil, "\(String(describing: receipt.incomplete))")
        #expect(receipt.remaining.isEmpty)
        let expected = try Tree(reading: world.workspace)
        let differences = try Tree(reading: world.remote).differences(from: expected, aspects: Self.aspects(machine))
        #expect(differences.isEmpty, "\(differences)")
        #expect(receipt.listing?.snapshot.entryCount == expected.paths.count)
        #expect(receipt.entries == expected.paths.count)
        #expect(try world.leftovers.isEmpty)
    }

    @Test("directories and links get their times where the tar there drops them", arguments: [Machine.busybox, .dash])
    func times(machine: Machine) throws {
        let time = Timestamp(seconds: 1_600_000_000)
        let world = try RemoteWorld(
            machine, ["d": .directory(["f": .file("f", mtime: time)], mtime: time), "l": .link("x", mtime: time)])
        try world.push()
        let tree = try Tree(reading: world.remote)
        #expect(tree["d"]?.mtime == time && tree["l"]?.mtime == time && tree["d/f"]?.mtime == time)
    }

    @Test("a missing directory is made with its parents", arguments: [Machine.dash, .busybox])
    func missing(machine: Machine) throws {
        let world = try RemoteWorld(machine, ["a": .file("a")], remote: nil)
        let deep = world.directory.path("remote/with space/it's deep")
        let session = try RemoteSession.open(world.sandbox, root: .absolute(deep))
        #expect(session.facts.root == .missing)
        let stream = try archiveOf("a", "content")
        _ = try session.receive(RemoteReceiveRequest()) { (sink) throws(PackFailure) in
            try sink.write(stream.span)
            try sink.endEntries(1)
            try sink.write([UInt8](repeating: 0, count: 1_024).span)
        }
        let tree = try Tree(reading: deep)
        #expect(tree["a"]?.content == Array("content".utf8) && tree.paths.count == 1)
        var status = stat()
        #expect(unsafe stat(deep.map(CChar.init(bitPattern:)) + [0], &status) == 0 && status.st_mode & 0o022 == 0)
    }

    @Test("compressed streams are undone", arguments: [Compression.gzip, .zstd], [Machine.dash, .busybox])
    func compressed(compression: Compression, machine: Machine) throws {
        let world = try RemoteWorld(machine, Self.tree)
        if compression == .zstd, machine == .busybox {
            // BusyBox has no zstd.
            let failure = #expect(throws: RemoteFailure.self) { try world.push { $0.compression = compression } }
            guard case .transport(let error)? = failure else { return }
            #expect(error.code == .missingTool)
            return
        }
        try world.push { $0.compression = compression }
        let differences = try Tree(reading: world.remote).differences(
            from: try Tree(reading: world.workspace), aspects: Self.aspects(machine))
        #expect(differences.isEmpty, "\(differences)")
    }

    @Test("what changes kind is replaced, and nothing is written through a link", arguments: Machine.available)
    func kindChanges(machine: Machine) throws {
        let world = try RemoteWorld(
            machine,
            [
                "was-dir": .file("now a file"), "was-file/in": .file("in"), "was-link/in": .file("in"),
                "was-dir2": .link("x"),
            ],
            remote: [
                "was-dir/a/b": .file("b"), "was-file": .file("old"), "was-link": .link("../outside"),
                "was-dir2": .directory(), "keep": .file("keep"),
            ])
        try world.directory.directory("outside", ["in": .file("untouched")])
        let receipt = try world.push {
            $0.removeBefore = .init(
                files: ["was-dir/a/b", "was-file", "was-link"].map { Array($0.utf8) },
                directories: ["was-dir", "was-dir/a", "was-dir2"].map { Array($0.utf8) })
        }
        #expect(receipt.incomplete == nil && receipt.remaining.isEmpty)
        var expected = try Tree(reading: world.workspace)
        expected["keep"] = TreeEntry(.file(Array("keep".utf8), hasHoles: false))
        let differences = try Tree(reading: world.remote).differences(from: expected, aspects: [.modes])
        #expect(differences.isEmpty, "\(differences)")
        #expect(try Tree(reading: world.directory.path("outside"))["in"]?.content == Array("untouched".utf8))
    }

    @Test(
        "100,000 deletions go by standard input, and a directory that holds something else stays",
        arguments: [
            Machine.dash, .busybox,
        ])
    func manyDeletions(machine: Machine) throws {
        let world = try RemoteWorld(machine, ["new": .file("n")])
        let remote = String(decoding: world.remote, as: UTF8.self)
        let made = try Tool.run(
            "/bin/sh",
            [
                "-c",
                "cd \"$0\"; mkdir d; cd d; seq -f 'a rather long name %.0f' 1 100000 | tr '\\n' '\\0' | xargs -0 touch",
                remote,
            ])
        #expect(made.status == 0)
        _ = try Tool.run("/bin/sh", ["-c", "mkdir \"$0/e\"; : >\"$0/e/foreign\"", remote])
        let files = (1...100_000).map { Array("d/a rather long name \($0)".utf8) }
        let receipt = try world.push {
            $0.removeAfter = .init(files: files, directories: [Array("d".utf8), Array("e".utf8)])
        }
        #expect(receipt.remaining == [Array("e".utf8)] && receipt.incomplete == nil)
        #expect(try Tree(reading: world.remote).paths.map(\.description) == ["e", "e/foreign", "new"])
    }

    @Test("odd names are removed, and only they", arguments: [Machine.dash, .bash, .busybox])
    func oddRemovals(machine: Machine) throws {
        var content: Tree = ["keep": .file("keep")]
        for name in oddNames { content[TreePath(name)] = TreeEntry(.file([], hasHoles: false)) }
        let world = try RemoteWorld(machine, ["new": .file("n")], remote: content)
        let receipt = try world.push { $0.removeAfter = .init(files: oddNames) }
        #expect(receipt.remaining.isEmpty)
        #expect(try Tree(reading: world.remote).paths.map(\.description) == ["keep", "new"])
    }

    @Test(
        "a stream that is cut anywhere is noticed, nothing is removed after it, and nothing is left over",
        arguments: [
            Machine.dash, .bsdtar, .busybox,
        ])
    func cut(machine: Machine) throws {
        // Without a dozen megabytes, and between members, where every tar exits with 0.
        let tree: Tree = ["a": .file("a"), "b": .file("b"), "c": .file("c")]
        for limit in [0, 100, 512, 1_024, 1_500, 2_048, 3_072, 3_500, 4_096] {
            let world = try RemoteWorld(machine, tree, remote: ["stale": .file("stale")])
            let failure = #expect(throws: RemoteFailure.self, "\(limit)") {
                try world.push({ $0.removeAfter = .init(files: [Array("stale".utf8)]) }, cutAfter: limit)
            }
            guard case .transport(let error)? = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            #expect(error.code == .malformed || error.code == .commandFailed, "\(limit): \(error)")
            #expect(try Tree(reading: world.remote)["stale"] != nil)
            #expect(try world.leftovers.isEmpty, "\(limit)")
            // The next push heals it.
            #expect(try world.push().incomplete == nil)
        }
    }

    @Test("a killed session leaves what the next one sweeps away")
    func killed() throws {
        let world = try RemoteWorld(.dash, ["a": .file("a")])
        let session = try world.open()
        let stop = session.stopper
        #expect(throws: RemoteFailure.self) {
            try session.receive(RemoteReceiveRequest()) { (sink) throws(PackFailure) in
                try sink.write([UInt8](repeating: 0, count: 512).span)
                while unsafe access(world.remote.map(CChar.init(bitPattern:)) + [0], F_OK) == 0,
                    (try? world.leftovers.isEmpty) == true
                { usleep(1_000) }
                stop()
                throw .cancelled
            }
        }
        #expect(try !world.leftovers.isEmpty)
        try world.push()
        #expect(try world.leftovers.isEmpty)
    }

    @Test(
        "a root that belongs to somebody else keeps its owner, mode and works; new entries can be given to its owner",
        .enabled(
            if: getuid() == 0, "only root can give a directory away"), arguments: [Machine.dash, .busybox, .bsdtar])
    func foreignRoot(machine: Machine) throws {
        let world = try RemoteWorld(machine, ["d/a": .file("a", mode: 0o640)])
        let remote = String(decoding: world.remote, as: UTF8.self)
        _ = try Tool.run("/bin/sh", ["-c", "chown 1234:4321 \"$0\"; chmod 711 \"$0\"", remote])
        let session = try world.open()
        #expect(session.facts.directory?.owner == RemoteOwner(user: 1_234, group: 4_321))
        session.close()
        let receipt = try world.push {
            $0.owners = ["d", "d/a"].map { (Array($0.utf8), RemoteOwner(user: 1_234, group: 4_321)) }
        }
        #expect(receipt.incomplete == nil && receipt.listing?.owners.isEmpty == true)
        let found = try Tool.run("/usr/bin/stat", ["-c", "%u:%g %a", remote, remote + "/d", remote + "/d/a"]).text
        #expect(found == "1234:4321 711\n1234:4321 755\n1234:4321 640\n")
    }

    @Test(
        "a directory that its owner may not write is opened for the time and closed again",
        .enabled(
            if: getuid() == 0, "only root can become somebody else"), arguments: [Machine.plainUser, .plainBusybox])
    func readOnly(machine: Machine) throws {
        let world = try RemoteWorld(
            machine, ["ro": .directory(["new": .file("n")], mode: 0o555)],
            remote: ["ro": .directory(["old": .file("o")], mode: 0o555)])
        let receipt = try world.push {
            $0.openDirectories = [Array("ro".utf8)]
            $0.removeAfter = .init(files: [Array("ro/old".utf8)])
        }
        #expect(receipt.incomplete == nil, "\(String(describing: receipt.incomplete))")
        let differences = try Tree(reading: world.remote).differences(
            from: try Tree(reading: world.workspace), aspects: [.modes])
        #expect(differences.isEmpty, "\(differences)")
    }

    @Test(
        "an entry that cannot be written is told and the rest arrives",
        .enabled(
            if: getuid() == 0, "only root can become somebody else"), arguments: [Machine.plainUser])
    func partial(machine: Machine) throws {
        let world = try RemoteWorld(
            machine, ["locked/new": .file("n"), "fine": .file("f")],
            remote: ["locked": .directory(), "gone": .file("g")])
        let remote = String(decoding: world.remote, as: UTF8.self)
        _ = try Tool.run("/bin/chown", ["root:root", remote + "/locked"])
        let receipt = try world.push { $0.removeAfter = .init(files: [Array("gone".utf8)]) }
        let error = try #require(receipt.incomplete)
        #expect(error.code == .commandFailed && String(decoding: error.errorTail, as: UTF8.self).contains("locked/new"))
        let tree = try Tree(reading: world.remote)
        #expect(tree["fine"] != nil && tree["gone"] != nil && tree["locked/new"] == nil)
        #expect(receipt.remaining == [Array("gone".utf8)])
    }

    @Test(
        "a full disk is named, and nothing temporary is left",
        .enabled(
            if: getuid() == 0, "only root can mount a small disk"), arguments: [Machine.dash, .busybox, .bsdtar])
    func fullDisk(machine: Machine) throws {
        let world = try RemoteWorld(
            machine, ["large": .file(bytes: [UInt8](repeating: 1, count: 8 << 20)), "z": .file("z")])
        let remote = String(decoding: world.remote, as: UTF8.self)
        let mounted = try Tool.run("/bin/mount", ["-t", "tmpfs", "-o", "size=1m,mode=755", "tmpfs", remote])
        guard mounted.status == 0 else { return }
        defer { _ = try? Tool.run("/bin/umount", ["-l", remote]) }
        let failure = #expect(throws: RemoteFailure.self) { try world.push() }
        guard case .transport(let error)? = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(error.code == .noSpace, "\(error)")
        #expect(try world.leftovers.isEmpty)
    }

    @Test("a sandbox without tar, or without xargs, says which and what to do", arguments: ["tar", "xargs"])
    func missingTool(name: String) throws {
        let world = try RemoteWorld(.dash, ["a": .file("a")])
        let tools = try ToolDirectory((ToolDirectory.common + ["tar", "find"]).filter { $0 != name })
        let session = try world.open { $0.environment = ["PATH=\(tools.path)"] }
        let failure = #expect(throws: RemoteFailure.self) {
            try session.receive(RemoteReceiveRequest()) { (_) throws(PackFailure) in }
        }
        guard case .transport(let error)? = failure else { return }
        #expect(error.code == .missingTool && error.reason.contains(name) && error.advice.contains("install"))
        #expect(try Tree(reading: world.remote).paths.isEmpty)
    }

    /// One member of a tar without an end.
    private func archiveOf(_ name: String, _ content: String) throws -> [UInt8] {
        var builder = TarBlockBuilder()
        builder.member(name, content: content)
        return builder.bytes
    }
}
