import FerryArchive
import FerryCore
import Glibc
import TestSupport
import Testing

@Suite("Random damage")
struct MutationTests {
    @Test("a damaged archive is refused or read whole, and never brings the reader down", arguments: UInt64(0)..<16)
    func damage(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var builder = TarBlockBuilder()
        builder.member("dir", type: "5", mode: 0o755)
        builder.pax([("path", Array("dir/\u{e9}".utf8)), ("mtime", Array("1.5".utf8)), ("comment", [0xFF])])
        builder.member("dir/x", content: "abc")
        builder.long("L", Array(repeating: 0x6C, count: 130) + [0])
        builder.member("cut", content: "y")
        builder.pax([
            ("GNU.sparse.major", [0x31]), ("GNU.sparse.minor", [0x30]), ("GNU.sparse.name", [0x61]),
            ("GNU.sparse.realsize", Array("100".utf8)),
        ])
        builder.member("GNUSparseFile/a", content: "1\n9\n1\n" + String(repeating: "\0", count: 506) + "x")
        builder.member("dir/link", type: "2", link: "x")
        let archive = builder.ended()
        for _ in 0..<300 {
            var damaged = archive
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                switch Int.random(in: 0..<4, using: &random) {
                case 0:
                    damaged[Int.random(in: 0..<damaged.count, using: &random)] ^=
                        1 << UInt8.random(in: 0..<8, using: &random)
                case 1:
                    damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(
                        in: 0...255, using: &random)
                case 2: damaged.removeLast(Int.random(in: 0...min(700, damaged.count - 512), using: &random))
                default:
                    let block = Int.random(in: 0..<(damaged.count / 512), using: &random) * 512
                    damaged.insert(contentsOf: damaged[block..<(block + 512)], at: block)
                }
            }
            // Damage that makes the checksums right again goes deeper.
            if Bool.random(using: &random) { MutationTests.seal(&damaged) }
            let first = Result { () throws(ArchiveError) in try readAll(damaged) }
            let second = Result { () throws(ArchiveError) in try readAll(damaged, pieceSize: 77) }
            #expect((try? first.get()) == (try? second.get()))
        }
    }

    /// Corrects every checksum that stands where one belongs.
    static func seal(_ archive: inout [UInt8]) {
        for start in stride(from: 0, to: archive.count - 511, by: 512)
        where archive[(start + 257)..<(start + 262)].elementsEqual("ustar".utf8) {
            for index in 148..<156 { archive[start + index] = 0x20 }
            let sum = archive[start..<(start + 512)].reduce(0) { $0 + Int($1) }
            for (index, byte) in TarBlockBuilder.octal(sum, 6).enumerated() { archive[start + 148 + index] = byte }
            archive[start + 154] = 0
        }
    }

    @Test("the same in a C, a POSIX and a UTF-8 locale", arguments: ["C", "POSIX", "C.UTF-8"])
    func locales(name: String) throws {
        let locale = unsafe newlocale(1 << LC_CTYPE, name, nil)
        let before = unsafe uselocale(locale)
        defer {
            unsafe uselocale(before)
            unsafe freelocale(locale)
        }
        try InteroperabilityTests().readBack()
        try CodecTrapTests().bytes()
        try CodecTrapTests().normalisation()
        #expect(unsafe uselocale(nil) == locale)
    }
}
