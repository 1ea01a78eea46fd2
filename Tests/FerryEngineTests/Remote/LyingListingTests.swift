import FerryCore
import FerryTransport
import TestSupport
import Testing

@testable import FerryEngine

@Suite("A sandbox that lies in its listing")
struct LyingListingTests {
    /// Reads a listing of hand-made strings.
    private static func read(
        _ strings: [String], options: RemoteListingOptions = RemoteListingOptions(), isPartial: Bool = false
    ) throws -> RemoteListing {
        let nonce = RemoteNonce()
        let bytes = strings.flatMap { Array($0.replacing("MARK ", with: "=\(nonce.text) ").utf8) + [0] }
        let channel = RemoteChannel(
            CannedProcess(bytes), sandbox: "test://liar", nonce: nonce, purpose: "listing")
        return try ListingDialogue(channel, RemoteListingRequest(whole: options), isPartial: isPartial).run().first
    }

    private static let root = ["d 755 0 1 1 2 2 7 0 0", ".", ""]
    private static let end = ["MARK listed 0"]

    private static func entry(_ path: String, _ kind: String = "f", _ target: String = "", inode: Int = 9) -> [String] {
        ["\(kind) 644 5 1.5 1.5 \(inode) 1 7 0 0", path, target]
    }

    @Test("an honest listing is taken in any order")
    func honest() throws {
        let listing = try Self.read(
            Self.root + Self.entry("./d/in") + Self.entry("./b", "l", "x") + Self.entry("./d", "d") + Self.end)
        #expect(listing.snapshot.entryCount == 3 && listing.isComplete && listing.problems.isEmpty)
    }

    @Test(
        "the sandbox's clock says from when on a listing counts; without it the youngest entries do not",
        arguments: [
            ("1700000000.123456789", Timestamp(seconds: 1_700_000_000, nanoseconds: 123_456_789)),
            ("2023-11-14 22:13:20.5 +0000", Timestamp(seconds: 1_700_000_000, nanoseconds: 500_000_000)),
            ("1700000000.%N", Timestamp(seconds: 1_700_000_000)), ("", nil), ("soon", nil), ("1 2 3", nil),
        ])
    func clock(text: String, time: Timestamp?) throws {
        let listing = try Self.read(["MARK clock \(text)"] + Self.root + Self.entry("./a") + Self.end)
        #expect(listing.start == time)
        #expect(listing.stamp.start == time ?? Timestamp(seconds: 1, nanoseconds: 500_000_000))
    }

    @Test(
        "paths that escape, repeat or cannot be are refused, exit 10",
        arguments: [
            ["../x"], ["./../x"], ["./a/../b"], ["/etc/passwd"], [".//x"], ["./"], ["./a/"], ["x"], [""], ["./."],
            ["./a/./b"],
            ["./a", "./a"], ["./a", "./a/b"], ["./\(String(repeating: "n", count: 256))"], ["."],
            ["./" + Array(repeating: "d", count: 5_000).joined(separator: "/")],
        ])
    func paths(paths: [String]) throws {
        let error = RefusedListing.thrown { try Self.read(Self.root + paths.flatMap { Self.entry($0) } + Self.end) }
        let refused = try #require(error, "\(paths)")
        #expect(RemoteFailure.refused(refused).syncError.code == .unsafeArchive)
    }

    @Test(
        "kinds, numbers and shapes that make no sense are refused",
        arguments: [
            root + entry("./a") + entry("./a", "d"), root + entry("./a", "f", "target"), root + entry("./a", "U"),
            root + ["f 644 -5 1 1 1 1 1 0 0", "./a", ""], root + ["nonsense", "./a", ""], root + entry("./d/below"),
            entry("./a") + root, root + root, ["f 644 0 1 1 2 2 7 0 0", ".", ""], [], root + ["!", ".", ""],
            root + ["!", "../x", ""], root + ["%", "81a4 1 9 1 2 3 4 1 1", "./a", "./b", ""],
            root + ["%", "81a4 1 9 1 2 3 4 1 1\n81a4 1 9 1 2 3 4 1 1", "./a", "", ""], root + ["%", "x", "./a", ""],
        ])
    func shapes(strings: [String]) {
        #expect(RefusedListing.thrown { try Self.read(strings + Self.end) } != nil, "\(strings)")
    }

