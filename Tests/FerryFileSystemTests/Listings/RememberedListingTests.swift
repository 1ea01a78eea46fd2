import FerryCore
import FerryTesting
import Foundation
import SystemPackage
import Testing

@testable import FerryFileSystem

@Suite("Remembered listings", .enabled(if: ListingWorld.isPossible))
struct RememberedListingTests {
    private static let small: Tree = [
        "dir/known": .file("a"), "dir/other": .file("b"), "dir/sub/deep": .file("c"), "link": .link("dir"),
        "top": .file("d"),
    ]

    /// Makes the listings say something else than the directories do: so it can be seen whether they are taken.
    private func forge(_ world: ListingWorld, _ name: String, as other: String) throws {
        var body = Array(try #require(try world.content).dropLast(32))
        let place = try #require(body.firstRange(of: Array(name.utf8)))
        body.replaceSubrange(place, with: Array(other.utf8))
        try world.writeWithChecksum(body)
    }

    @Test("a directory that did not change is taken from memory, and one that changed is read")
    func taken() throws {
        let world = try ListingWorld(Self.small)
        let plain = try world.remember()
        #expect(try plain == world.scanWithout())
        try forge(world, "known", as: "knowm")
        #expect(try world.scan() == plain.filter { !$0.hasPrefix("dir/known ") })
        // Any change of the directory's metadata will do.
        try DirectoryEdits(world.tree).setMode("dir", 0o750)
        let changed = try world.scan()
        #expect(changed.contains { $0.hasPrefix("dir/known ") })
        #expect(try changed == world.scanWithout())
    }

    @Test("a directory that was moved is read, and what is below it is not")
    func moved() throws {
        let world = try ListingWorld(Self.small)
        try world.remember()
        try forge(world, "deep", as: "deeq")
        let path = String(decoding: world.tree, as: UTF8.self)
        try FileManager.default.moveItem(atPath: path + "/dir", toPath: path + "/moved")
        let found = try world.scan()
        #expect(found.contains { $0.hasPrefix("moved/known ") } && found.contains { $0.hasPrefix("moved/sub ") })
        #expect(!found.contains { $0.hasPrefix("moved/sub/deep ") })
    }

    @Test("a scan with memory finds what one without finds, whatever happens between", arguments: UInt64(1)...24)
    func randomChanges(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var shape = RandomTree.Shape()
        shape.entries = 40
        shape.hasFifos = true
        let world = try ListingWorld(RandomTree(seed: seed, shape: shape).make())
        for round in 0..<8 {
            if random.oneIn(2) { Thread.sleep(forTimeInterval: 0.02) }
            var options = ScanOptions(ruleFiles: random.oneIn(2) ? .ferryignore : .none, threads: 1 + random.below(3))
            if random.oneIn(3) {
                let patterns = IgnorePatternList(
                    parsing: "d*\n!*e*\n".utf8, kind: .commandLine, label: Array("--exclude".utf8))
                options.rules = IgnoreRules(commandLine: patterns)
            }
            if random.oneIn(4) { options.selection = FileSelection([TreePath("a").path]) }
            let expected = try world.scanWithout(options)
            #expect(try world.scan(options) == expected, "seed \(seed), round \(round)")
            #expect(try world.scan(options) == expected, "seed \(seed), round \(round), again")
            try RandomChanges(world.tree).make(1 + random.below(6), &random)
        }
    }

    @Test("nothing is written when nothing is new, nor for a few changes of a large tree")
    func rewriting() throws {
        var content = Tree()
        for index in 0..<60 {
            content[TreePath(stringLiteral: "d\(index)/file")] = TreeEntry(.file([1], hasHoles: false), mode: 0o644)
        }
        let world = try ListingWorld(content)
        try world.remember()
        let first = try world.fileNumber
        #expect(first != nil)
        try world.remember()
        #expect(try world.fileNumber == first)
        let edits = try DirectoryEdits(world.tree)
        try edits.write("d1/new", "x")
        #expect(try world.remember() == world.scanWithout())
        #expect(try world.fileNumber == first)
        for index in 0..<10 { try edits.write("d\(index)/newer", "x") }
        #expect(try world.remember() == world.scanWithout())
        #expect(try world.fileNumber != first)
        #expect(try world.scan() == world.scanWithout())
    }

    @Test("small trees, parts of a tree, followed links and dry runs leave no file; a file is the user's own")
    func withoutFile() throws {
        let world = try ListingWorld(Self.small)
        Thread.sleep(forTimeInterval: 0.03)
        _ = try world.scan(store: world.store(minimumEntries: 500))
        _ = try world.scan(ScanOptions(selection: FileSelection([TreePath("dir").path])))
        _ = try world.scan(store: world.store(isWritten: false))
        var options = ScanOptions()
        options.listings = world.store()
        _ = try TreeScanner.scan(RootDirectory.open(world.tree, followsLinks: true), options: options)
        #expect(try world.content == nil)
        try world.remember()
        let file = try world.file
        for (path, mode) in [(file.path, 0o600), (file.deletingLastPathComponent().path, 0o700)] {
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path)
                == [file.lastPathComponent])
        // What is there is read also where it is not written.
        try forge(world, "known", as: "knowm")
        #expect(try !world.scan(store: world.store(isWritten: false)).contains { $0.hasPrefix("dir/known ") })
    }

    @Test("a directory that changed less than a tick before, or a second where times are whole, is not trusted")
    func young() {
        let stamp = ScanStamp(start: Timestamp(seconds: 1_000, nanoseconds: 500_000_000))
        func trusts(_ seconds: Int64, _ nanoseconds: UInt32, mtime: Timestamp = Timestamp(seconds: 5)) -> Bool {
            let ctime = Timestamp(seconds: seconds, nanoseconds: nanoseconds)
            return stamp.trusts(listingOf: EntryStatus(kind: .directory, mtime: mtime, ctime: ctime))
        }
        #expect(trusts(1_000, 489_999_999) && !trusts(1_000, 490_000_000))
        #expect(!trusts(1_000, 500_000_000) && !trusts(1_001, 1) && !trusts(2_000, 0))
        #expect(trusts(999, 0) && !trusts(1_000, 0))
        #expect(!trusts(900, 1, mtime: Timestamp(seconds: 1_000, nanoseconds: 495_000_000)))
    }

    @Test("a directory is not remembered that was changed right before the scan")
    func racy() throws {
        let world = try ListingWorld(Self.small)
        // The machine may pause between the change and the scan: then once more.
        for _ in 0..<50 {
            Thread.sleep(forTimeInterval: 0.03)
            try DirectoryEdits(world.tree).setMode("dir", 0o755)
            try DirectoryEdits(world.tree).setMode("dir", 0o750)
            _ = try world.scan()
            guard let content = try world.content else { continue }
            if content.firstRange(of: Array("known".utf8)) == nil {
                #expect(content.firstRange(of: Array("deep".utf8)) != nil)
                return
            }
            try FileManager.default.removeItem(at: world.file)
        }
        Issue.record("each scan remembered a directory that was younger than a tick")
    }
}
