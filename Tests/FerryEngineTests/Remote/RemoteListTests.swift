import FerryCore
import FerryFileSystem
import FerryTesting
import FerryTransport
import Glibc
import TestSupport
import Testing

@testable import FerryEngine

@Suite("Listing a sandbox")
struct RemoteListTests {
    private static var oddTree: Tree {
        var tree: Tree = [
            "dir/sub/file": .file(
                "content", mode: 0o640, mtime: Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789)),
            "dir/empty": .directory(mode: 0o711), "dangling": .link("no/where"), "absolute": .link("/etc/passwd"),
            "self": .link("self"), "fifo": .fifo(), "first": .file("two names"), "second": .hardLink("first"),
            "old": .file("old", mtime: Timestamp(seconds: 86_400)), "newline link": .link("a\nb\n"),
        ]
        for name in oddNames {
            tree[TreePath(name)] = TreeEntry(.file(Array("odd".utf8), hasHoles: false))
            tree[TreePath(Array("odd dir/".utf8) + name + Array("/in".utf8))] = TreeEntry(.file([], hasHoles: false))
        }
        return tree
    }

    @Test("every way of listing gives what a scan of the disk gives", arguments: Machine.available)
    func sameAsScan(machine: Machine) throws {
        let world = try RemoteWorld(machine, remote: Self.oddTree)
        let session = try world.open()
        let expected: RemoteFacts.ListingMethod? =
            switch machine {
            case .gnuTools, .bsdtar: .find
            case .pythonOnly: .python3
            case .perlOnly: .perl
            case .statOnly, .busybox, .plainBusybox: .stat
            default: nil
            }
        if let expected { #expect(session.facts.listing == expected) }
        let listing = try session.list()
        session.close()
        let scanned = try TreeScanner.scan(try RootDirectory.open(world.remote), options: ScanOptions()).snapshot
        #expect(listing.isComplete && listing.snapshot.entryCount == scanned.entryCount)
        #expect(listing.problems.map(\.code) == [.skipped])
        for (path, record) in scanned.allPaths {
            let path = try RelativePath(validating: path)
            let id = try #require(listing.snapshot.entry(at: path), "\(path)")
            let found = listing.snapshot[id]
            #expect(found.kind == record.kind && found.size == record.size, "\(path)")
            guard record.kind.isCarried else { continue }
            if record.kind != .directory {
                // perl knows times to a microsecond, and what is behind it is noise.
                let tolerance: Int64 = machine == .perlOnly ? 1_000 : 0
                let apart = Int64(found.mtime.nanoseconds) - Int64(record.mtime.nanoseconds)
                #expect(found.mtime.seconds == record.mtime.seconds && abs(apart) <= tolerance, "\(path)")
            }
            if record.kind != .symlink { #expect(found.mode == record.mode, "\(path)") }
            let scannedID = try #require(scanned.entry(at: path))
            #expect(listing.snapshot.target(of: id).elementsEqual(scanned.target(of: scannedID)), "\(path)")
            #expect(
                listing.snapshot.path(of: listing.snapshot.firstName(of: id))
                    == scanned.path(of: scanned.firstName(of: scannedID)), "\(path)")
        }
    }

    @Test(
        "what a plain user cannot read is marked and protects what is below",
        arguments: ["find", "python3", "perl", "stat"],
        [Machine.plainUser])
    func unreadable(method: String, machine: Machine) throws {
        guard getuid() == 0 else { return }
        let world = try RemoteWorld(
            remote: [
                "closed": .directory(["secret": .file("s")], mode: 0),
                "listed": .directory(["x": .file("x")], mode: 0o444),
                "fine/a": .file("a"),
            ])
        PlainUser.give(world.remote)
        let names: [String: [String]] = [
            "find": ["find", "stat"], "python3": ["python3"], "perl": ["perl"], "stat": ["stat"],
        ]
        let tools = try ToolDirectory(
            ToolDirectory.common + ["tar"] + (names[method] ?? []),
            renamed: method == "stat" ? ["find": "busybox"] : [:])
        let session = try world.open {
            $0.launcher = [
                "/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/bin/dash", "-c",
            ]
            $0.environment = ["PATH=\(tools.path)", "HOME=/"]
        }
        #expect(session.facts.listing.rawValue == method && session.facts.user == 65_534)
        let listing = try session.list()
        #expect(listing.isComplete)
        let closed = try #require(listing.snapshot.entry(at: RelativePath(validating: Array("closed".utf8))))
        #expect(listing.snapshot[closed].flags.contains([.unreadable, .holdsUnlisted]))
        #expect(listing.problems.contains { $0.code == .unreadable && $0.path == Array("closed".utf8) })
        // Its names can be read and nothing else: it, or all in it, is unknown.
        #expect(listing.problems.contains { $0.code == .unreadable && $0.path.starts(with: Array("listed".utf8)) })
        let fine = try #require(listing.snapshot.entry(at: RelativePath(validating: Array("fine".utf8))))
        #expect(!listing.snapshot[fine].flags.contains(.unreadable))
        #expect(listing.snapshot.entry(at: try RelativePath(validating: Array("fine/a".utf8))) != nil)
    }

    @Test("rules leave out entries and keep the directories that hold them; Ferry's own names are never listed")
    func rules() throws {
        let world = try RemoteWorld(
            remote: [
                "a.o": .file(""), "src/b.o": .file(""), "src/c": .file(""), ".ferry-runtime/x": .file(""),
                ".ferry-tmp-1/y": .file(""), "keep/deep/z": .file(""),
            ])
        var options = RemoteListingOptions()
        options.exclusion = StreamExclusion(rules: .excluding("*.o"), selection: nil)
        options.preserve = .patterns("keep")
        let listing = try world.open().list(options)
        let flags = Dictionary(
            uniqueKeysWithValues: listing.snapshot.allPaths.map { (displayName(of: $0.path), $0.record.flags) })
        #expect(flags.keys.sorted() == ["keep", "keep/deep", "keep/deep/z", "src", "src/c"])
        #expect(flags["src"]?.contains(.holdsUnlisted) == true && flags["keep/deep/z"]?.contains(.isPreserved) == true)
        #expect(listing.snapshot[listing.snapshot.root].flags.contains(.holdsUnlisted))
    }

    @Test("a missing directory is known to be missing, and one behind a closed door is not")
    func rootStates() throws {
        let world = try RemoteWorld(.dash, remote: ["file": .file(""), "door/in": .directory()])
        func state(_ path: String, plain: Bool = false) throws -> RemoteFacts {
            var sandbox = world.sandbox
            if plain {
                sandbox.launcher =
                    ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] + sandbox.launcher
            }
            return try RemoteSession.open(sandbox, root: .absolute(world.directory.path("remote/" + path))).facts
        }
        #expect(try state("nothing/here").root == .missing)
        #expect(try state("file").root == .other)
        #expect(try state("file/below").root == .other)
        let door = try state("door/in")
        #expect(door.root == .directory && door.directory?.isEmpty == true)
        #expect(try state("").directory?.isEmpty == false)
        guard getuid() == 0 else { return }
        _ = try Tool.run("/bin/chmod", ["700", String(decoding: world.directory.path("remote/door"), as: UTF8.self)])
        #expect(try state("door/in", plain: true).root == .unreadable)
        #expect(try state("door/other", plain: true).root == .unreadable)
        #expect(try state("door", plain: true).root == .unreadable)
    }

    @Test("a path below the home directory is found, and what the shell prints before is passed over")
    func home() throws {
        let world = try RemoteWorld(remote: ["it's here/a": .file("a")])
        var sandbox = world.sandbox
        sandbox.environment.removeAll { $0.hasPrefix("HOME=") }
        sandbox.launcher = ["/bin/sh", "-c", "echo Welcome to the sandbox; eval \"$0\""]
        let root = RemoteRoot(path: Array("/~/it's here".utf8), isBelowHome: true)
        #expect(try RemoteSession.open(sandbox, root: root).facts.root == .nohome)
        sandbox.environment.append("HOME=" + String(decoding: world.remote, as: UTF8.self))
        let session = try RemoteSession.open(sandbox, root: root)
        #expect(try session.list().snapshot.entryCount == 1)
    }

    @Test(
        "digests are those of the files, whatever their names, and nil for what is no file",
        arguments: Machine.available)
    func digests(machine: Machine) throws {
        let world = try RemoteWorld(machine, remote: Self.oddTree)
        let session = try world.open()
        let paths =
            oddNames + [Array("dir/sub/file".utf8), Array("fifo".utf8), Array("dir".utf8), Array("gone".utf8)]
            + [Array("dangling".utf8)]
        let digests = try session.digests(of: paths)
        #expect(digests.count == paths.count)
        let odd = StreamDigest.of(Array("odd".utf8).span)
        for (path, digest) in zip(paths, digests).prefix(oddNames.count) {
            #expect(digest == odd, "\(displayName(of: path))")
        }
        #expect(digests[oddNames.count] == StreamDigest.of(Array("content".utf8).span))
        #expect(digests.suffix(4).allSatisfy { $0 == nil })
        // The session goes on.
        #expect(try session.list().isComplete)
    }

    @Test("a sandbox without a shell or that ends early is a clear error")
    func noShell() throws {
        let sandbox = ShellSandbox(["/bin/sh", "-c", "no-such-shell -c x"])
        let error = #expect(throws: TransportError.self) {
            _ = try RemoteSession.open(sandbox, root: .absolute(Array("/tmp".utf8)))
        }
        #expect(error?.code == .missingTool && error?.advice.contains("sh") == true)
        let quiet = ShellSandbox(["/bin/sh", "-c", "echo hi; exit 0"])
        let cut = #expect(throws: TransportError.self) {
            _ = try RemoteSession.open(quiet, root: .absolute(Array("/tmp".utf8)))
        }
        #expect(cut?.code == .malformed)
        let slow = ShellSandbox(["/bin/sh", "-c", "sleep 30"])
        let late = #expect(throws: TransportError.self) {
            _ = try RemoteSession.open(slow, root: .absolute(Array("/tmp".utf8)), deadline: .milliseconds(200))
        }
        #expect(late?.code == .timedOut)
    }
}
