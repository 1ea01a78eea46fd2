import FerryProviders
import FerryTransport
import Foundation
import Synchronization
import TestSupport

/// An engine on a Unix socket that answers as a test wants it to.
final class FakeEngine: Sendable {
    /// Answers a request in an own way, or says that it did not.
    typealias Route = @Sendable (_ line: String, _ connection: FakeConnection) -> Bool

    let socket: String
    private let server: FakeServer
    private let record: Record

    private final class Record: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// The request lines that came.
    var requests: [String] { record.lines.withLock { $0 } }

    /// Starts.
    ///
    /// - Parameters:
    ///   - version: What it says of its version; nil: nothing.
    ///   - state: What it says of an exec.
    ///   - stream: What it sends on an exec's stream.
    ///   - route: Answers requests before the usual answers; says whether it did.
    /// - Throws: When it cannot listen.
    init(
        version: String? = "1.41", state: String = "{\"Running\":false,\"ExitCode\":0}",
        stream: @escaping @Sendable (FakeConnection) -> Void = { _ in }, route: @escaping Route = { _, _ in false }
    ) throws {
        socket = "/tmp/ferry-fake-\(UUID().uuidString.prefix(8)).sock"
        let record = Record()
        self.record = record
        server = try FakeServer(at: socket) { connection in
            while let head = connection.readHead() {
                let line = head.components(separatedBy: "\r\n")[0]
                record.lines.withLock { $0.append(line) }
                if head.lowercased().contains("transfer-encoding: chunked") {
                    if !route(line, connection) { connection.respond(200) }
                    return
                }
                let length =
                    head.components(separatedBy: "\r\n").first { $0.hasPrefix("Content-Length: ") }
                    .flatMap { Int($0.dropFirst(16)) } ?? 0
                guard connection.read(length) != nil else { return }
                if route(line, connection) { continue }
                if line.contains("/_ping") {
                    connection.respond(200, "OK", headers: version.map { ["Api-Version: \($0)"] } ?? [])
                } else if line.hasSuffix("/exec HTTP/1.1") {
                    connection.respond(201, "{\"Id\":\"e1\"}")
                } else if line.contains("/start") {
                    connection.send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\n\r\n")
                    return stream(connection)
                } else if line.contains("/exec/e1/json") {
                    connection.respond(200, state)
                } else if line.contains("/containers/c/json") {
                    connection.respond(200, "{\"Id\":\"c\"}")
                } else if line.hasPrefix("HEAD") {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                } else {
                    connection.respond(404, "{\"message\":\"page not found\"}")
                }
            }
        }
    }

    /// Starts an engine that answers some requests in an own way.
    convenience init(version: String? = "1.41", route: @escaping Route) throws {
        try self.init(version: version, stream: { _ in }, route: route)
    }

    deinit { server.stop() }

    /// The container behind it.
    var sandbox: DockerSandbox { DockerSandbox(container: "c", host: DockerHost(socket: Array(socket.utf8))) }

    /// A frame of the stream.
    static func frame(_ kind: UInt8, _ text: String, claims: Int? = nil) -> [UInt8] {
        let count = UInt32(claims ?? text.utf8.count)
        return [kind, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + Array(text.utf8)
    }

    /// What a shell's first line looks like.
    static let begun = frame(2, "ferry-exec 42\n")
}
