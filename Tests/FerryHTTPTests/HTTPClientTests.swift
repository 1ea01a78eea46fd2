import FerryHTTP
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("The HTTP client", .timeLimit(.minutes(1)))
struct HTTPClientTests {
    private let client = HTTPClient()

    private func request(_ method: HTTPMethod = .get, _ server: FakeServer, _ path: String = "x") throws -> HTTPRequest
    {
        HTTPRequest(method, try HTTPURL("http://127.0.0.1:\(server.port)").appending(path))
    }

    @Test("A whole answer comes with its status, its header fields and its body, whatever the status")
    func whole() throws {
        let server = try FakeServer {
            _ = $0.readRequest(); $0.respond(404, "gone", headers: ["X-Word: a b"])
        }
        let reply = try client.send(try request(.get, server))
        #expect(reply.response.status == 404 && !reply.response.isSuccess)
        #expect(reply.response.value(of: "x-word") == "a b")
        #expect(reply.body == Array("gone".utf8))
    }

    @Test("A redirect is an answer, never followed")
    func redirect() throws {
        let lines = Mutex<[String]>([])
        let server = try FakeServer { connection in
            while let (line, _) = connection.readRequest() {
                lines.withLock { $0.append(line) }
                connection.respond(302, headers: ["Location: /elsewhere"])
            }
        }
        #expect(try client.send(try request(.get, server)).response.status == 302)
        #expect(lines.withLock { $0 } == ["GET /x HTTP/1.1"])
    }

    @Test("Two requests share one connection")
    func reuse() throws {
        let server = try FakeServer { while $0.readRequest() != nil { $0.respond(200, "ok") } }
        for _ in 0..<3 { #expect(try client.send(try request(.get, server)).body == Array("ok".utf8)) }
        var post = try request(.post, server)
        post.body = .bytes([1, 2, 3])
        #expect(try client.send(post).response.status == 200)
        #expect(server.connections == 1)
    }

    @Test("A request that must not be repeated is not, when a kept connection turns out to be dead", arguments: [0, 3])
    func noRepetition(size: Int) throws {
        let posts = Atomic<Int>(0)
        let server = try FakeServer { connection in
            while let (line, _) = connection.readRequest() {
                if line.hasPrefix("POST") {
                    posts.wrappingAdd(1, ordering: .relaxed)
                    return
                }
                connection.respond(200)
            }
        }
        _ = try client.send(try request(.get, server))
        var post = try request(.post, server)
        if size > 0 { post.body = .bytes([UInt8](repeating: 1, count: size)) }
        let error = try #require(throws: HTTPError.self) { try client.send(post) }
        #expect(error.code == .connectionLost && error.mayHaveArrived && !error.canRetry, "\(error)")
        #expect(posts.load(ordering: .relaxed) == 1)
    }

    @Test("More header fields than allowed are refused, endless ones too")
    func largeHead() throws {
        let server = try FakeServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n")
            while connection.send("X-Filler: \(String(repeating: "x", count: 1_000))\r\n") {}
        }
        var request = try request(.get, server)
        request.largestHead = 10_000
        let error = try #require(throws: HTTPError.self) { try client.send(request) }
        #expect(error.code == .headTooLarge, "\(error)")
    }

    @Test("A body larger than the caller takes is refused")
    func largeBody() throws {
        let server = try FakeServer {
            _ = $0.readRequest(); $0.respond(200, String(repeating: "x", count: 5_000))
        }
        let error = try #require(throws: HTTPError.self) { try client.send(try request(.get, server), limit: 4_999) }
        #expect(error.code == .bodyTooLarge)
        #expect(try client.send(try request(.get, server), limit: 5_000).body.count == 5_000)
    }

    @Test(
        "A body that ends early is an error, never a short body",
        arguments: [
            "Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
            "Transfer-Encoding: chunked\r\n\r\nffff\r\nabc",
        ])
    func truncated(answer: String) throws {
        let server = try FakeServer {
            _ = $0.readRequest(); $0.send("HTTP/1.1 200 OK\r\n" + answer)
        }
        let exchange = try client.start(try request(.get, server))
        #expect(try exchange.response().status == 200)
        let error = try #require(throws: HTTPError.self) { _ = try exchange.reply() }
        #expect(error.code == .cutOff && error.canRetry, "\(error)")
        #expect(exchange.knownResponse?.status == 200)
    }

    @Test("What is not HTTP is refused", arguments: ["SSH-2.0-x\r\n\r\n", "\0\u{1}\u{2}garbage\r\n\r\n", ""])
    func notHTTP(answer: String) throws {
        let server = try FakeServer {
            _ = $0.readRequest(); $0.send(answer)
        }
        let error = try #require(throws: HTTPError.self) { _ = try client.send(try request(.get, server)) }
        #expect([.malformed, .connectionLost].contains(error.code), "\(error)")
    }

    @Test("A server that says nothing runs into the idle time-out, one that trickles into the deadline")
    func timeouts() throws {
        let silent = try FakeServer {
            _ = $0.readRequest(); _ = $0.readToEnd()
        }
        var request = try request(.get, silent)
        request.idleTimeout = .milliseconds(200)
        let start = ContinuousClock.now
        let idle = try #require(throws: HTTPError.self) { try client.send(request) }
        #expect(idle.code == .timedOut && idle.reason.contains("nothing moved"), "\(idle)")
        #expect(ContinuousClock.now - start < .seconds(20))

        let trickling = try FakeServer { connection in
            _ = connection.readRequest()
            connection.send("HTTP/1.1 200 OK\r\n\r\n")
            while connection.send("x") { usleep(20_000) }
        }
        var other = HTTPRequest(.get, try HTTPURL("http://127.0.0.1:\(trickling.port)"))
        (other.idleTimeout, other.deadline) = (.seconds(5), .milliseconds(300))
        let late = try #require(throws: HTTPError.self) { try client.send(other) }
        #expect(late.code == .timedOut && late.reason.contains("longer than"), "\(late)")
    }

    @Test("Another thread can cancel at once whoever waits")
    func cancellation() throws {
        let server = try FakeServer {
            _ = $0.readRequest(); _ = $0.readToEnd()
        }
        let exchange = try client.start(try request(.get, server))
        Thread.detachNewThread {
            usleep(100_000)
            exchange.cancel()
        }
        let start = ContinuousClock.now
        let error = try #require(throws: HTTPError.self) { _ = try exchange.response() }
        #expect(error.code == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(20))
    }

    @Test("Nobody who listens is told apart from a path that is no socket and one that is too long")
    func unreachable() throws {
        var request = HTTPRequest(.post, try HTTPURL("http://docker"))
        request.unixSocket = Array("/nonexistent/socket".utf8)
        let missing = try #require(throws: HTTPError.self) { try client.send(request) }
        #expect(missing.code == .cannotConnect && missing.systemError == ENOENT && missing.canRetry, "\(missing)")
        request.unixSocket = [UInt8](repeating: 0x61, count: 200)
        let long = try #require(throws: HTTPError.self) { try client.send(request) }
        #expect(long.code == .invalidRequest && long.reason.contains("107"))
        let server = try FakeServer { _ in }
        server.stop()
        usleep(50_000)
        let refused = try #require(throws: HTTPError.self) { try client.send(try self.request(.get, server)) }
        #expect([.cannotConnect, .connectionLost].contains(refused.code), "\(refused)")
    }
}
