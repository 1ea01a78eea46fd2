import Foundation
import Testing

/// Runs the built binary.
enum CommandLineTool {
    /// What a run ended as.
    struct Outcome {
        let status: Int32
        let output: String
        let error: String
    }

    /// The binary beside the test bundle.
    static let path: URL = {
        if let given = ProcessInfo.processInfo.environment["FERRY_BINARY"] { return URL(filePath: given) }
        var directory = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        for _ in 0..<4 {
            let candidate = directory.appending(path: "ferry")
            if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
            directory.deleteLastPathComponent()
        }
        return URL(filePath: ".build/debug/ferry")
    }()

    /// Runs `ferry`.
    static func ferry(
        _ arguments: String..., in directory: URL? = nil, input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        try run(path, arguments, in: directory, input: input, environment: environment)
    }

    /// Runs `ferry`.
    static func ferry(
        _ arguments: [String], in directory: URL? = nil, environment: [String: String] = [:]
    ) throws -> Outcome {
        try run(path, arguments, in: directory, environment: environment)
    }

    /// Runs a shell's script, with the binary as `$FERRY`.
    static func shell(_ script: String, shell: String = "bash", in directory: URL? = nil) throws -> Outcome {
        try run(URL(filePath: "/usr/bin/env"), [shell, "-c", script], in: directory, environment: ["FERRY": path.path])
    }

    private static func run(
        _ executable: URL, _ arguments: [String], in directory: URL?, input: String = "",
        environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files rather than pipes: nothing can fill up and block.
        let scratch = FileManager.default.temporaryDirectory.appending(path: "ferry-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let names = ["in", "out", "err"].map { scratch.appending(path: $0) }
        try Data(input.utf8).write(to: names[0])
        for name in names[1...] { try Data().write(to: name) }
        process.standardInput = try FileHandle(forReadingFrom: names[0])
        process.standardOutput = try FileHandle(forWritingTo: names[1])
        process.standardError = try FileHandle(forWritingTo: names[2])
        try process.run()
        process.waitUntilExit()
        let status = process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
        return Outcome(
            status: status, output: String(decoding: try Data(contentsOf: names[1]), as: UTF8.self),
            error: String(decoding: try Data(contentsOf: names[2]), as: UTF8.self))
    }
}

/// A directory for one test, removed at its end.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "ferry-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes files, with the directories above them.
    func write(_ files: [String: String]) throws {
        for (name, content) in files {
            let file = url.appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(content.utf8).write(to: file)
        }
    }

    func read(_ name: String) -> String? { try? String(contentsOf: url.appending(path: name), encoding: .utf8) }
}
