import Crypto
import FerryCore
import FerryTesting
import Foundation
import Testing

@testable import FerryFileSystem

/// A tree, and a state directory in which scans remember its listings.
struct ListingWorld {
    let directory: TemporaryDirectory
    let tree: [UInt8]

    /// Whether temporary directories are on a file system whose listings are remembered.
    static var isPossible: Bool {
        guard let directory = try? TemporaryDirectory(), let root = try? RootDirectory.open(directory.path) else {
            return false
        }
        return FileSystemTraits(of: root.handle).tellsChanges
    }

    init(_ content: Tree) throws {
        directory = try TemporaryDirectory()
        tree = try directory.directory("tree", content)
    }

    func store(isWritten: Bool = true, minimumEntries: Int = 0) -> ListingStore {
        ListingStore(in: directory.path("state"), isWritten: isWritten, minimumEntries: minimumEntries)
    }

    /// The file of the tree's listings.
    var file: URL {
        get throws {
            let path = try store().path(for: RootDirectory.open(tree))
            return URL(filePath: String(decoding: path, as: UTF8.self))
        }
    }

    /// What is in it; nil: there is none.
    var content: [UInt8]? {
        get throws {
            let file = try file
            return FileManager.default.fileExists(atPath: file.path) ? Array(try Data(contentsOf: file)) : nil
        }
    }

    func write(_ content: [UInt8]) throws { try Data(content).write(to: file) }

    /// Writes bytes with the checksum that belongs to them.
    func writeWithChecksum(_ body: [UInt8]) throws { try write(body + SHA256.hash(data: body)) }

    /// Waits until nothing in the tree is too young, and scans.
    @discardableResult
    func remember(_ options: ScanOptions = ScanOptions()) throws -> [String] {
        Thread.sleep(forTimeInterval: 0.03)
        return try scan(options)
    }

    /// What a scan finds that goes by the listings, and keeps them.
    func scan(_ options: ScanOptions = ScanOptions(), store: ListingStore? = nil) throws -> [String] {
        var options = options
        options.listings = store ?? self.store()
        return try scanWithout(options)
    }

    /// What a scan finds that reads every directory.
    func scanWithout(_ options: ScanOptions = ScanOptions()) throws -> [String] {
        try TreeScanner.scan(RootDirectory.open(tree), options: options).everything
    }

    /// The device and inode of the file of listings: another one when it was written again.
    var fileNumber: Int? {
        get throws {
            try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int
        }
    }
}

extension ScanResult {
    /// All that a scan found, as text that can be compared.
    var everything: [String] {
        var lines = snapshot.allEntries().map { entry in
            let record = snapshot[entry.id]
            let status = "\(record.kind) \(record.mode) \(record.size) \(record.flags.rawValue)"
            let times = "\(record.mtime) \(record.ctime)"
            let first = displayName(of: snapshot.path(of: snapshot.firstName(of: entry.id)))
            let target = record.kind == .symlink ? displayName(of: Array(snapshot.target(of: entry.id))) : ""
            return
                "\(displayName(of: entry.path)) \(status) \(times) \(snapshot.inode(of: entry.id)) \(first) \(target)"
        }
        lines += problems.map { "problem \($0)" }
        return lines + ["excluded \(excludedCount)", "root \(snapshot[snapshot.root].flags.rawValue)"]
    }
}
