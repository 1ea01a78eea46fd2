import FerryCore
import FerryTesting
import Foundation
import Testing

@testable import FerryFileSystem

@Suite("Baselines on disk")
struct BaselineStoreTests {
    private let directory: TemporaryDirectory
    private let store: BaselineStore
    /// Holds no blocks in memory.
    private let windowed: BaselineStore
    private let workspace = Array("/home/user/project".utf8)
    private let endpoint: [UInt8] = [1, 0, 255, 2]

    init() throws {
        directory = try TemporaryDirectory()
        store = BaselineStore(in: directory.path + Array("/state/ferry".utf8))
        windowed = BaselineStore(in: directory.path + Array("/state/ferry".utf8), holdingUpTo: 0)
    }

    private func baseline(_ count: Int = 20, size: Int64 = 1) throws -> Baseline {
        let entries = try (0..<count).map { index in
            let print = Fingerprint(
                mode: 0o644, size: size, mtime: Timestamp(seconds: 5), ctime: Timestamp(seconds: 6, nanoseconds: 7),
                inode: UInt64(index), device: 9)
            return (
                path: try RelativePath(validating: "file \(index)".utf8),
                entry: BaselineEntry(kind: .file, mode: 0o644, size: size, local: print, remote: print)
            )
        }
        return Baseline(header: BaselineHeader(workspaceKey: workspace, endpointKey: endpoint), entries: entries)
    }

    private var file: String {
        String(decoding: store.path(workspace: workspace, endpoint: endpoint), as: UTF8.self)
    }

