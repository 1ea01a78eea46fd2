import FerryTransport
import Foundation

/// The six calls, on this machine.
struct LocalClient: PlainClient {
    func makeDirectory(_ path: String) async throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func writeFile(_ path: String, _ content: [UInt8]) async throws {
        try Data(content).write(to: URL(filePath: path))
    }

    func readFile(_ path: String) async throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path)))
    }

    func list(_ path: String) async throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path)
    }

    func remove(_ path: String) async throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    func run(_ command: String, timeout: Duration) async throws -> PlainResult {
        let (process, output, errors) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let end = ContinuousClock.now + timeout
        while process.isRunning {
            guard .now < end, !Task.isCancelled else {
                process.terminate()
                throw PlainClientError(.timedOut, "the command was stopped after \(timeout)")
            }
            try? await Task.sleep(for: .milliseconds(2))
        }
        return PlainResult(
            status: process.terminationStatus,
            output: Array(try output.fileHandleForReading.readToEnd() ?? Data()),
            errors: Array(try errors.fileHandleForReading.readToEnd() ?? Data()))
    }
}
