import FerryCore
import FerryEngine
import FerryFileSystem
import FerryTesting
import Glibc
import Testing

/// Whatever a destination hands down to new entries, modes come out exact, and owners are its own.
@Suite("What the destination hands down")
struct InheritanceTests {
    static let tree: Tree = [
        "a": .file("a", mode: 0o640), "x": .file("x", mode: 0o777),
        "d": .directory(["b": .file("b", mode: 0o600)], mode: 0o750),
        "e": .directory(mode: 0o700), "deep/er/c": .file("c", mode: 0o444),
    ]

    @Test(
        "below a setgid directory modes are exact and the bit is not carried on",
        arguments: ProtectionTests.Way.allCases)
    func setgid(way: ProtectionTests.Way) async throws {
        let pair = try Pair(Self.tree)
        try #require(unsafe chmod(pair.sandbox.map(CChar.init(bitPattern:)) + [0], 0o2775) == 0)
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        try pair.expectSame(0)
    }

    @Test(
        "below a directory with a default access control list modes are exact", arguments: ProtectionTests.Way.allCases)
    func defaultACL(way: ProtectionTests.Way) async throws {
        let pair = try Pair(Self.tree, sandbox: ["deep": .directory(mode: 0o755)])
        // user::rwx, group::r-x, other::---, as the kernel keeps it.
        let list = "0200000001000700ffffffff04000500ffffffff20000000ffffffff"
        for directory in ["sandbox", "sandbox/deep"] {
            let path = String(decoding: pair.directory.path(directory), as: UTF8.self)
            let code =
                "import os, sys; os.setxattr(sys.argv[1], 'system.posix_acl_default', bytes.fromhex(sys.argv[2]))"
            let result = try run("python3", ["-c", code, path, list])
            try #require(result.isSilent || result.errors.contains("not supported"), "\(result)")
        }
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        try pair.expectSame(0)
    }

    @Test("setuid, setgid and sticky bits of the source are not carried", arguments: ProtectionTests.Way.allCases)
    func specialBits(way: ProtectionTests.Way) async throws {
        let pair = try Pair(["f": .file("f", mode: 0o4755), "d": .directory(["x": .file("x")], mode: 0o3777)])
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        let found = try Tree(reading: pair.sandbox)
        #expect(found["f"]?.mode == 0o755 && found["d"]?.mode == 0o777)
        let again = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        #expect(again.summary.changesNothing)
    }

    private static func owners(_ directory: [UInt8]) throws -> Set<uid_t> {
        var result: Set<uid_t> = []
        for path in try Tree(reading: directory).paths {
            var status = stat()
            guard unsafe lstat((directory + [0x2F] + path.bytes).map(CChar.init(bitPattern:)) + [0], &status) == 0
            else { continue }
            result.insert(status.st_uid)
        }
        return result
    }

    @Test(
        "root gives new entries to the owner of the destination, whoever owns the source",
        .enabled(if: geteuid() == 0, "only root can give files away; run this test as root too"),
        arguments: ProtectionTests.Way.allCases)
    func owner(way: ProtectionTests.Way) async throws {
        var tree = Self.tree
        tree["link"] = TreeEntry(.link([0x61]))
        tree["hard"] = TreeEntry(.hardLink(TreePath("a").path))
        let pair = try Pair(tree)
        let path = pair.sandbox.map(CChar.init(bitPattern:)) + [0]
        try #require(unsafe chown(path, PlainUser.number, PlainUser.number) == 0)
        _ = try await way.sync(pair.workspace, pair.sandbox) { _ in }
        #expect(try Self.owners(pair.sandbox) == [PlainUser.number])
        // The other way round: a source of somebody else's into root's own.
        let back = try pair.directory.directory("back")
        _ = try await way.sync(pair.sandbox, back) { _ in }
        #expect(try Self.owners(back) == [0])
    }

    @Test(
        "a replaced file keeps its owner, a given owner is for new entries",
        .enabled(if: geteuid() == 0, "only root can give files away; run this test as root too"),
        arguments: ProtectionTests.Way.allCases)
    func replaced(way: ProtectionTests.Way) async throws {
        let pair = try Pair(
            ["a": .file("newer"), "b": .file("b"), "c": .file("newer")],
            sandbox: ["a": .file("old"), "c": .file("old")])
        // One belongs to somebody, the other to root, which runs this.
        let path = pair.directory.path("sandbox/a").map(CChar.init(bitPattern:)) + [0]
        try #require(unsafe chown(path, 1234, 1234) == 0)
        _ = try await way.sync(pair.workspace, pair.sandbox) { $0.owner = FileOwner(user: 4321, group: 4321) }
        #expect(try Tree(reading: pair.sandbox)["a"]?.content == Array("newer".utf8))
        #expect(try Self.owners(pair.sandbox) == [0, 1234, 4321])
    }
}