    private func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: file)) }

    private func isDamaged() -> Bool { isDamaged(to: store) && isDamaged(to: windowed) }

    private func isDamaged(to store: BaselineStore) -> Bool {
        do throws(BaselineStoreError) {
            _ = try store.load(workspace: workspace, endpoint: endpoint)
            return false
        } catch {
            guard case .damaged = error else { return false }
            return error.description.contains("baseline")
        }
    }

    @Test("what a kill left of a baseline that was being written is in nobody's way, and is removed on request")
    func unfinished() throws {
        try store.save(try baseline())
        let left = URL(fileURLWithPath: file).deletingLastPathComponent()
            .appendingPathComponent(".ferry-tmp-" + URL(fileURLWithPath: file).lastPathComponent)
        try Data([1, 2, 3]).write(to: left)
        try store.save(try baseline(size: 2))
        #expect(!FileManager.default.fileExists(atPath: left.path))
        try Data([1, 2, 3]).write(to: left)
        store.removeUnfinished(workspace: workspace, endpoint: endpoint)
        #expect(!FileManager.default.fileExists(atPath: left.path))
        #expect(try store.load(workspace: workspace, endpoint: endpoint)?.allEntries.first?.entry.size == 2)
    }

    @Test("what is saved is loaded, each pair of keys for itself, and the last one counts")
    func saves() throws {
        #expect(try store.load(workspace: workspace, endpoint: endpoint) == nil)
        try store.save(try baseline())
        try store.save(try baseline(size: 2))
        let loaded = try #require(try store.load(workspace: workspace, endpoint: endpoint))
        #expect(loaded.encoded() == (try baseline(size: 2)).encoded())
        #expect(loaded.allEntries.count == 20)
        let read = try #require(try windowed.load(workspace: workspace, endpoint: endpoint))
        #expect(read.encoded() == loaded.encoded())
        #expect(read.allEntries.map(\.entry) == loaded.allEntries.map(\.entry) && !read.isUnreadable)
        #expect(try store.load(workspace: endpoint, endpoint: workspace) == nil)
        #expect(try store.load(workspace: workspace + [1], endpoint: [0, 255, 2]) == nil)
        let names = try FileManager.default.contentsOfDirectory(
            atPath: URL(fileURLWithPath: file).deletingLastPathComponent().path)
        #expect(names.count == 1)
        try store.remove(workspace: workspace, endpoint: endpoint)
        try store.remove(workspace: workspace, endpoint: endpoint)
        #expect(try store.load(workspace: workspace, endpoint: endpoint) == nil)
    }

    @Test("every truncation and every flipped bit is refused as damage")
    func damage() throws {
        try store.save(try baseline(4))
        let content = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        for length in 0..<content.count {
            try write(Array(content[..<length]))
            #expect(isDamaged(), "cut at \(length)")
        }
        for index in content.indices {
            for bit in UInt8(0)..<8 where (index + Int(bit)) % 3 == 0 {
                var damaged = content
                damaged[index] ^= 1 << bit
                try write(damaged)
                #expect(isDamaged(), "bit \(bit) of byte \(index)")
            }
        }
        try write(content + [0])
        #expect(isDamaged())
        try write(content)
        #expect(try store.load(workspace: workspace, endpoint: endpoint) != nil)
    }

    @Test("one that is read as it is needed stays what it was when another takes its place")
    func replacedWhileOpen() throws {
        try store.save(try baseline(20_000))
        let open = try #require(try windowed.load(workspace: workspace, endpoint: endpoint))
        try store.save(try baseline(30_000, size: 2), flushes: false)
        #expect(open.allEntries.map(\.entry) == (try baseline(20_000)).allEntries.map(\.entry))
        #expect(!open.isUnreadable)
        try windowed.save(open)
        #expect(try store.load(workspace: workspace, endpoint: endpoint)?.encoded() == open.encoded())
    }

    @Test("one that cannot be read to its end any more says so")
    func cutWhileOpen() throws {
        try store.save(try baseline(20_000))
        let open = try #require(try windowed.load(workspace: workspace, endpoint: endpoint))
        #expect(!open.isUnreadable)
        let handle = try Foundation.FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.truncate(atOffset: 1000)
        try handle.close()
        #expect(open.allEntries.count < 20_000)
        #expect(open.isUnreadable)
    }

    @Test("a huge empty file, a directory or another pair's file in its place is damage, not a baseline")
    func strangers() throws {
        try store.save(try baseline(4))
        let content = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        try write([])
        let handle = try Foundation.FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.truncate(atOffset: 3 << 30)
        try handle.close()
        #expect(isDamaged())
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
        #expect(isDamaged())
        let other = String(decoding: store.path(workspace: [1], endpoint: [2]), as: UTF8.self)
        try Data(content).write(to: URL(fileURLWithPath: other))
        #expect(throws: BaselineStoreError.self) { try store.load(workspace: [1], endpoint: [2]) }
    }

    @Test("marks beside a baseline are read with it as one, until it is saved again", arguments: [false, true])
    func marks(flushes: Bool) throws {
        try store.save(try baseline(3))
        try store.save(marks: try marks(of: "file 1", rules: [7]), flushes: flushes)
        let loaded = try #require(try store.load(workspace: workspace, endpoint: endpoint))
        #expect(loaded.isPushUnderWay && loaded.header.isComplete)
        #expect(loaded.allEntries.map(\.entry.flags) == [[], .pushUnderWay, []])
        #expect(loaded.allEntries.map(\.entry.size) == [1, 1, 1])
        let read = try #require(try windowed.load(workspace: workspace, endpoint: endpoint))
        #expect(read.encoded() == loaded.encoded())
        #expect(try store.loadHeader(workspace: workspace, endpoint: endpoint)?.rulesText == [7])
        // The next push's take their place.
        try store.save(marks: try marks(of: "new", rules: []), flushes: flushes)
        let next = try #require(try store.load(workspace: workspace, endpoint: endpoint))
        #expect(next.allEntries.map(\.entry.flags) == [[], [], [], .pushUnderWay])
        try store.save(try baseline(2), flushes: flushes)
        #expect(try store.load(workspace: workspace, endpoint: endpoint)?.isPushUnderWay == false)
        #expect(!FileManager.default.fileExists(atPath: marksFile))
    }

    @Test("marks of another baseline are none: a kill after the baseline was saved may leave them")
    func staleMarks() throws {
        try store.save(try baseline(3))
        try store.save(marks: try marks(of: "file 1", rules: []), flushes: false)
        let left = try Data(contentsOf: URL(fileURLWithPath: marksFile))
        try store.save(try baseline(4))
        try left.write(to: URL(fileURLWithPath: marksFile))
        let loaded = try #require(try store.load(workspace: workspace, endpoint: endpoint))
        #expect(loaded.allEntries.count == 4 && !loaded.isPushUnderWay)
        #expect(try store.loadHeader(workspace: workspace, endpoint: endpoint)?.isPushUnderWay == false)
        try store.remove(workspace: workspace, endpoint: endpoint)
        #expect(!FileManager.default.fileExists(atPath: marksFile))
    }

    @Test("marks that are damaged are damage of the baseline: nobody knows then what a killed push wrote")
    func damagedMarks() throws {
        try store.save(try baseline(3))
        try store.save(marks: try marks(of: "file 1", rules: []), flushes: true)
        let content = Array(try Data(contentsOf: URL(fileURLWithPath: marksFile)))
        for length in 0..<content.count {
            try Data(content[..<length]).write(to: URL(fileURLWithPath: marksFile))
            #expect(isDamaged(), "cut at \(length)")
        }
        for index in content.indices {
            var damaged = content
            damaged[index] ^= 1 << UInt8(index % 8)
            try Data(damaged).write(to: URL(fileURLWithPath: marksFile))
            #expect(isDamaged(), "byte \(index)")
        }
    }

    @Test("files that were moved are known by their new fingerprints, and the marks stay")
    func movedUnderMarks() throws {
        try store.save(try baseline(3))
        try store.save(marks: try marks(of: "file 1", rules: []), flushes: true)
        let old = try #require(try baseline(3).allEntries.first?.entry.local)
        var new = old
        new.inode = 99
        try store.replace(localFingerprints: [old: new], workspace: workspace)
        let loaded = try #require(try store.load(workspace: workspace, endpoint: endpoint))
        #expect(loaded.allEntries.first?.entry.local == new && loaded.isPushUnderWay)
        #expect(loaded.allEntries.map(\.entry.flags) == [[], .pushUnderWay, []])
    }

    private var marksFile: String { String(file.dropLast("baseline".count)) + "marks" }

    private func marks(of path: String, rules: [UInt8]) throws -> Baseline {
        var header = BaselineHeader(workspaceKey: workspace, endpointKey: endpoint)
        header.rulesText = rules
        header.isPushUnderWay = true
        let entry = BaselineEntry(kind: .file, mode: 0o644, size: 8, flags: .pushUnderWay)
        return Baseline(header: header, entries: [(path: try RelativePath(validating: path.utf8), entry: entry)])
    }

    @Test("a baseline that cannot be written leaves the old one and no other file")
    func failure() throws {
        let blocked = directory.path + Array("/blocked".utf8)
        try Data().write(to: URL(fileURLWithPath: String(decoding: blocked, as: UTF8.self)))
        #expect(throws: FileSystemError.self) { try BaselineStore(in: blocked).save(try baseline()) }
    }
}
