import CArchive
import FerryArchive
import FerryCore
import TestSupport
import Testing

/// What libarchive lets pass, each beside the proof that Ferry does not.
@Suite("Traps of the codec")
struct CodecTrapTests {
    @Test("libarchive ends cleanly on a tar that was cut between members; Ferry calls it cut")
    func cleanEnd() {
        let cut = EndOfArchiveTests.sample()
        #expect(ReferenceReader.members(cut)?.count == 4)
        #expect(HostileArchiveTests.refusal(of: cut) == .truncated)
    }

    @Test("libarchive goes on after a damaged header; Ferry stops")
    func resynchronisation() {
        var builder = TarBlockBuilder()
        builder.member("first")
        builder.member(Array("damaged".utf8), checksumOffset: 1)
        builder.member("third")
        #expect(ReferenceReader.members(builder.ended(), acceptingRetry: true)?.count == 2)
        #expect(HostileArchiveTests.refusal(of: builder.ended()) == .malformed)
    }

    @Test("libarchive ignores a wrong gzip checksum; Ferry does not")
    func gzipChecksum() throws {
        var archive = try CompressionTests.compress(EndOfArchiveTests.sample() + TarBlockBuilder().ended(), .gzip)
        archive[archive.count - 8] ^= 1
        #expect(ReferenceReader.members(archive)?.count == 4)
        #expect(HostileArchiveTests.refusal(of: archive) == .malformed)
    }

    @Test("libarchive's plain free completes an aborted archive; Ferry's encoder cannot write an end marker")
    func plainFree() throws {
        let path = Array("a".utf8)
        let small = TarMember(kind: .file, mode: 0o644, size: 10, mtime: Timestamp(seconds: 1))
        let completed = ReferenceWriter.header(of: small, path: path, ending: .plain)
        #expect(completed.count == 2_048 && completed.suffix(1_536).allSatisfy { $0 == 0 })
        #expect(ReferenceWriter.header(of: small, path: path, ending: .failing).count == 512)
        #expect(try TarHeaderEncoderTests.encode(small, path: path).count == 512)
    }

    @Test("libarchive composes the characters of pax names; Ferry keeps the bytes")
    func normalisation() throws {
        let decomposed = Array("e\u{301}".utf8)
        let archive = HostileArchiveTests.build {
            $0.pax([("path", decomposed), ("linkpath", decomposed)])
            $0.member("x", type: "2", link: "y")
        }
        #expect(ReferenceReader.members(archive) == [Array("\u{e9}".utf8)])
        var reader = ArchiveReader(source: ArraySource(archive))
        let member = try reader.next()
        #expect(member?.path.bytes == decomposed)
        #expect(member?.kind == .symlink(target: decomposed))
    }

    @Test("names of any bytes are read exactly, from every header that can hold them")
    func bytes() throws {
        let name: [UInt8] = [0x61, 0xFF, 0xC3]
        let archive = HostileArchiveTests.build {
            $0.member(name)
            $0.long("L", name + [0])
            $0.member("x")
            $0.pax([("hdrcharset", Array("BINARY".utf8)), ("path", name)])
            $0.member("x")
            $0.member(name, prefix: [0xFE])
        }
        var reader = ArchiveReader(source: ArraySource(archive))
        for expected in [name, name, name, [0xFE, 0x2F] + name] { #expect(try reader.next()?.path.bytes == expected) }
        #expect(try reader.next() == nil)
    }

    @Test("a warning of the codec is a refusal: a pax name that is not UTF-8 and does not say so")
    func warning() {
        let archive = HostileArchiveTests.build {
            $0.pax([("path", [0x61, 0xFF])])
            $0.member("x")
        }
        let error = #expect(throws: ArchiveError.self) { try readAll(archive) }
        #expect(error?.code == .unsupported)
        #expect(error?.advice.contains("--format=gnu") == true)
    }
}
