import FerryArchive
import FerryCore
import Testing

@Suite("TarHeaderEncoder")
struct TarHeaderEncoderTests {
    static func encode(_ member: TarMember, path: [UInt8], target: [UInt8] = []) throws -> [UInt8] {
        var encoder = TarHeaderEncoder()
        var buffer = ByteBuffer()
        try encoder.appendHeader(of: member, directory: Span(), name: path.span, target: target.span, to: &buffer)
        return buffer.copy()
    }

    /// Where two headers part, for the message.
    static func difference(_ made: [UInt8], _ expected: [UInt8]) -> String? {
        guard made != expected else { return nil }
        let index = zip(made, expected).enumerated().first { $1.0 != $1.1 }?.offset ?? min(made.count, expected.count)
        let from = max(index - 20, 0)
        let excerpts = [made, expected].map { displayName(of: $0[from...].prefix(60)) }
        return "at \(index): \(excerpts[0]) but \(excerpts[1])"
    }

    /// Whether libarchive needs no record but the time for the member: a rule of its own, written without the encoder's code.
    static func isPlain(_ member: TarMember, _ path: [UInt8], _ target: [UInt8]) -> Bool {
        let whole = path + (member.kind == .directory ? [0x2F] : [])
        let canSplit = whole.indices.contains { index in
            whole[index] == 0x2F && (1...155).contains(index) && (1...100).contains(whole.count - index - 1)
        }
        return (whole.count <= 100 || canSplit) && target.count <= 100 && member.size < 1 << 33
    }

    @Test("hand-written headers equal libarchive's byte for byte", arguments: UInt64(0)..<40)
    func equality(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let kinds: [TarMember.Kind] = [.file, .file, .directory, .symlink, .hardLink]
        var compared = 0
        while compared < 100 {
            let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
            let path = randomPath(&random)
            let target = kind == .file || kind == .directory ? [] : randomPath(&random)
            let nanoseconds: [UInt32] = [
                0, 1, 999_999_999, 120_000_000, UInt32.random(in: 0..<1_000_000_000, using: &random),
            ]
            let seconds: [Int64] = [0, 1, 0x7FFF_FFFE, Int64.random(in: 0..<0x7FFF_FFFF, using: &random)]
            let sizes: [Int64] = [
                0, 1, 511, 512, 8_589_934_591, 8_589_934_592, 1 << 40, Int64.random(in: 0..<1_000_000, using: &random),
            ]
            let member = TarMember(
                kind: kind, mode: UInt16.random(in: 0...0o777, using: &random),
                size: sizes[Int.random(in: 0..<sizes.count, using: &random)],
                mtime: Timestamp(
                    seconds: seconds[Int.random(in: 0..<seconds.count, using: &random)],
                    nanoseconds: nanoseconds[Int.random(in: 0..<nanoseconds.count, using: &random)]))
            guard TarHeaderEncoderTests.isPlain(member, path, target) else { continue }
            compared += 1
            let expected = ReferenceWriter.header(of: member, path: path, target: target)
            let made = try TarHeaderEncoderTests.encode(member, path: path, target: target)
            #expect(TarHeaderEncoderTests.difference(made, expected) == nil)
        }
    }

    @Test("every length of a path around the limits of the ustar fields equals libarchive's")
    func everyLength() throws {
        let lengths = [
            (0, 90..<110), (1, 90..<130), (98, 2..<5), (99, 1..<5), (100, 1..<130), (150, 60..<120), (154, 90..<110),
            (155, 90..<110), (156, 90..<110), (157, 90..<110),
        ]
        for (directory, rest) in lengths {
            for length in rest {
                for kind in [TarMember.Kind.file, .directory] {
                    let name = [UInt8](repeating: UInt8(ascii: "n"), count: length)
                    let path = directory == 0 ? name : Array(repeating: 0x64, count: directory) + [0x2F] + name
                    for nanoseconds in [0, 5] as [UInt32] {
                        let mtime = Timestamp(seconds: 5, nanoseconds: nanoseconds)
                        let member = TarMember(kind: kind, mode: 0o644, size: 3, mtime: mtime)
                        guard TarHeaderEncoderTests.isPlain(member, path, []) else { continue }
                        let expected = ReferenceWriter.header(of: member, path: path)
                        let made = try TarHeaderEncoderTests.encode(member, path: path)
                        #expect(TarHeaderEncoderTests.difference(made, expected) == nil, "\(directory) \(length)")
                    }
                }
            }
        }
    }

    @Test("a path given in two pieces makes the same header as the whole path")
    func pieces() throws {
        let member = TarMember(kind: .directory, mode: 0o755, mtime: Timestamp(seconds: 7, nanoseconds: 8))
        var encoder = TarHeaderEncoder()
        var buffer = ByteBuffer()
        let directory = Array("some/dir".utf8)
        let name = Array("name".utf8)
        try encoder.appendHeader(
            of: member, directory: directory.span, name: name.span, target: Span(), to: &buffer)
        #expect(try buffer.copy() == TarHeaderEncoderTests.encode(member, path: Array("some/dir/name".utf8)))
    }

    @Test("an empty name, a NUL in a name or in a target is refused and nothing is appended")
    func refusals() {
        let member = TarMember(kind: .symlink, mode: 0o777, mtime: Timestamp(seconds: 0))
        for (path, target) in [("", "t"), ("a\0b", "t"), ("a", "t\0t")] {
            #expect(throws: ArchiveError.self) {
                try TarHeaderEncoderTests.encode(member, path: Array(path.utf8), target: Array(target.utf8))
            }
        }
    }

    private func randomPath(_ random: inout SeededGenerator) -> [UInt8] {
        let alphabet = ["a", "b", "-", " ", ".x", "\n", "$"]
        let longest = [3, 20, 60, 120, 300].randomElement(using: &random) ?? 3
        var components: [String] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let length = Int.random(in: 1...longest, using: &random)
            components.append((0..<length).map { _ in alphabet.randomElement(using: &random) ?? "a" }.joined())
        }
        return Array(components.joined(separator: "/").utf8)
    }
}
