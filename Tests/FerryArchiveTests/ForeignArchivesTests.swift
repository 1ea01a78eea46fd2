import FerryArchive
import FerryCore
import Foundation
import TestSupport
import Testing

@Suite("Archives that other tars write")
struct ForeignArchivesTests {
    /// A tree with every kind of entry, packed by some command.
    static func pack(_ script: String, nameLength: Int = 150) throws -> [UInt8] {
        let directory = try TemporaryDirectory()
        let tree = """
            set -e
            mkdir tree && cd tree && umask 022
            printf hello > file && chmod 640 file && touch -d '2020-02-03 04:05:06.789123456' file
            mkdir -p dir/sub && printf x > dir/sub/x && ln -s ../file dir/link && ln file dir/zhard
            printf y > "$(printf 'dir/%0\(nameLength)d' 7)"
            : > empty
            truncate -s 300000 sparse && printf z | dd of=sparse bs=1 seek=200000 conv=notrunc 2>/dev/null
            """
        let made = try run("sh", ["-c", tree + "\n" + script], directory: directory.url)
        #expect(made.errors.isEmpty)
        #expect(made.status == 0)
        return made.output
    }

    @Test(
        "are read with all their members",
        arguments: [
            "tar --format=gnu -cf - .", "tar --format=oldgnu -cf - .", "tar --format=posix -cf - .",
            "tar --format=ustar -cf - .", "tar --format=gnu -Scf - .", "tar --format=posix -Scf - .",
            "tar --format=posix --sparse-version=0.0 -Scf - .", "tar --format=posix --sparse-version=0.1 -Scf - .",
            "bsdtar --format=pax -cf - .", "bsdtar --format=ustar -cf - .", "bsdtar --format=gnutar -cf - .",
            "bsdtar --format=pax -cf - *", "busybox tar -cf - .", "busybox tar -cf - *",
            "python3 -c 'import tarfile,sys; t=tarfile.open(fileobj=sys.stdout.buffer,mode=\"w|\",format=2);t.add(\".\");t.close()'",
            "tar --format=gnu -czf - .", "tar -cJf - .", "tar --zstd -cf - .", "tar --format=gnu -b1 -cf - .",
        ])
    func all(command: String) throws {
        // A ustar header holds names of up to 100 bytes.
        let nameLength = command.contains("ustar") ? 90 : 150
        let archive = try ForeignArchivesTests.pack(command, nameLength: nameLength)
        let whole = try readAll(archive)
        for pieceSize in [1, 511, 513, 100_000] where archive.count < 2_000_000 / max(1_000 / pieceSize, 1) {
            #expect(try readAll(archive, pieceSize: pieceSize) == whole)
        }
        let members = Dictionary(uniqueKeysWithValues: whole.map { ($0.path, $0) })
        let long = "dir/" + String(repeating: "0", count: nameLength - 1) + "7"
        #expect(
            Set(members.keys).subtracting(["dir", "dir/sub"]) == [
                "file", "dir/sub/x", "dir/link", "dir/zhard", long, "empty", "sparse",
            ])
        #expect(members["dir/link"]?.kind == .symlink(target: Array("../file".utf8)))
        let (original, other) = members["file"]?.kind == .file ? ("file", "dir/zhard") : ("dir/zhard", "file")
        #expect(members[original]?.content == Array("hello".utf8))
        #expect(members[original]?.mode == 0o640)
        #expect(members[original]?.mtime.seconds == 1_580_702_706)
        #expect(members[other]?.kind == .hardLink(target: try RelativePath(validating: original.utf8)))
        #expect(members[long]?.content == [0x79])
        #expect(members["empty"]?.size == 0)
        #expect(members["dir/sub"]?.kind == .directory)
        var sparse = [UInt8](repeating: 0, count: 300_000)
        sparse[200_000] = UInt8(ascii: "z")
        #expect(members["sparse"]?.content == sparse)
    }

    @Test(
        "sparse maps that need more than one header block are read",
        arguments: [
            "tar --format=gnu -Scf - s", "tar --format=posix -Scf - s", "bsdtar --format=pax -cf - s",
            "tar --format=posix --sparse-version=0.0 -Scf - s", "tar --format=posix --sparse-version=0.1 -Scf - s",
        ])
    func manyExtents(command: String) throws {
        let directory = try TemporaryDirectory()
        let script = """
            import sys
            f = open('s', 'wb')
            for i in range(60): f.seek(i * 65536 + 8192); f.write(b'%d' % i)
            f.truncate(5000000)
            """
        let made = try run("python3", ["-c", script], directory: directory.url)
        #expect(made.errors.isEmpty)
        let archive = try run("sh", ["-c", command], directory: directory.url)
        var expected = [UInt8](repeating: 0, count: 5_000_000)
        for index in 0..<60 {
            for (offset, byte) in String(index).utf8.enumerated() { expected[index * 65_536 + 8_192 + offset] = byte }
        }
        let members = try readAll(archive.output)
        #expect(members.first?.content == expected)
        #expect(members.first?.size == 5_000_000)
        if archive.output.count < 1_000_000 { #expect(try readAll(archive.output, pieceSize: 513) == members) }
    }

    @Test("owners, attributes, comments and global times are taken without harm")
    func harmlessRecords() throws {
        let archive = HostileArchiveTests.build {
            $0.pax([("comment", Array("0123456789".utf8)), ("mtime", Array("77.25".utf8))], type: "g")
            $0.pax([
                ("SCHILY.xattr.user.x", [0, 0x0A, 0xFF, 0x3D]), ("uname", Array("m\u{fc}ller".utf8)),
                ("uid", Array("4294967294".utf8)), ("atime", Array("1.5".utf8)), ("ctime", Array("-1.5".utf8)),
                ("SCHILY.dev", [0x31]), ("LIBARCHIVE.creationtime", Array("5".utf8)),
            ])
            $0.member("a")
            $0.pax([("mtime", Array("-0.25".utf8))])
            $0.member("b")
            $0.member("c")
        }
        let times = try readAll(archive).map(\.mtime)
        #expect(
            times == [
                Timestamp(seconds: 77, nanoseconds: 250_000_000), Timestamp(seconds: -1, nanoseconds: 750_000_000),
                Timestamp(seconds: 77, nanoseconds: 250_000_000),
            ])
    }

    @Test("a size over 8 GiB is understood in every way that others write it", arguments: ["gnu", "posix"])
    func largeSizes(format: String) throws {
        let directory = try TemporaryDirectory()
        let command = "truncate -s 9G f && tar --format=\(format) -cf - f | head -c 4096"
        let head = try run("sh", ["-c", command], directory: directory.url).output
        var reader = ArchiveReader(source: ArraySource(head))
        let member = try reader.next()
        #expect(member?.size == 9 << 30)
        #expect(throws: ArchiveError.self) { try reader.next() }
    }
}
