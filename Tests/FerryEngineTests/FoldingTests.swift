import FerryCore
import FerryFileSystem
import FerryTesting
import Glibc
import TestSupport
import Testing

@testable import FerryEngine

/// A file system that folds, as far as anybody asks it.
private struct FoldingFake: NameProbe {
    let folding: NameFolding
    func merges(_ first: [UInt8], _ second: [UInt8]) -> Bool { true }
}

/// A real file system that folds: the first that this machine can mount.
private final class FoldingDisk {
    let path: String
    let name: String

    private static let kinds: [(name: String, script: String)] = [
        ("ext4", "mkfs.ext4 -q -O casefold -E encoding=utf8 i && mount -o loop i d && mkdir d/f && chattr +F d/f"),
        ("vfat", "mkfs.vfat i && mount -o loop i d && mkdir d/f"),
        ("ntfs", "mkntfs -q -F i && lowntfs-3g -o ignore_case,permissions i d && mkdir d/f"),
    ]

    /// Closes what a daemon must not inherit: whoever started this waits for the end of it.
    private static let apart =
        "exec </dev/null >log 2>&1; for f in /proc/$$/fd/*; do n=${f##*/}; [ $n -lt 3 ] || eval \"exec $n>&-\"; done; "

    init(_ directory: [UInt8]) throws {
        let root = String(decoding: directory, as: UTF8.self)
        path = root + "/d/f"
        _ = try Tool.run("/bin/sh", ["-c", "truncate -s 24M i; mkdir d"], directory: root)
        for kind in Self.kinds {
            let made = try Tool.run("/bin/bash", ["-c", Self.apart + kind.script], directory: root)
            if made.status == 0 {
                name = kind.name
                return
            }
            _ = try? Tool.run("/bin/sh", ["-c", "umount d"], directory: root)
        }
        throw Tool.Failure(result: try Tool.run("/bin/false", []))
    }

    deinit { _ = try? Tool.run("/bin/umount", ["-l", String(path.dropLast(2))]) }

    static let isAvailable: Bool = {
        if getuid() == 0, let directory = try? TemporaryDirectory(),
            let disk = try? FoldingDisk(directory.path)
        {
            print("names are tried on \(disk.name)")
            return true
        }
        print(
            "SKIPPED: no file system that merges names can be mounted here; it takes root and ext4 with casefold, vfat, or"
                + " ntfs-3g")
        return false
    }()
}

@Suite("Names that the workspace's file system merges")
struct FoldingTests {
    private static func options(_ folding: NameFolding) -> SyncOptions {
        .with { $0.probesNames = { _, _ in FoldingFake(folding: folding) } }
    }

    /// Two names, and by what they are one.
    static let twins: [(String, String, NameFolding)] = [
        ("Read", "read", .letterCase), ("caf\u{E9}", "cafe\u{301}", .normalization),
    ]

    @Test(
        "Twins are refused only where the file system merges them, before any change, from a directory and from an archive",
        arguments: 0..<2, [[], .letterCase, .normalization] as [NameFolding])
    func twins(_ number: Int, _ folding: NameFolding) async throws {
        let (first, second, kind) = Self.twins[number]
        let (left, right) = (Array("d/\(first)".utf8), Array("d/\(second)".utf8))
        for isArchive in [false, true] {
            for isLocal in [false, true] {
                var theirs: Tree = ["other": .file("x")]
                theirs[TreePath(left)] = TreeEntry(.file([1], hasHoles: false))
                var ours: Tree = ["mine": .file("x")]
                if isLocal {
                    ours[TreePath(right)] = TreeEntry(.file([2], hasHoles: false))
                } else {
                    theirs[TreePath(right)] = TreeEntry(.file([2], hasHoles: false))
                }
                let pair = try Pair(ours)
                let sandbox = try pair.directory.directory("theirs", theirs)
                var endpoint = Endpoint.directory(sandbox)
                if isArchive {
                    endpoint = .archive(pair.directory.path("a.tar"))
                    try await SyncEngine.push(sandbox, to: endpoint)
                }
                let before = try DiskFingerprint.all(in: pair.workspace)
                let error = await failure { () throws(SyncError) in
                    try await SyncEngine.pull(from: endpoint, to: pair.workspace, options: Self.options(folding))
                }
                if folding == kind {
                    #expect(error?.code == .unsafeArchive && error?.examples.count == 2, "\(String(describing: error))")
                    #expect(try DiskFingerprint.all(in: pair.workspace) == before)
                } else {
                    #expect(error == nil, "\(String(describing: error))")
                }
            }
        }
    }

    @Test("The file system of this machine's temporary directory merges nothing, and the probe leaves nothing")
    func plain() async throws {
        let directory = try TemporaryDirectory()
        let root = try RootDirectory.open(directory.path)
        do {
            let probe = try FoldingProbe(on: root, stateDirectory: nil)
            #expect(probe.folding == [] && !probe.merges([0x61], [0x41]) && probe.merges([0x61], [0x61]))
        }
        #expect(try Tree(reading: directory.path).entries.isEmpty)
        let pair = try Pair(["Read": .file("a")])
        let both = try pair.directory.directory("both", ["Read": .file("a"), "read": .file("b")])
        try await SyncEngine.pull(from: .directory(both), to: pair.workspace)
        #expect(try Tree(reading: pair.workspace)["read"] != nil)
    }

    @Test(
        "A real file system that merges is found out, and twins are refused with nothing changed",
        .enabled(if: FoldingDisk.isAvailable, "run as root, with ext4 casefold, vfat or ntfs-3g"),
        arguments: [false, true])
    func real(isLocal: Bool) async throws {
        let pair = try Pair(["Read": .file("a")])
        let disk = try FoldingDisk(pair.directory.path)
        let workspace = Array((disk.path + "/ws").utf8)
        _ = try Tool.run("/bin/mkdir", [disk.path + "/ws"])
        if isLocal { _ = try Tool.run("/bin/sh", ["-c", "echo mine >read"], directory: disk.path + "/ws") }
        let theirs = try pair.directory.directory(
            "theirs", isLocal ? ["READ": .file("a")] : ["READ": .file("a"), "rEad": .file("b")])
        let error = await failure { () throws(SyncError) in
            try await SyncEngine.pull(from: .directory(theirs), to: workspace)
        }
        #expect(error?.code == .unsafeArchive, "\(disk.name): \(String(describing: error))")
        let left = try Tool.run("/bin/ls", ["-A", disk.path + "/ws"]).text
        #expect(left == (isLocal ? "read\n" : ""), "\(disk.name): \(left)")
        #expect(try Tool.run("/bin/ls", ["-A", disk.path]).text == "ws\n")
    }
}
