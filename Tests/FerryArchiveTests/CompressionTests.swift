import FerryArchive
import FerryCore
import Synchronization
import TestSupport
import Testing

/// Collects what is written, and fails when told to.
struct ArraySink: ByteSink {
    struct Full: Error {}

    var bytes: [UInt8] = []
    var limit = Int.max

    mutating func write(_ bytes: Span<UInt8>) throws(Full) {
        guard self.bytes.count + bytes.count <= limit else { throw Full() }
        for index in bytes.indices { self.bytes.append(bytes[index]) }
    }
}

@Suite("Compression")
struct CompressionTests {
    static func compress(_ bytes: [UInt8], _ compression: Compression) throws(ArchiveError) -> [UInt8] {
        var sink = try CompressingSink(compression, to: ArraySink())
        try sink.write(bytes.span)
        return try sink.finish().bytes
    }

    @Test("what is compressed is read back, by the reader and by the tools", arguments: [Compression.gzip, .zstd, .xz])
    func roundTrip(compression: Compression) throws {
        var builder = TarBlockBuilder()
        var random = SeededGenerator(seed: 1)
        let content = (0..<700_000).map { _ in UInt8.random(in: 0...15, using: &random) }
        builder.member(Array("a".utf8), content: content)
        let archive = builder.ended()
        let compressed = try CompressionTests.compress(archive, compression)
        #expect(compressed.count < archive.count)
        #expect(try readAll(compressed).first?.content == content)
        #expect(try readAll(compressed, pieceSize: 700).first?.content == content)
        let tool = try run(compression.rawValue, ["-dc"], input: compressed)
        #expect(tool.output == archive && tool.errors.isEmpty)
    }

    @Test("what is compressed depends on nothing but its input", arguments: Compression.allCases)
    func reproducible(compression: Compression) throws {
        let bytes = Array("the same".utf8)
        let first = try CompressionTests.compress(bytes, compression)
        #expect(try CompressionTests.compress(bytes, compression) == first)
        if compression == .gzip { #expect(first[4..<8].allSatisfy { $0 == 0 }) }
    }

    @Test("a compression that is given up never looks finished", arguments: [Compression.gzip, .zstd, .xz])
    func abort(compression: Compression) throws {
        for length in [0, 10, 1_000_000] {
            let shared = SharedBytes()
            do {
                var sink = try CompressingSink(compression, to: SharedSink(shared))
                var random = SeededGenerator(seed: 7)
                let content = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
                try sink.write(content.span)
            }
            let left = shared.bytes.withLock { $0 }
            #expect(left.count < length + 1_000)
            #expect(try left.isEmpty || run(compression.rawValue, ["-t"], input: left).status != 0)
        }
    }

    @Test("the failure of the destination is told, with its cause", arguments: Compression.allCases)
    func failingSink(compression: Compression) throws {
        let error = #expect(throws: ArchiveError.self) {
            var sink = try CompressingSink(compression, to: ArraySink(limit: 5))
            try sink.write(Array("some bytes that do not fit".utf8).span)
            _ = try sink.finish()
        }
        #expect(error?.code == .stream)
        #expect(error?.cause is ArraySink.Full)
    }

    @Test("a level that the filter does not have is refused")
    func level() {
        #expect(throws: ArchiveError.self) { _ = try CompressingSink(.gzip, level: 77, to: ArraySink()) }
    }

    @Test("a wrong gzip checksum or size is refused, though libarchive ignores it")
    func gzipTrailer() throws {
        let whole = try CompressionTests.compress(
            EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024), .gzip)
        for index in 1...8 {
            var damaged = whole
            damaged[whole.count - index] ^= 0x10
            #expect(HostileArchiveTests.refusal(of: damaged) == .malformed)
        }
    }

    @Test(
        "bytes after the compressed stream, and a second stream, are refused",
        arguments: [Compression.gzip, .zstd, .xz])
    func trailing(compression: Compression) throws {
        let archive = EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024)
        let whole = try CompressionTests.compress(archive, compression)
        for tail in [[1], [0], Array("garbage".utf8), whole] {
            #expect(HostileArchiveTests.refusal(of: whole + tail) != nil)
        }
    }

    @Test("damage anywhere inside is noticed", arguments: [Compression.gzip, .xz])
    func damage(compression: Compression) throws {
        let archive = EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024)
        let expected = try readAll(archive)
        let whole = try CompressionTests.compress(archive, compression)
        for index in whole.indices {
            var damaged = whole
            damaged[index] ^= 0x04
            // gzip's header says things that nobody reads: a time, a system.
            if let members = try? readAll(damaged) { #expect(members == expected, "byte \(index)") }
        }
    }

    @Test(
        "other formats and compressions are refused by name",
        arguments: [
            ("BZh91AY", "bzip2"), ("\u{4}\"M\u{18}", "lz4"), ("LZIP\u{1}", "lzip"), ("PK\u{3}\u{4}", "zip"),
            ("070701", "cpio"), ("!<arch>\n", "ar"), ("begin 644 x", "uuencode"), ("7z\u{bc}", ""), ("Rar!", "RAR"),
        ])
    func otherFormats(magic: String, name: String) {
        let bytes = Array(magic.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        let error = #expect(throws: ArchiveError.self) {
            try readAll(bytes + [UInt8](repeating: 0x55, count: 2_000))
        }
        #expect(error?.code == (name.isEmpty ? .malformed : .unsupported))
        #expect(error?.reason.contains(name) == true || name.isEmpty)
    }

    @Test("a compression in a compression is not undone")
    func nested() throws {
        let archive = EndOfArchiveTests.sample() + [UInt8](repeating: 0, count: 1_024)
        let twice = try CompressionTests.compress(CompressionTests.compress(archive, .zstd), .gzip)
        #expect(HostileArchiveTests.refusal(of: twice) != nil)
    }

    @Test("a compression bomb stops at the ratio and at the limit of bytes")
    func bomb() throws {
        var builder = TarBlockBuilder()
        builder.member(Array("zeros".utf8), content: [UInt8](repeating: 0, count: 100 << 20))
        let compressed = try CompressionTests.compress(builder.ended(), .zstd)
        var limits = ArchiveLimits()
        limits.expansionRatio = 1_000
        #expect(HostileArchiveTests.refusal(of: compressed, limits: limits) == .limitExceeded)
        limits.expansionRatio = nil
        limits.contentBytes = 1 << 20
        #expect(HostileArchiveTests.refusal(of: compressed, limits: limits) == .limitExceeded)
    }
}

/// Bytes that outlive the sink that wrote them.
final class SharedBytes: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

struct SharedSink: ByteSink {
    let shared: SharedBytes

    init(_ shared: SharedBytes) {
        self.shared = shared
    }

    mutating func write(_ bytes: Span<UInt8>) throws(Never) {
        let copy = bytes.indices.map { bytes[$0] }
        shared.bytes.withLock { $0 += copy }
    }
}
