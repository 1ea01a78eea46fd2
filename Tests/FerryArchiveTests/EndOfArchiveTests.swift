import FerryArchive
import FerryCore
import TestSupport
import Testing

@Suite("The end of an archive")
struct EndOfArchiveTests {
    static func sample() -> [UInt8] {
        var builder = TarBlockBuilder()
        builder.member("dir", type: "5", mode: 0o755)
        builder.pax([("path", Array("dir/\u{e9}".utf8)), ("mtime", Array("1.5".utf8))])
        builder.member("dir/x", content: String(repeating: "x", count: 1_300))
        builder.long("L", Array(repeating: 0x6C, count: 600) + [0])
        builder.member("cut", content: "y")
        builder.member("dir/link", type: "2", link: "x")
        return builder.bytes
    }

    @Test("an archive cut at any 512-byte boundary, or a byte beside one, is refused as truncated")
    func everyBoundary() throws {
        let whole = EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024)
        #expect(try readAll(whole).count == 4)
        for boundary in stride(from: 0, to: whole.count, by: 512) {
            for length in [boundary, boundary + 1, boundary + 511] {
                let cut = Array(whole[..<min(length, whole.count - 1)])
                #expect(HostileArchiveTests.refusal(of: cut) == .truncated, "\(length) of \(whole.count)")
            }
        }
    }

    @Test("a compressed archive cut at any byte is refused", arguments: [Compression.gzip, .zstd, .xz])
    func compressedCut(compression: Compression) throws {
        let whole = try CompressionTests.compress(
            EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024), compression)
        #expect(try readAll(whole).count == 4)
        for length in 0..<whole.count {
            #expect(HostileArchiveTests.refusal(of: Array(whole[..<length])) != nil, "\(length) of \(whole.count)")
        }
    }

    @Test("a tar cut between members is refused though its compression is whole", arguments: Compression.allCases)
    func cutInsideCompression(compression: Compression) throws {
        let cut = try CompressionTests.compress(EndOfArchiveTests.sample(), compression)
        #expect(HostileArchiveTests.refusal(of: cut) == .truncated)
        let empty = try CompressionTests.compress([], compression)
        #expect(HostileArchiveTests.refusal(of: empty) == .truncated)
    }

    @Test("nothing but NULs may follow the end marker")
    func afterTheEnd() throws {
        let ended = EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024)
        #expect(try readAll(ended + [UInt8](repeating: 0, count: 8_192)).count == 4)
        #expect(try readAll(ended + [0, 0, 0]).count == 4)
        for tail in [[1], [0, 0, 7], [UInt8](repeating: 0, count: 9_000) + [1], EndOfArchiveTests.sample(), ended] {
            #expect(HostileArchiveTests.refusal(of: ended + tail) == .malformed)
        }
    }

    @Test("a member after one block of NULs, or after the end marker, is not hidden but refused")
    func hiddenMember() {
        var builder = TarBlockBuilder()
        builder.member("seen")
        for blocks in [1, 2, 3] {
            var hiding = builder
            hiding.zeros(blocks)
            hiding.member("hidden")
            #expect(HostileArchiveTests.refusal(of: hiding.ended()) == .malformed)
        }
        builder.zeros(1)
        #expect(HostileArchiveTests.refusal(of: builder.bytes) == .truncated)
    }

    @Test("an archive of no members is one, an empty input is not")
    func noMembers() throws {
        #expect(try readAll([UInt8](repeating: 0, count: 1_024)).isEmpty)
        #expect(try readAll([UInt8](repeating: 0, count: 10_240)).isEmpty)
        #expect(HostileArchiveTests.refusal(of: []) == .truncated)
        #expect(HostileArchiveTests.refusal(of: [UInt8](repeating: 0, count: 512)) == .truncated)
        #expect(HostileArchiveTests.refusal(of: [UInt8](repeating: 0, count: 100)) != nil)
    }

    @Test("the evidence counts what was read, and is there only after the end")
    func evidence() throws {
        let archive = EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 2_048)
        var reader = ArchiveReader(source: ArraySource(archive))
        while try reader.next() != nil { #expect(reader.evidence == nil) }
        #expect(reader.evidence?.members == 4)
        #expect(reader.evidence?.archiveBytes == Int64(archive.count))
        #expect(reader.evidence?.sourceBytes == Int64(archive.count))
        #expect(reader.evidence?.contentBytes == 1_301)
        #expect(try reader.next() == nil)
    }

    @Test("a reader that refused a member or a format cannot be stepped past it")
    func latch() {
        var builder = TarBlockBuilder()
        builder.member("../evil")
        builder.member("good")
        let notATar = [UInt8](repeating: 0x55, count: 512 * 1_024)
        for archive in [builder.ended(), notATar + builder.ended()] {
            var reader = ArchiveReader(source: ArraySource(archive))
            for _ in 0..<3 { #expect(throws: ArchiveError.self) { try reader.next() } }
        }
    }

    @Test("a reader that failed stays failed")
    func failure() {
        var reader = ArchiveReader(source: ArraySource(EndOfArchiveTests.sample()))
        for _ in 0..<3 {
            #expect(throws: ArchiveError.self) { while try reader.next() != nil {} }
            #expect(reader.evidence == nil)
        }
    }
}
