import FerryCore
import FerryTesting
import Foundation
import Testing

@testable import FerryFileSystem

@Suite("Listings that are not what was written", .enabled(if: ListingWorld.isPossible))
struct ListingDamageTests {
    private static func world() throws -> (world: ListingWorld, content: [UInt8], expected: [String]) {
        let world = try ListingWorld([
            "dir/a": .file("a"), "dir/b": .file("b"), "dir/sub/deep": .file("c"), "dir/sub/x": .link("deep"),
            "empty": .directory(mode: 0o755), "top": .file("d"), "z/y/x/w": .file(),
        ])
        let expected = try world.remember()
        return (world, try #require(try world.content), expected)
    }

    @Test("a file with a flipped bit is none")
    func flipped() throws {
        let (world, content, expected) = try Self.world()
        var random = SeededGenerator(seed: 1)
        for _ in 0..<400 {
            var damaged = content
            let place = random.below(content.count)
            damaged[place] ^= 1 << UInt8(random.below(8))
            try world.write(damaged)
            #expect(try world.store().load(RootDirectory.open(world.tree)) == nil, "byte \(place)")
            #expect(try world.scan(store: world.store(isWritten: false)) == expected, "byte \(place)")
        }
        // The next scan that may write replaces it.
        #expect(try world.scan() == expected)
        #expect(try world.store().load(RootDirectory.open(world.tree)) != nil)
    }

    @Test("a file that was cut, that grew, or that is empty is none")
    func cut() throws {
        let (world, content, expected) = try Self.world()
        for length in stride(from: 0, to: content.count, by: 3) {
            try world.write(Array(content[..<length]))
            #expect(try world.scan(store: world.store(isWritten: false)) == expected, "cut at \(length)")
            if length > 0 {
                try world.writeWithChecksum(Array(content[..<length]))
                #expect(try world.scan(store: world.store(isWritten: false)) == expected, "cut at \(length)")
            }
        }
        try world.write(content + [0])
        #expect(try world.scan() == expected)
    }

    @Test("a file of another version, a directory and something that cannot be read are none")
    func foreign() throws {
        let (world, content, expected) = try Self.world()
        var body = Array(content.dropLast(32))
        body[8] &+= 1
        try world.writeWithChecksum(body)
        #expect(try world.store().load(RootDirectory.open(world.tree)) == nil)
        #expect(try world.scan(store: world.store(isWritten: false)) == expected)
        let file = try world.file
        try FileManager.default.removeItem(at: file)
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
        #expect(try world.scan() == expected)
        try FileManager.default.removeItem(at: file.deletingLastPathComponent())
        try Data().write(to: file.deletingLastPathComponent())
        #expect(try world.scan() == expected)
    }

    @Test("whatever the bytes are under a right checksum, a scan ends and stays in the tree", arguments: UInt64(1)...6)
    func odd(seed: UInt64) throws {
        let (world, content, _) = try Self.world()
        let body = Array(content.dropLast(32))
        var random = SeededGenerator(seed: seed)
        for _ in 0..<150 {
            var odd = body
            for _ in 0...random.below(4) {
                let place = ListingLayout.magic.count + random.below(body.count - ListingLayout.magic.count)
                odd[place] = random.oneIn(2) ? odd[place] ^ 1 << UInt8(random.below(8)) : UInt8(random.below(256))
            }
            try world.writeWithChecksum(odd)
            let found = try world.scan(store: world.store(isWritten: false))
            #expect(found.count < 100)
        }
    }

    @Test("a listing with a name of dots, with a slash, an empty one or one NUL too many is read again")
    func names() throws {
        let (world, content, expected) = try Self.world()
        let body = Array(content.dropLast(32))
        // The names "a" and "b" of one directory lie side by side.
        let place = try #require(body.firstRange(of: [0x61, 0, 0x62, 0]))
        for odd: [UInt8] in [
            [0x2E, 0, 0x62, 0], [0x2F, 0, 0x62, 0], [0, 0, 0x62, 0], [0x61, 0x62, 0x62, 0], [0x61, 0, 0x62, 0x63],
        ] {
            var other = body
            other.replaceSubrange(place, with: odd)
            try world.writeWithChecksum(other)
            #expect(try world.scan(store: world.store(isWritten: false)) == expected, "\(odd)")
        }
    }
}
