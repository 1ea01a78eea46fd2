import FerryArchive
import FerryCore
import TestSupport
import Testing

@Suite("Several archives, one after the other")
struct JoinedArchiveTests {
    private static func archive(_ names: String...) -> TarBlockBuilder {
        var builder = TarBlockBuilder()
        for name in names { builder.member(name, content: "content of \(name)") }
        return builder
    }

    private static func names(_ bytes: [UInt8], pieceSize: Int = .max, joins: Bool = true) throws(ArchiveError)
        -> [String]
    {
        var reader = ArchiveReader(source: ArraySource(bytes, pieceSize: pieceSize), joinsArchives: joins)
        var names: [String] = []
        while let member = try reader.next() { names.append(member.path.description) }
        return names
    }

    @Test(
        "they are read as one, in pieces of any size, whatever padding is between them",
        arguments: [1, 511, 512, 700, Int.max])
    func joined(pieceSize: Int) throws {
        var padded = Self.archive("a", "b")
        padded.zeros(20)
        let all = padded.bytes + Self.archive("c").ended() + Self.archive().ended()
        #expect(try Self.names(all, pieceSize: pieceSize) == ["a", "b", "c"])
        #expect(throws: ArchiveError.self) { try Self.names(all, joins: false) }
    }

    @Test("one that is cut anywhere but after an end is refused")
    func cut() throws {
        let all = Self.archive("a").ended() + Self.archive("b").ended()
        for end in stride(from: 1, to: all.count, by: 257) where end != 2_048 {
            #expect(throws: ArchiveError.self, "\(end)") { try Self.names(Array(all[..<end])) }
        }
    }

    @Test("a member behind a lone block of NULs, and what is no header, are refused")
    func hidden() {
        var lone = Self.archive("a")
        lone.zeros(1)
        #expect(throws: ArchiveError.self) { try Self.names(lone.bytes + Self.archive("b").ended()) }
        let noise = [UInt8](repeating: 7, count: 512)
        #expect(throws: ArchiveError.self) { try Self.names(Self.archive("a").ended() + noise) }
    }

    @Test("blocks of NULs inside a file are content")
    func content() throws {
        var builder = TarBlockBuilder()
        builder.member(Array("zeros".utf8), content: [UInt8](repeating: 0, count: 4_096))
        builder.member("after")
        #expect(try Self.names(builder.ended() + Self.archive("b").ended()) == ["zeros", "after", "b"])
    }
}
