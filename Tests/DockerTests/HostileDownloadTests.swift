import FerryCore
import FerryEngine
import FerryProviders
import FerryTesting
import FerryTransport
import Foundation
import TestSupport
import Testing

/// Pulls of archives that an engine, or who sits in its place, gives for a container that does not run.
@Suite("Pulling hostile archives from an engine")
struct HostileDownloadTests {
    /// An engine whose container does not run and holds an archive.
    private func engine(_ archive: [UInt8], gone: String? = nil) throws -> FakeEngine {
        try FakeEngine { line, connection in
            if line.contains("/exec HTTP") { return connection.respond(409, #"{"message":"it is not running"}"#) }
            if line.hasPrefix("HEAD"), let gone, line.contains(gone) {
                return connection.send("HTTP/1.1 404 X\r\nContent-Length: 0\r\n\r\n")
            }
            guard line.hasPrefix("GET"), line.contains("/archive") else { return false }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(archive.count)\r\n\r\n")
            return connection.send(archive)
        }
    }

    private func pull(_ engine: FakeEngine, to workspace: [UInt8], mirror: Bool = false) async throws -> SyncReport {
        let target = try Target(parsing: Array("docker://c/ws".utf8), home: nil)
        let provider = DockerProvider(environment: ["DOCKER_HOST": "unix://\(engine.socket)"])
        guard case .sandbox(let endpoint) = try provider.endpoint(for: target) else { throw POSIXError(.EINVAL) }
        var options = SyncOptions()
        options.mirrors = mirror
        return try await SyncEngine.pull(from: .sandbox(endpoint), to: workspace, options: options)
    }

    @Test(
        "Names that lead out, entries below a link, and what follows the end are refused before any change",
        arguments: ["../out", "/etc/out", "a/../../out", "link/x", "after"])
    func refused(name: String) async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", ["kept": .file("x")])
        var tar = TarBlockBuilder()
        tar.member("./", type: "5", mode: 0o755)
        tar.member("first", content: "1")
        tar.member("link", type: "2", link: "/tmp")
        if name != "after" { tar.member(name, content: "evil") }
        var bytes = tar.ended()
        if name == "after" { bytes += Array("evil".utf8) + [UInt8](repeating: 0, count: 1_020) }
        let engine = try engine(bytes)
        let error = await #expect(throws: SyncError.self) { _ = try await pull(engine, to: workspace) }
        #expect(error?.code == .unsafeArchive, "\(String(describing: error))")
        #expect(try Tree(reading: workspace).paths.map(\.description) == ["kept"])
    }

    @Test("An archive that was cut changes nothing", arguments: [512, 1_024, 1_536, 2_048])
    func cut(length: Int) async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", ["kept": .file("x")])
        var tar = TarBlockBuilder()
        tar.member("first", content: "1")
        tar.member("second", content: "2")
        let engine = try engine(Array(tar.ended().prefix(length)))
        let error = await #expect(throws: SyncError.self) { _ = try await pull(engine, to: workspace, mirror: true) }
        #expect(error?.code == .transport || error?.code == .unsafeArchive, "\(String(describing: error))")
        #expect(try Tree(reading: workspace).paths.map(\.description) == ["kept"])
    }

    @Test("What an archive leaves out is deleted only when the engine says that it is gone", arguments: [true, false])
    func leftOut(isGone: Bool) async throws {
        let directory = try TemporaryDirectory()
        let workspace = try directory.directory("workspace", ["missing": .file("x"), "kept": .file("1")])
        var tar = TarBlockBuilder()
        tar.member("kept", content: "1")
        let engine = try engine(tar.ended(), gone: isGone ? "missing" : nil)
        let report = try await pull(engine, to: workspace, mirror: true)
        #expect(report.summary.deleted == (isGone ? 1 : 0))
        #expect(report.problems.map(\.code) == (isGone ? [] : [.unreadable]), "\(report.problems)")
        #expect(try Tree(reading: workspace).paths.map(\.description) == (isGone ? ["kept"] : ["kept", "missing"]))
    }
}
