import FerryCore
import FerryTesting
import Foundation

/// Small edits of a directory, as a program would make them.
struct DirectoryEdits {
    private let root: String

    init(_ path: [UInt8]) throws { root = String(decoding: path, as: UTF8.self) + "/" }

    func write(_ path: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: root + path))
    }

    func makeDirectory(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: root + path, withIntermediateDirectories: false)
    }

    func remove(_ path: String) throws { try FileManager.default.removeItem(atPath: root + path) }

    func setMode(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: root + path)
    }

    /// Removes everything, whatever its name and mode.
    func clear() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "chmod -R u+rwx \"$1\" && find \"$1\" -mindepth 1 -delete", "sh", root]
        try process.run()
        process.waitUntilExit()
    }
}

/// Time by the file system's own clock.
enum RacyWait {
    static func now(in directory: TemporaryDirectory) throws -> Timestamp {
        let path = String(decoding: directory.path("clock"), as: UTF8.self)
        try Data([1]).write(to: URL(fileURLWithPath: path))
        let found = try DiskFingerprint.all(in: directory.path)
        return found[TreePath("clock").path]?.ctime ?? Timestamp(seconds: 0)
    }

    /// Waits until what was written by now lies more than a tick in the past.
    static func pass(in directory: TemporaryDirectory) throws {
        Thread.sleep(forTimeInterval: 0.03)
    }
}
