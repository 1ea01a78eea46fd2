import FerryCore
import Testing

@Suite("What listings say of entries")
struct ListedStatusTests {
    private static func record(_ text: String) -> ListedStatus? { ListedStatus(record: Array(text.utf8).span) }
    private static func line(_ text: String) -> ListedStatus? { ListedStatus(statLine: Array(text.utf8)) }

    @Test("a record gives kind, mode, size, both times to the nanosecond, inode, links, device and owner")
    func record() throws {
        let listed = try #require(
            Self.record("f 4644 12 1795254162.8278294030 -2.5000000000 18446744073709551615 2 65024 1000 100"))
        #expect(listed.status.kind == .file && listed.status.mode == 0o644 && listed.status.size == 12)
        #expect(listed.status.mtime == Timestamp(seconds: 1_795_254_162, nanoseconds: 827_829_403))
        #expect(listed.status.ctime == Timestamp(seconds: -2, nanoseconds: 500_000_000))
        #expect(listed.status.inode == .max && listed.status.linkCount == 2 && listed.status.device == 65_024)
        #expect(listed.owner == RemoteOwner(user: 1_000, group: 100))
    }

    @Test("a record that is cut anywhere is none, or one with a shorter last number")
    func cutRecord() {
        let whole = "f 4644 12 1795254162.8278294030 -2.5000000000 18446744073709551615 2 65024 1000 100"
        for length in 0..<whole.utf8.count {
            let cut = Self.record(String(whole.prefix(length)))
            #expect((cut != nil) == (length > whole.utf8.count - 3), "\(length)")
            #expect(Self.record(String(whole.prefix(length)) + " ") == nil)
        }
    }

    @Test("a line of stat gives the same, with dates or with seconds")
    func statLine() throws {
        let dates = try #require(
            Self.line("81a4 1 9 1 2 3 4 2026-11-21 09:42:42.827829403 +0000 1969-12-31 23:59:58.5 +0000"))
        #expect(dates.status.mtime == Timestamp(seconds: 1_795_254_162, nanoseconds: 827_829_403))
        #expect(dates.status.ctime == Timestamp(seconds: -2, nanoseconds: 500_000_000))
        #expect(dates.owner == RemoteOwner(user: 3, group: 4))
        let leap = try #require(Self.line("41ed 1 9 1 2 3 4 2000-02-29 00:00:00 +0000 2000-03-01 00:00:00 +0000"))
        #expect(leap.status.mtime.seconds == 951_782_400 && leap.status.ctime.seconds == 951_868_800)
        #expect(try #require(Self.line("a1ff 1 9 1 2 3 4 -5 7")).status.mtime.seconds == -5)
    }

    @Test(
        "what is not exactly a record is none",
        arguments: [
            "", "f", "f 644 1 1 1 1 1 1 1", "f 644 1 1 1 1 1 1 1 1 1", "x 644 1 1 1 1 1 1 1 1",
            "ff 644 1 1 1 1 1 1 1 1",
            "f 648 1 1 1 1 1 1 1 1", "f 10000 1 1 1 1 1 1 1 1", "f 644 -1 1 1 1 1 1 1 1",
            "f 644 9223372036854775808 1 1 1 1 1 1 1", "f 644 99999999999999999999999 1 1 1 1 1 1 1",
            "f 644 1 1. 1 1 1 1 1 1", "f 644 1 1.2x 1 1 1 1 1 1", "f 644 1 +1 1 1 1 1 1 1",
            "f 644 1 1 1 1 1 1 4294967296 1",
            "f  644 1 1 1 1 1 1 1 1", "f 644 0x1 1 1 1 1 1 1 1", "f 644 1 1 1 18446744073709551616 1 1 1 1",
            "f 644 1 1 1 1 1 1 1 1 ", " f 644 1 1 1 1 1 1 1 1",
        ])
    func senseless(text: String) {
        #expect(Self.record(text) == nil)
    }

    @Test(
        "what is not exactly a line of stat is none",
        arguments: [
            "", "81a4 1 9 1 2 3 4", "81a4 1 9 1 2 3 4 2026-13-21 09:42:42 +0000 2026-11-21 09:42:42 +0000",
            "81a4 1 9 1 2 3 4 2026-11-21 24:42:42 +0000 2026-11-21 09:42:42 +0000",
            "81a4 1 9 1 2 3 4 2026-11-21 09:42:42 +0100 2026-11-21 09:42:42 +0000",
            "f1a4 1 9 1 2 3 4 1 1", "181a4 1 9 1 2 3 4 1 1", "81A4 1 9 1 2 3 4 1 1",
        ])
    func senselessLine(text: String) {
        #expect(Self.line(text) == nil)
    }

    @Test("a shell takes quoted bytes as they are")
    func quoting() {
        #expect(ShellText.quoted(Array("a'b".utf8)) == Array(#"'a'\''b'"#.utf8))
        #expect(ShellText.quoted([]) == Array("''".utf8))
    }

    @Test("facts are read from what df and ls print, whatever stands in the names")
    func facts() throws {
        let fields = [
            "tar=gnu", "listing=find", "digest=none", "xargs=1", "root=directory", "uid=0", "home=/ro=ot",
            "line=12 drwxr-xr-x   4 1000  100   4096 Nov 21 09:42 .", "device=65024", "empty=1",
            "space=my disk 9 264212084 19734940  79330672      20% /mnt/a 1 2 3 4% b", "inodes=none 0 0 0 - /",
        ]
        let facts = try #require(RemoteFacts(parsing: fields.map { Array($0.utf8) }))
        #expect(facts.isSuperuser && facts.home == Array("/ro=ot".utf8) && facts.tar == .gnu && facts.hasXargs)
        #expect(facts.directory?.owner == RemoteOwner(user: 1_000, group: 100) && facts.directory?.inode == 12)
        #expect(facts.directory?.freeBytes == 79_330_672 << 10)
        // A file system without a fixed number of inodes says that it has none at all: nothing is known then.
        #expect(facts.directory?.freeInodes == nil)
        #expect(facts.directory?.isEmpty == true && facts.directory?.isWritable == false)
        #expect(RemoteFacts(parsing: fields.dropFirst().map { Array($0.utf8) }) == nil)
        #expect(RemoteFacts(parsing: (fields + ["tar=gnu"]).map { Array($0.utf8) }) == nil)
        #expect(RemoteFacts(parsing: (fields + ["nonsense"]).map { Array($0.utf8) }) == nil)
    }
}
