import Foundation

/// Runs programs with files for their standard streams, so that no pipe can fill up.
package enum Tool {
    /// What a program printed and how it ended.
    package struct Result: Sendable {
        package var output: [UInt8]
        package var errors: String
        /// The exit status; for a process that a signal ended, 128 and its number.
        package var status: Int32

        package var text: String { String(decoding: output, as: UTF8.self) }
    }

    /// A helper program that did not do its part.
    package struct Failure: Error {
        package let result: Result

        package init(result: Result) { self.result = result }
    }

    /// Runs a program to its end.
    package static func run(
        _ program: String, _ arguments: [String], input: [UInt8]? = nil, directory: String? = nil,
        environment: [String: String] = [:]
    ) throws -> Result {
        try Running(program, arguments, input: input, directory: directory, environment: environment).wait()
    }

    /// A program that runs.
    package final class Running {
        private let process = Process()
        private let files: [URL]
        private let directory: URL

        package init(
            _ program: String, _ arguments: [String], input: [UInt8]? = nil, directory workingDirectory: String? = nil,
            environment: [String: String] = [:]
        ) throws {
            directory = FileManager.default.temporaryDirectory.appendingPathComponent("ferry-run-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            files = ["in", "out", "err"].map { [directory] in directory.appendingPathComponent($0) }
            try Data(input ?? []).write(to: files[0])
            for file in files[1...] { try Data().write(to: file) }
            process.executableURL = URL(fileURLWithPath: program)
            process.arguments = arguments
            if let workingDirectory { process.currentDirectoryURL = URL(fileURLWithPath: workingDirectory) }
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardInput = try FileHandle(forReadingFrom: files[0])
            process.standardOutput = try FileHandle(forWritingTo: files[1])
            process.standardError = try FileHandle(forWritingTo: files[2])
            try process.run()
        }

        deinit { try? FileManager.default.removeItem(at: directory) }

        package var identifier: Int32 { process.processIdentifier }
        package var isRunning: Bool { process.isRunning }

        package func wait() throws -> Result {
            process.waitUntilExit()
            let isSignal = process.terminationReason == .uncaughtSignal
            return Result(
                output: Array(try Data(contentsOf: files[1])),
                errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self),
                status: process.terminationStatus + (isSignal ? 128 : 0))
        }
    }
}
