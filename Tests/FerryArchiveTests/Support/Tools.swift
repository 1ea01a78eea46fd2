import Foundation

/// What a program printed and how it ended.
struct ToolResult {
    var output: [UInt8]
    var errors: String
    var status: Int32
}

/// Runs a program with bytes on its standard input, by way of files so that no pipe can fill up.
func run(
    _ program: String, _ arguments: [String], input: [UInt8] = [], directory: URL? = nil, locale: String = "C.UTF-8"
) throws -> ToolResult {
    let scratch = try TemporaryDirectory()
    let files = ["in", "out", "err"].map { scratch.url.appendingPathComponent($0) }
    try Data(input).write(to: files[0])
    for file in files[1...] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": locale]) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    return ToolResult(
        output: Array(try Data(contentsOf: files[1])),
        errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self), status: process.terminationStatus)
}

/// A directory that goes when the last reference to it does.
final class TemporaryDirectory {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("ferry-archive-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}
