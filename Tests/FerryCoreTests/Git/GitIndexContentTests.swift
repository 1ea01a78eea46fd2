import FerryCore
import Testing

@Suite("What an index of git says")
struct GitIndexContentTests {
    struct Entry {
        var path: String
        var object: UInt8 = 1
        var mode: UInt32 = 0o100644
        var stage: UInt16 = 0
        var stat: UInt8 = 0
        var isIntended = false
    }

    /// Writes an index as git does.
    static func index(
        _ entries: [Entry], version: Int = 2, hashLength: Int = 20, extensions: [(String, [UInt8])] = []
    ) -> [UInt8] {
        var bytes = Array("DIRC".utf8) + big(version) + big(entries.count)
        var last: [UInt8] = []
        for entry in entries {
            let start = bytes.count
            let path = Array(entry.path.utf8)
            bytes += [UInt8](repeating: entry.stat, count: 24) + big(Int(entry.mode))
            bytes += [UInt8](repeating: entry.stat, count: 12)
            bytes += [UInt8](repeating: entry.object, count: hashLength)
            let flags = entry.stage << 12 | UInt16(path.count) | (entry.isIntended ? 0x4000 : 0)
            bytes += [UInt8(flags >> 8), UInt8(flags & 0xFF)]
            if entry.isIntended { bytes += [0x20, 0] }
            if version == 4 {
                let common = zip(last, path).prefix { $0 == $1 }.count
                bytes += [UInt8(last.count - common)] + path.dropFirst(common) + [0]
                last = path
            } else {
                bytes += path
                repeat { bytes.append(0) } while (bytes.count - start) % 8 != 0
            }
        }
        for (name, content) in extensions { bytes += Array(name.utf8) + big(content.count) + content }
        return bytes + [UInt8](repeating: 9, count: hashLength)
    }

    private static func big(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (24 - 8 * $0) & 0xFF) } }

    static let entries = [
        Entry(path: "a"), Entry(path: "dir/file"), Entry(path: "dir/file2"), Entry(path: "dir/x/12345"),
    ]

    @Test("it is the same whatever stat said, in every version, with any cache", arguments: [20, 32])
    func same(hashLength: Int) throws {
        let plain = try #require(GitIndexContent.canonical(Self.index(Self.entries, hashLength: hashLength)))
        var touched = Self.entries
        touched[1].stat = 77
        let caches: [(String, [UInt8])] = [
            ("TREE", [1, 2, 3]), ("REUC", []), ("EOIE", [UInt8](repeating: 1, count: 24)),
        ]
        for version in 2...4 {
            let other = Self.index(touched, version: version, hashLength: hashLength, extensions: caches)
            #expect(GitIndexContent.canonical(other) == plain, "version \(version)")
        }
    }

    @Test("it is another with another object, mode, stage, path, or intent")
    func different() throws {
        let plain = try #require(GitIndexContent.canonical(Self.index(Self.entries)))
        let changes: [(inout Entry) -> Void] = [
            { $0.object = 2 }, { $0.mode = 0o100755 }, { $0.stage = 2 }, { $0.path = "dir/filf" },
            { $0.isIntended = true },
        ]
        for (number, change) in changes.enumerated() {
            var entries = Self.entries
            change(&entries[1])
            let other = try #require(GitIndexContent.canonical(Self.index(entries, version: 3)), "\(number)")
            #expect(other != plain, "\(number)")
        }
        #expect(GitIndexContent.canonical(Self.index([])) == [])
    }

    @Test("nothing is known of a split index, another version, or what is no index")
    func unknown() {
        #expect(GitIndexContent.canonical(Self.index(Self.entries, extensions: [("link", [1, 2])])) == nil)
        #expect(GitIndexContent.canonical(Self.index([], version: 5)) == nil)
        #expect(GitIndexContent.canonical([]) == nil)
        #expect(GitIndexContent.canonical(Array("DIRC".utf8)) == nil)
        #expect(GitIndexContent.canonical([UInt8](repeating: 0, count: 200)) == nil)
    }

    @Test("no index, cut or bent anywhere, is more than unknown")
    func damaged() {
        let whole = Self.index(Self.entries, version: 4, extensions: [("TREE", [1, 2, 3])])
        for length in 0..<whole.count { _ = GitIndexContent.canonical(Array(whole[..<length])) }
        for position in whole.indices {
            for value: UInt8 in [0, 1, 0x7F, 0x80, 0xFF] {
                var bent = whole
                bent[position] = value
                _ = GitIndexContent.canonical(bent)
            }
        }
    }
}
