import FerryArchive
import FerryCore
import Foundation
import Testing

@Suite("Four other tars read what Ferry writes")
struct InteroperabilityTests {
    /// A member with its content, as the tests write it.
    struct Sample {
        var path: [UInt8]
        var kind: TarMember.Kind = .file
        var mode: UInt16 = 0o644
        var target: [UInt8] = []
        var content: [UInt8] = []
        var mtime = Timestamp(seconds: 1_500_000_000, nanoseconds: 123_456_789)
    }

    static func archive(_ samples: [Sample]) throws -> [UInt8] {
        var encoder = TarHeaderEncoder()
        var buffer = ByteBuffer()
        for sample in samples {
            let member = TarMember(
                kind: sample.kind, mode: sample.mode, size: Int64(sample.content.count), mtime: sample.mtime)
            try encoder.appendHeader(
                of: member, directory: Span(), name: sample.path.span, target: sample.target.span, to: &buffer)
            buffer.append(sample.content.span)
            buffer.appendPadding(after: Int64(sample.content.count))
        }
        TarEndMarker.append(to: &buffer)
        return buffer.copy()
    }

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let names: [[UInt8]] = [
        bytes("new\nline"), bytes("-dash"), bytes("--checkpoint-action=exec=x"), bytes("q'uo\"te"), bytes("$HOME `x`"),
        bytes("*?[a]"), bytes("back\\slash"), bytes("   "), [0xFF, 0x61], [0x61, 0xC3], bytes("\u{e9}"),
        bytes("e\u{301}"),
        bytes("\u{212b}\u{1100}\u{1161}"), bytes("\u{1F600}"), bytes("C:evil"), bytes("a=b"), bytes("@x"), bytes("~x"),
        Array(repeating: 0x6E, count: 255), Array(repeating: 0xFE, count: 255),
        Array(bytes(String(repeating: "\u{e9}", count: 127))), bytes("tab\tbell\u{7}"), bytes("{a,b}"), bytes("#x"),
    ]

    static func samples() -> [Sample] {
        var samples: [Sample] = []
        func directory(_ path: [UInt8]) { samples.append(Sample(path: path, kind: .directory, mode: 0o755)) }
        for name in names {
            samples.append(Sample(path: name, mode: 0o640, content: bytes("content")))
        }
        directory(bytes("d"))
        for name in names {
            let inside = bytes("d/") + name
            directory(inside)
            samples.append(Sample(path: inside + bytes("/s"), kind: .symlink, mode: 0o777, target: name))
            samples.append(Sample(path: inside + bytes("/h"), kind: .hardLink, mode: 0o640, target: name))
        }
        for length in 98...102 {
            samples.append(Sample(path: bytes("d/" + String(repeating: "p", count: length - 2))))
            samples.append(
                Sample(
                    path: bytes("d/link\(length)"), kind: .symlink, mode: 0o777,
                    target: Array(repeating: 0x74, count: length)))
        }
        for byte in [0x74, 0xFE] as [UInt8] {
            samples.append(
                Sample(
                    path: bytes("long\(byte)"), kind: .symlink, mode: 0o777,
                    target: Array(repeating: byte, count: 4_095)))
        }
        for letter in [bytes("l"), bytes("\u{e9}"), [0xFE]] {
            var path = bytes("deep") + letter
            for _ in 0..<4 {
                directory(path)
                path += [0x2F] + Array(repeatElement(letter, count: 120).joined())
            }
            samples.append(Sample(path: path, mode: 0o600, content: Array(repeating: 0x78, count: 1_000)))
            samples.append(Sample(path: bytes("hard") + letter, kind: .hardLink, mode: 0o600, target: path))
        }
        samples.append(Sample(path: bytes("empty"), mode: 0o400))
        samples.append(Sample(path: bytes("whole-second"), mtime: Timestamp(seconds: 1_400_000_000)))
        return samples
    }

    /// What is on the disk: kind, mode, time, target, path, content of every entry, sorted.
    static let listing = """
        import os, sys, stat
        out = []; unit = int(sys.argv[1])
        for root, dirs, files in os.walk(b'.'):
            for name in dirs + files:
                p = os.path.join(root, name); s = os.lstat(p)
                kind = b'l' if stat.S_ISLNK(s.st_mode) else b'd' if stat.S_ISDIR(s.st_mode) else b'f'
                target = os.readlink(p) if kind == b'l' else open(p, 'rb').read() if kind == b'f' else b''
                time = b'%d' % (s.st_mtime_ns // unit * unit) if kind == b'f' else b''
                mode = b'%o' % stat.S_IMODE(s.st_mode) if kind != b'l' else b''
                out.append(b'|'.join([p[2:], kind, mode, time, target]))
        sys.stdout.buffer.write(b'\\0'.join(sorted(out)))
        """

