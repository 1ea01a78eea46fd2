import FerryCore
import FerryEngine
import FerryTesting
import Foundation
import Testing

@testable import FerryFileSystem

/// Where these tests run.
private enum ListingGround {
    /// Whether temporary directories are on a file system whose listings are remembered.
    static var isPossible: Bool {
        guard let directory = try? TemporaryDirectory(), let root = try? RootDirectory.open(directory.path) else {
            return false
        }
        return FileSystemTraits(of: root.handle).tellsChanges
    }
}

/// Syncs that take directories' listings from the state directory.
@Suite("Syncs with remembered listings", .enabled(if: ListingGround.isPossible))
struct RememberedListingSyncTests {
    /// Large enough to be remembered.
    private static let tree: Tree = {
        var tree = Tree()
        for index in 0..<700 {
            tree[TreePath(stringLiteral: "d\(index % 70)/file\(index)")] = TreeEntry(
                .file(Array("content \(index)".utf8), hasHoles: false), mode: 0o644)
        }
        tree["link"] = TreeEntry(.link(Array("d1".utf8)))
        return tree
    }()

    private static func listings(_ state: [UInt8]) throws -> [URL] {
        let directory = URL(filePath: String(decoding: state, as: UTF8.self) + "/listings")
        guard FileManager.default.fileExists(atPath: directory.path) else { return [] }
        return try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
    }

    private static func rest() async throws { try await Task.sleep(for: .milliseconds(30)) }

    @Test("pushes and pulls go on as without them, also when the files are damaged or gone")
    func goesOn() async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", Self.tree)
        let sandbox = directory.path("sandbox")
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        let state = directory.path("state")
        try await Self.rest()
        try await SyncEngine.push(workspace, to: .directory(sandbox), options: options)
        #expect(try Self.listings(state).count == 1)
        try await Self.rest()
        var report = try await SyncEngine.push(workspace, to: .directory(sandbox), options: options)
        #expect(try report.summary.changesNothing && Self.listings(state).count == 2)
        let before = try DiskFingerprint.all(in: state)
        report = try await SyncEngine.push(workspace, to: .directory(sandbox), options: options)
        #expect(report.summary.changesNothing)
        for file in try Self.listings(state) {
            let path = TreePath(stringLiteral: "listings/" + file.lastPathComponent).path
            #expect(try DiskFingerprint.all(in: state)[path] == before[path])
        }

        for round in 0..<4 {
            let place = String(decoding: workspace, as: UTF8.self)
            let other = String(decoding: sandbox, as: UTF8.self)
            try Data("new".utf8).write(to: URL(filePath: "\(place)/d\(round)/new"))
            try FileManager.default.removeItem(atPath: "\(place)/d\(round + 10)")
            try FileManager.default.moveItem(atPath: "\(place)/d\(round + 20)", toPath: "\(place)/moved\(round)")
            report = try await SyncEngine.push(workspace, to: .directory(sandbox), options: options)
            #expect(report.problems.isEmpty)
            #expect(try DiskFingerprint.paths(in: sandbox) == DiskFingerprint.paths(in: workspace), "round \(round)")
            try Data("result".utf8).write(to: URL(filePath: "\(other)/d\(round)/result"))
            try FileManager.default.removeItem(atPath: "\(other)/moved\(round)/file\(round + 20)")
            report = try await SyncEngine.pull(from: .directory(sandbox), to: workspace, options: options)
            #expect(report.problems.isEmpty)
            #expect(try DiskFingerprint.paths(in: sandbox) == DiskFingerprint.paths(in: workspace), "round \(round)")
            for file in try Self.listings(state) {
                if round == 1 { try FileManager.default.removeItem(at: file) }
                if round == 2 { try Data("damaged".utf8).write(to: file) }
            }
        }
    }

    @Test("a dry run writes no listings, nor does one without a state directory")
    func dryRun() async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", Self.tree)
        try await Self.rest()
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        options.isDryRun = true
        try await SyncEngine.push(workspace, to: .directory(directory.path("sandbox")), options: options)
        #expect(try Self.listings(directory.path("state")).isEmpty)
        try await SyncEngine.push(workspace, to: .directory(directory.path("sandbox")))
        #expect(try Self.listings(directory.path("state")).isEmpty)
    }

    @Test("several destinations share one scan, and its memory")
    func severalDestinations() async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", Self.tree)
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        let destinations = ["one", "two", "three"].map { Endpoint.directory(directory.path($0)) }
        try await Self.rest()
        for round in 0..<3 {
            let place = String(decoding: workspace, as: UTF8.self)
            try Data("new".utf8).write(to: URL(filePath: "\(place)/d\(round)/new"))
            let results = try await SyncEngine.push(workspace, to: destinations, options: options)
            for result in results { #expect(try result.get().problems.isEmpty) }
            for name in ["one", "two", "three"] {
                #expect(
                    try DiskFingerprint.paths(in: directory.path(name)) == DiskFingerprint.paths(in: workspace))
            }
            try await Self.rest()
        }
        // The workspace's, and one of each destination.
        #expect(try Self.listings(directory.path("state")).count == 4)
    }
}

extension DiskFingerprint {
    /// All paths below a directory.
    fileprivate static func paths(in directory: [UInt8]) throws -> Set<RelativePath> {
        Set(try all(in: directory).keys)
    }
}
