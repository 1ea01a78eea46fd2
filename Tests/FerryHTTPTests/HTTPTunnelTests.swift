import FerryHTTP
import Foundation
import TestSupport
import Testing

@Suite("Raw connections after an upgrade", .timeLimit(.minutes(1)))
struct HTTPTunnelTests {
    private let client = HTTPClient()

    private func request(_ server: FakeServer) throws -> HTTPRequest {
        var request = HTTPRequest(.post, try HTTPURL("http://127.0.0.1:\(server.port)").appending("attach"))
        request.body = .bytes(Array("{}".utf8))
        request.idleTimeout = .seconds(10)
        return request
    }

    private func receive(_ tunnel: HTTPTunnel) throws -> [UInt8] {
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 1_000)
        while true {
            var room = piece.mutableSpan
            guard let count = try tunnel.receive(into: &room) else {
                tunnel.waitToReceive(atMost: .seconds(5))
                continue
            }
            if count == 0 { return result }
            result += piece[..<count]
        }
    }

    @Test("Bytes go both ways, those that came with the head too, and one side can end alone", arguments: [101, 200])
    func duplex(status: Int) throws {
        let server = try FakeServer { connection in
            guard let (line, body) = connection.readRequest() else { return }
            connection.send("HTTP/1.1 100 Continue\r\n\r\n")
            connection.send("HTTP/1.1 \(status) UPGRADED\r\nConnection: Upgrade\r\n\r\nearly \(line) \(body.count);")
            connection.send(connection.readToEnd())
        }
        guard case .tunnel(let tunnel) = try client.upgrade(try request(server), to: "tcp") else {
            Issue.record("no raw connection")
            return
        }
        let sent = Array("hello".utf8)
        #expect(try tunnel.send(sent.span) == 5)
        tunnel.closeWriting()
        #expect(try receive(tunnel) == Array("early POST /attach HTTP/1.1 2;hello".utf8))
    }

    @Test("A refusal comes with what the server says")
    func refused() throws {
        let server = try FakeServer {
            _ = $0.readRequest(); $0.respond(409, "{\"message\":\"not running\"}")
        }
        guard case .refused(let reply) = try client.upgrade(try request(server), to: "tcp") else {
            Issue.record("taken for a yes")
            return
        }
        #expect(reply.response.status == 409)
        #expect(String(decoding: reply.body, as: UTF8.self) == "{\"message\":\"not running\"}")
    }

    @Test(
        "A connection that ends without an answer, and an answer that is none, are errors",
        arguments: ["", "hi\r\n\r\n"])
    func malformed(answer: String) throws {
        let server = try FakeServer {
            _ = $0.readRequest(); $0.send(answer)
        }
        let error = try #require(throws: HTTPError.self) { _ = try client.upgrade(try request(server), to: "tcp") }
        #expect(error.code == (answer.isEmpty ? .connectionLost : .malformed), "\(error)")
        #expect(!error.canRetry)
    }

    @Test("Another thread can cancel whoever waits")
    func cancellation() throws {
        let server = try FakeServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 101 UPGRADED\r\n\r\n")
            _ = connection.readToEnd()
        }
        guard case .tunnel(let tunnel) = try client.upgrade(try request(server), to: "tcp") else {
            Issue.record("no raw connection")
            return
        }
        Thread.detachNewThread {
            usleep(100_000)
            tunnel.cancel()
        }
        let start = ContinuousClock.now
        let error = try #require(throws: HTTPError.self) { _ = try receive(tunnel) }
        #expect(error.code == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}
