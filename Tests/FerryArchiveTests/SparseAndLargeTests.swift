import FerryArchive
import FerryCore
import Foundation
import Testing

@Suite("Holes and large files")
struct SparseAndLargeTests {
    static let extents = [
        SparseExtent(offset: 4_096, length: 512), SparseExtent(offset: 100_000, length: 1_024),
        SparseExtent(offset: 900_000, length: 1),
    ]

    static func archive(name: [UInt8], size: Int64, extents: [SparseExtent]) throws -> [UInt8]? {
        var encoder = TarHeaderEncoder()
        var buffer = ByteBuffer()
        let member = TarMember(kind: .file, mode: 0o600, size: size, mtime: Timestamp(seconds: 5, nanoseconds: 6))
        guard
            try encoder.appendSparseHeader(
                of: member, directory: Span(), name: name.span, extents: extents.span, to: &buffer)
        else { return nil }
        for extent in extents {
            let data = (0..<extent.length).map { UInt8(truncatingIfNeeded: $0 + 1) }
            buffer.append(data.span)
        }
        buffer.appendPadding(after: extents.reduce(0) { $0 + $1.length })
        try encoder.appendHeader(
            of: TarMember(kind: .file, mode: 0o600, mtime: Timestamp(seconds: 5)), directory: Span(),
            name: Array("after".utf8).span, target: Span(), to: &buffer)
        TarEndMarker.append(to: &buffer)
        return buffer.copy()
    }

    static func content(size: Int, extents: [SparseExtent]) -> [UInt8] {
        var content = [UInt8](repeating: 0, count: size)
        for extent in extents {
            for index in 0..<Int(extent.length) {
                content[Int(extent.offset) + index] = UInt8(truncatingIfNeeded: index + 1)
            }
        }
        return content
    }

    // Extents of 1 byte to the end, and of 1 byte before another hole.
    @Test(
        "a file with holes is read back by GNU tar, bsdtar and Python, under short, long and non-ASCII names",
        arguments: ["s", String(repeating: "n", count: 200), "d\u{e9}", String(repeating: "\u{e9}", count: 120)],
        [0, 1, 2, 3])
    func holes(name: String, count: Int) throws {
        let extents = Array(SparseAndLargeTests.extents.prefix(count))
        for size in count == 3 ? [900_001, 2_000_000] : [1_000_000] {
            let made = try SparseAndLargeTests.archive(name: Array(name.utf8), size: Int64(size), extents: extents)
            let archive = try #require(made)
            let expected = SparseAndLargeTests.content(size: size, extents: extents)
            let members = try readAll(archive)
            #expect(members.map(\.path) == [name, "after"])
            #expect(members.first?.content == expected)
            #expect(members.first?.mtime == Timestamp(seconds: 5, nanoseconds: 6))
            for command in [
                "tar -xpf -", "bsdtar -xpf -",
                "python3 -c 'import tarfile,sys; tarfile.open(fileobj=sys.stdin.buffer,mode=\"r|\").extractall()'",
            ] {
                let directory = try TemporaryDirectory()
                let result = try run("sh", ["-c", command], input: archive, directory: directory.url)
                #expect(result.errors.isEmpty && result.status == 0, "\(command)")
                let listed = try FileManager.default.contentsOfDirectory(atPath: directory.url.path)
                #expect(Set(listed) == [name, "after"])
                let data = try Data(contentsOf: directory.url.appendingPathComponent(name))
                #expect(Array(data) == expected, "\(command)")
            }
        }
    }

    @Test("a name that is not UTF-8, or an extent that ends inside a block, has no sparse form")
    func noSparseForm() throws {
        let extents = [SparseExtent(offset: 0, length: 10), SparseExtent(offset: 50, length: 10)]
        #expect(try SparseAndLargeTests.archive(name: [0x61], size: 100, extents: extents) == nil)
        #expect(try SparseAndLargeTests.archive(name: [0xFF], size: 100, extents: []) == nil)
    }

    @Test("the holes are visible to the reader, and take no room in the archive")
    func visibleHoles() throws {
        let terabyte: Int64 = 1 << 40
        let extents = [SparseExtent(offset: terabyte - 100, length: 100)]
        let archive = try #require(try SparseAndLargeTests.archive(name: [0x61], size: terabyte, extents: extents))
        #expect(archive.count < 8_192)
        var reader = ArchiveReader(source: ArraySource(archive))
        let member = try reader.next()
        #expect(member?.size == terabyte && member?.isSparse == true)
        var room = [UInt8](repeating: 0, count: 512)
        var span = room.mutableSpan
        let piece = try reader.readContent(into: &span)
        #expect(piece?.offset == terabyte - 100 && piece?.count == 100)
        #expect(try reader.readContent(into: &span) == nil)
    }

    @Test(
        "sizes over 8 GiB are understood by all four, under ASCII and other names",
        arguments: [(8 << 30) - 1, 8 << 30, (9 << 30) + 7, (64 << 30) - 1, 65 << 30] as [Int64], ["big", "b\u{ef}g"])
    func largeSizes(size: Int64, name: String) throws {
        var encoder = TarHeaderEncoder()
        var header = ByteBuffer()
        let member = TarMember(kind: .file, mode: 0o644, size: size, mtime: Timestamp(seconds: 5))
        try encoder.appendHeader(
            of: member, directory: Span(), name: Array(name.utf8).span, target: Span(), to: &header)
        var second = ByteBuffer()
        try encoder.appendHeader(
            of: TarMember(kind: .file, mode: 0o644, mtime: Timestamp(seconds: 5)), directory: Span(),
            name: Array("after".utf8).span, target: Span(), to: &second)
        // The content is a hole of the file that holds the archive.
        let directory = try TemporaryDirectory()
        let file = directory.url.appendingPathComponent("archive")
        try Data(header.copy()).write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        let end = UInt64(header.count) + UInt64(size) + UInt64(TarBlock.padding(after: size))
        try handle.seek(toOffset: end)
        try handle.write(contentsOf: Data(second.copy()))
        try handle.truncate(atOffset: end + 512 + 1_024)
        try handle.close()
        for command in ["tar -tvf archive", "bsdtar -tvf archive", "busybox tar -tvf archive"] {
            let result = try run("sh", ["-c", command], directory: directory.url)
            let text = String(decoding: result.output, as: UTF8.self)
            #expect(result.errors.isEmpty && result.status == 0, "\(command)")
            #expect(text.contains(" \(size) ") && text.contains("after"), "\(command): \(text)")
        }
        let script = "import tarfile; print([m.size for m in tarfile.open('archive').getmembers()])"
        let result = try run("python3", ["-c", script], directory: directory.url)
        #expect(String(decoding: result.output, as: UTF8.self) == "[\(size), 0]\n")
    }
}