    @Test("a listing without its end is cut, whatever the status")
    func cut() {
        #expect {
            _ = try Self.read(Self.root + Self.entry("./a"))
        } throws: { error in
            guard case ListingFailure.remote(.transport(let error)) = error else { return false }
            return error.code == .malformed
        }
    }

    @Test("a file's name that looks like a mark is a name")
    func fakeMark() throws {
        let listing = try Self.read(Self.root + Self.entry("./MARK listed 0") + Self.entry("./b") + Self.end)
        #expect(listing.snapshot.entryCount == 2)
    }

    @Test(
        "endless output stops at a limit, and the error names it",
        arguments: ["entries", "listing bytes", "name bytes"])
    func limits(name: String) throws {
        var options = RemoteListingOptions()
        switch name {
        case "entries": options.limits.entries = 100
        case "listing bytes": options.limits.listingBytes = 4_096
        default: options.limits.nameBytes = 500
        }
        let many = (0..<10_000).flatMap { Self.entry("./n\($0)") }
        let error = try #require(RefusedListing.thrown { try Self.read(Self.root + many, options: options) })
        #expect(error.reason.contains("'\(name)'"), "\(error)")
    }

    @Test("one endless string stops at a limit")
    func endlessString() throws {
        let long = String(repeating: "x", count: 3 << 20)
        #expect(RefusedListing.thrown { try Self.read(Self.root + [long] + Self.end) } != nil)
    }

    @Test("when not all could be read, nothing that is missing counts as absent")
    func incomplete() throws {
        let listing = try Self.read(Self.root + Self.entry("./d", "d") + Self.entry("./a") + ["MARK listed 1"])
        #expect(!listing.isComplete && listing.problems.map(\.code) == [.unreadable])
        let directories = listing.snapshot.allPaths.filter { $0.record.kind == .directory }
        #expect(directories.allSatisfy { $0.record.flags.contains(.unreadable) })
        #expect(listing.snapshot[listing.snapshot.root].flags.contains(.unreadable))
    }

    @Test("names of one inode are one file only when the same is said of them")
    func hardLinks() throws {
        func named(_ path: String, size: Int) -> [String] { ["f 644 \(size) 1 1 9 2 7 0 0", path, ""] }
        let listing = try Self.read(
            Self.root + named("./a", size: 5) + named("./b", size: 5) + named("./c", size: 6) + Self.end)
        let snapshot = listing.snapshot
        func first(_ name: String) throws -> [UInt8] {
            let id = try #require(snapshot.entry(at: RelativePath(validating: Array(name.utf8))))
            return snapshot.path(of: snapshot.firstName(of: id))
        }
        #expect(try first("b") == Array("a".utf8) && first("c") == Array("c".utf8))
    }

    @Test("other file systems are left out on request, and what fsck keeps at the root of one always")
    func fileSystems() throws {
        let strings =
            Self.root + ["d 755 0 1 1 2 2 8 0 0", "./mnt", "", "d 755 0 1 1 11 2 8 0 0", "./mnt/lost+found", ""]
            + ["d 755 0 1 1 11 2 7 0 0", "./lost+found", "", "f 644 0 1 1 12 1 8 0 0", "./mnt/a", ""] + Self.end
        #expect(try Self.read(strings).snapshot.allPaths.map { displayName(of: $0.path) }.sorted() == ["mnt", "mnt/a"])
        var options = RemoteListingOptions()
        options.staysOnOneFileSystem = true
        let listing = try Self.read(strings, options: options)
        #expect(listing.snapshot.entryCount == 1 && listing.excludedCount == 3)
    }

    @Test("with -x, what is on another file system is unknown, not absent; a file that is mounted alone is listed")
    func leftOutIsUnknown() throws {
        let strings =
            Self.root + ["d 755 0 1 1 11 2 8 0 0", "./mnt", "", "f 644 0 1 1 12 1 8 0 0", "./mnt/a", ""]
            + ["d 755 0 1 1 13 2 7 0 0", "./mnt/back", "", "f 644 0 1 1 14 1 7 0 0", "./mnt/back/b", ""]
            + ["f 644 0 1 1 15 1 9 0 0", "./alone", ""] + Self.end
        var options = RemoteListingOptions()
        options.staysOnOneFileSystem = true
        let snapshot = try Self.read(strings, options: options).snapshot
        #expect(snapshot.allPaths.map { displayName(of: $0.path) }.sorted() == ["alone", "mnt"])
        let mount = try #require(snapshot.entry(at: RelativePath(validating: Array("mnt".utf8))))
        #expect(snapshot[mount].flags.isSuperset(of: [.unreadable, .holdsUnlisted]))
    }
}
