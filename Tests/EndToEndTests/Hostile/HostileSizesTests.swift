import FerryCore
import Foundation
import TestSupport
import Testing

@Suite("Pulling hostile archives: sizes, damage and other formats")
struct HostileSizesTests {
    private static let terabyte: [UInt8] = [0x80, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
    private static let negative = [UInt8](repeating: 0xFF, count: 12)

    @Test("sizes that are negative, no numbers, in disagreement or far beyond the data are refused")
    func sizes() throws {
        let scratch = try TestWorld()
        for size in [Self.terabyte, Self.negative, Array("-0000000001".utf8), Array("0x10".utf8)] {
            try expectRefused(
                archive {
                    $0.member("decoy", content: "x")
                    $0.member(Array("a".utf8), size: size)
                }, in: scratch, note: "\(size)")
        }
        for size in ["512", "-1", "1e3", "", "0", "99999999999999999999"] {
            try expectRefused(
                archive {
                    $0.pax([("size", Array(size.utf8))])
                    $0.member("a", content: "12345")
                }, in: scratch, note: "\(size)")
        }
    }

    @Test(
        "a large member that is cut, in its content or at its end, is refused like a small one",
        arguments: [300, 1_024])
    func cutLargeMember(kibibytes: Int) throws {
        let scratch = try TestWorld()
        let content = [UInt8](repeating: 7, count: kibibytes << 10)
        let whole = archive { $0.member(Array("large".utf8), content: content) }
        for length in [600, content.count / 2, 512 + content.count, whole.count - 512] {
            try expectRefused(Array(whole[..<length]), naming: ["cut"], in: scratch, note: "\(length)")
        }
    }

    @Test("a sparse map with a huge logical size takes no space, or is refused, and never hurts")
    func hugeSparse() throws {
        let world = try TestWorld()
        func sparse(_ size: String) -> [UInt8] {
            archive {
                $0.pax([
                    ("GNU.sparse.major", [0x31]), ("GNU.sparse.minor", [0x30]), ("GNU.sparse.name", Array("s".utf8)),
                    ("GNU.sparse.realsize", Array(size.utf8)),
                ])
                $0.member("good", content: "1\n0\n1\n" + String(repeating: "\0", count: 506) + "x")
            }
        }
        try expectRefused(sparse("9000000000000000000"), status: 1, naming: ["'s'", "too large"], in: world)
        try expectRefused(sparse("9999999999999999999"), in: world)
        try expectRefused(sparse("-1"), in: world)
        try world.write("io/a.tar", sparse("1000000000000"))
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: world)
        #expect(run.status == 0, "\(run.errors)")
        let sizes = try Tool.run("/usr/bin/stat", ["-c", "%s %b", world.path("world/ws/s")]).text
        #expect(sizes.hasPrefix("1000000000000 ") && sizes.utf8.count < 20, "\(sizes)")
    }

    @Test("a long-name chain and a header chain over the limit are refused")
    func longHeaders() throws {
        let scratch = try TestWorld()
        try expectRefused(
            archive {
                $0.long("L", [UInt8](repeating: 0x61, count: 2 << 20))
                $0.member("a")
            }, naming: ["limit"], in: scratch)
        try expectRefused(
            archive {
                for _ in 0..<3 { $0.long("L", Array("a\0".utf8)) }
                $0.member("a")
            }, in: scratch)
    }

    @Test("a hundred thousand nested directories are refused by the limit of depth")
    func deep() throws {
        let scratch = try TestWorld()
        let path = Array(String(repeating: "a/", count: 100_000).utf8)
        try expectRefused(
            archive {
                $0.member("decoy", content: "x")
                $0.pax([("path", path)])
                $0.member("a", type: "5", mode: 0o755)
            }, naming: ["limit", "depth"], in: scratch)
    }

    @Test("directories nested up to the limit arrive, and go again")
    func deepButAllowed() throws {
        let scratch = try TestWorld()
        let path = Array(String(repeating: "a/", count: 3_000).utf8)
        try scratch.write(
            "io/a.tar",
            archive {
                $0.pax([("path", path + Array("leaf".utf8))])
                $0.member("a", content: "leaf")
            })
        let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
        #expect(run.status == 0, "\(run.errors)")
        let count = try Tool.run("/usr/bin/find", ["world/ws/a", "-name", "leaf"], directory: scratch.root)
        #expect(count.text.utf8.count > 6_000)
        #expect(try Tool.run("/bin/rm", ["-rf", scratch.path("world/ws/a")]).status == 0)
    }