    @Test(
        "without a word, and with every name, link, mode and time",
        arguments: [
            "tar -xpf -", "bsdtar -xpf -", "busybox tar -xpf -",
            "python3 -c 'import tarfile,sys; tarfile.open(fileobj=sys.stdin.buffer,mode=\"r|\").extractall()'",
        ], ["C", "C.UTF-8"])
    func extraction(command: String, locale: String) throws {
        // bsdtar takes "C:" for a drive and drops it.
        let drive = command.hasPrefix("bsdtar") ? InteroperabilityTests.bytes("C:evil") : [0]
        let samples = InteroperabilityTests.samples().filter { $0.path != drive && $0.target != drive }
        let directory = try TemporaryDirectory()
        let archive = try InteroperabilityTests.archive(samples)
        let result = try run(
            "sh", ["-c", "umask 0; exec " + command], input: archive, directory: directory.url, locale: locale)
        #expect(result.errors.isEmpty)
        #expect(result.status == 0)
        var contents: [[UInt8]: Sample] = [:]
        for sample in samples { contents[sample.path] = sample }
        // BusyBox drops the fraction, Python computes with floating point.
        let isPython = command.hasPrefix("python3")
        let precision: Int64 = command.hasPrefix("busybox") ? 1_000_000_000 : isPython ? 1_000_000 : 1
        let listing = InteroperabilityTests.listing
        let listed = try run("python3", ["-c", listing, String(precision)], directory: directory.url)
        let found = Set(listed.output.split(separator: 0).map(Array.init))
        let expected = samples.map { sample in
            let file = sample.kind == .hardLink ? contents[sample.target] ?? sample : sample
            let nanoseconds = file.mtime.seconds * 1_000_000_000 + Int64(file.mtime.nanoseconds)
            let tail =
                switch sample.kind {
                case .file, .hardLink: "|f|\(String(file.mode, radix: 8))|\(nanoseconds / precision * precision)|"
                case .directory: "|d|\(String(file.mode, radix: 8))||"
                case .symlink: "|l|||"
                }
            return sample.path + Array(tail.utf8) + (sample.kind == .symlink ? sample.target : file.content)
        }
        for entry in Set(expected).subtracting(found) { Issue.record("missing: \(displayName(of: entry.prefix(200)))") }
        for entry in found.subtracting(expected) { Issue.record("extra: \(displayName(of: entry.prefix(200)))") }
    }

    @Test("Ferry reads all of it back, byte for byte, and paths of 5,000 bytes")
    func readBack() throws {
        var samples = InteroperabilityTests.samples()
        for letter in [[0x6C], InteroperabilityTests.bytes("e\u{301}"), [0xFE]] as [[UInt8]] {
            let component = Array(repeatElement(letter, count: 200 / letter.count).joined()) + [0x2F]
            let path = Array(repeatElement(component, count: 25).joined()).dropLast()
            samples.append(Sample(path: Array(path), content: [1, 2, 3]))
        }
        for seconds in [-1, -1_700_000, 0, 1 << 31, 1 << 33, 1 << 40] as [Int64] {
            for nanoseconds in [0, 1, 999_999_999] as [UInt32] {
                let mtime = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
                samples.append(Sample(path: Array("t\(seconds).\(nanoseconds)".utf8), mtime: mtime))
            }
        }
        var reader = ArchiveReader(source: ArraySource(try InteroperabilityTests.archive(samples)))
        for sample in samples {
            let member = try #require(try reader.next())
            #expect(member.path.bytes == sample.path)
            #expect(member.mtime == sample.mtime)
            #expect(member.mode == sample.mode)
            let target = try sample.kind == .hardLink ? RelativePath(validating: sample.target) : nil
            switch sample.kind {
            case .file: #expect(member.kind == .file)
            case .directory: #expect(member.kind == .directory)
            case .symlink: #expect(member.kind == .symlink(target: sample.target))
            case .hardLink: #expect(member.kind == target.map { .hardLink(target: $0) })
            }
        }
        #expect(try reader.next() == nil)
    }

    @Test("times before 1970 and after 2038 mean the same to GNU tar and to Python")
    func oddTimes() throws {
        var samples: [Sample] = []
        for seconds in [-1, -1_700_000, 1 << 31, 1 << 33] as [Int64] {
            for nanoseconds in [0, 120_000_000] as [UInt32] {
                samples.append(
                    Sample(
                        path: Array("t\(samples.count)".utf8),
                        mtime: Timestamp(seconds: seconds, nanoseconds: nanoseconds)))
            }
        }
        let archive = try InteroperabilityTests.archive(samples)
        let directory = try TemporaryDirectory()
        let result = try run("tar", ["--warning=no-timestamp", "-xpf", "-"], input: archive, directory: directory.url)
        #expect(result.errors.isEmpty)
        let listed = try run("python3", ["-c", InteroperabilityTests.listing, "1"], directory: directory.url)
        let found = Set(listed.output.split(separator: 0).map { String(decoding: $0, as: UTF8.self) })
        let expected = samples.map { sample in
            let time = sample.mtime.seconds * 1_000_000_000 + Int64(sample.mtime.nanoseconds)
            return String(decoding: sample.path, as: UTF8.self) + "|f|644|\(time)|"
        }
        #expect(found == Set(expected))
    }
}
