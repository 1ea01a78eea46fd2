import FerryCore
import FerryTesting
import Foundation
import Testing

@testable import FerryFileSystem

@Suite("Baselines on disk")
struct BaselineStoreTests {
    private let directory: TemporaryDirectory
    private let store: BaselineStore
    private let workspace = Array("/home/user/project".utf8)
    private let endpoint: [UInt8] = [1, 0, 255, 2]

    init() throws {
        directory = try TemporaryDirectory()
        store = BaselineStore(in: directory.path + Array("/state/ferry".utf8))
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

    private func isDamaged() -> Bool {
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

    @Test("a baseline that cannot be written leaves the old one and no other file")
    func failure() throws {
        let blocked = directory.path + Array("/blocked".utf8)
        try Data().write(to: URL(fileURLWithPath: String(decoding: blocked, as: UTF8.self)))
        #expect(throws: FileSystemError.self) { try BaselineStore(in: blocked).save(try baseline()) }
    }
}