    @Test("a wrong header checksum, data or a member after the end, and a second archive are refused")
    func damage() throws {
        let scratch = try TestWorld()
        let good = archive { $0.member("a", content: "x") }
        var wrong = TarBlockBuilder()
        wrong.member("first", content: "x")
        wrong.member(Array("second".utf8), checksumOffset: 1)
        try expectRefused(wrong.ended(), naming: ["checksum"], in: scratch)
        try expectRefused(good + [1], in: scratch)
        try expectRefused(good + good, in: scratch)
        for blocks in [1, 2] {
            var hiding = TarBlockBuilder()
            hiding.member("seen")
            hiding.zeros(blocks)
            hiding.member("hidden")
            try expectRefused(hiding.ended(), in: scratch)
        }
        try expectRefused([], in: scratch)
        try expectRefused([UInt8](repeating: 0x41, count: 4_096), in: scratch)
    }

    @Test("a wrong checksum inside gzip and a cut compressed stream are refused", arguments: ["gzip", "zstd", "xz"])
    func compressedDamage(tool: String) throws {
        let scratch = try TestWorld()
        let good = archive { $0.member("a", content: String(repeating: "text ", count: 2_000)) }
        let compressed = try Tool.run("/usr/bin/env", [tool, "-c"], input: good).output
        try #require(compressed.count > 30)
        for length in stride(from: 1, to: compressed.count, by: 7) {
            try scratch.write("io/a.tar", Array(compressed[..<length]))
            let run = try FerryRun(["sync", "pull", "tar:io/a.tar", "world/ws"], in: scratch)
            #expect(run.status == 10 && !scratch.exists("world/ws/a"), "\(length): \(run.errors)")
        }
        guard tool == "gzip" else { return }
        var damaged = compressed
        damaged[damaged.count - 6] ^= 0xFF
        try expectRefused(damaged, in: scratch)
        try expectRefused(compressed + compressed, in: scratch)
        try expectRefused(compressed + Array("rubbish".utf8), in: scratch)
    }

    @Test(
        "other formats, and compressions that only a program could undo, are refused",
        arguments: [
            "zip", "cpio", "ar", "rpm", "7z", "lz4", "bzip2", "compress", "lzop", "lrzip", "grzip", "uuencode", "iso",
        ])
    func otherFormats(name: String) throws {
        let magic: [String: [UInt8]] = [
            "zip": Array("PK\u{3}\u{4}".utf8) + [20, 0, 0, 0, 0, 0], "cpio": Array("070701".utf8),
            "ar": Array("!<arch>\n".utf8), "rpm": [0xED, 0xAB, 0xEE, 0xDB, 3, 0],
            "7z": [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "lz4": [0x04, 0x22, 0x4D, 0x18, 0x64, 0x40, 0xA7],
            "bzip2": Array("BZh91AY&SY".utf8), "compress": [0x1F, 0x9D, 0x90],
            "lzop": [0x89, 0x4C, 0x5A, 0x4F, 0, 0x0D, 0x0A, 0x1A, 0x0A], "lrzip": Array("LRZI".utf8) + [0, 6],
            "grzip": Array("GRZipII\0\u{2}\u{4}:)".utf8), "uuencode": Array("begin 644 evil\n".utf8),
            "iso": [UInt8](repeating: 0, count: 32_768) + Array("\u{1}CD001".utf8),
        ]
        let scratch = try TestWorld()
        let head = try #require(magic[name])
        try expectRefused(head + [UInt8](repeating: 0, count: 4_096), in: scratch)
        let program = name == "compress" ? nil : ["lz4", "bzip2"].first { $0 == name }
        guard let program else { return }
        // A whole tar inside: still nothing is run to get at it.
        let good = archive { $0.member("a", content: "x") }
        let packed = try Tool.run("/usr/bin/env", [program, "-c"], input: good)
        if packed.status == 0 { try expectRefused(packed.output, naming: [name], in: scratch) }
    }
}
