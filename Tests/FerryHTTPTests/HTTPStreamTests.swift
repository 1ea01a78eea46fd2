import FerryHTTP
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Streamed HTTP bodies", .timeLimit(.minutes(1)))
struct HTTPStreamTests {
    private let client = HTTPClient()

    private func put(_ server: FakeServer) throws -> HTTPRequest {
        var request = HTTPRequest(.put, try HTTPURL("http://127.0.0.1:\(server.port)/x"))
        request.body = .stream
        request.idleTimeout = .seconds(20)
        return request
    }

    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    }

    @Test("What is sent in pieces of any size arrives byte for byte")
    func upload() throws {
        let received = Mutex<[UInt8]?>(nil)
        let server = try FakeServer { connection in
            _ = connection.readHead()
            let body = connection.readChunks()
            received.withLock { $0 = body }
            connection.respond(201, "done")
        }
        let content = Self.pattern(3_000_001)
        let exchange = try client.start(try put(server))
        var start = 0
        for size in [1, 7, 100_000, 1_000_000, content.count] where start < content.count {
            let end = min(start + size, content.count)
            try exchange.write(content.span.extracting(start..<end))
            start = end
        }
        try exchange.finishBody()
        let reply = try exchange.reply()
        #expect(reply.response.status == 201 && reply.body == Array("done".utf8))
        #expect(received.withLock { $0 } == content)
    }

    @Test("A body that is pulled from a function and an answer that is pushed to one are whole")
    func functions() throws {
        let server = try FakeServer { connection in
            _ = connection.readHead()
            let body = connection.readChunks() ?? []
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            connection.send(body)
        }
        let content = Self.pattern(500_000)
        let exchange = try client.start(try put(server))
        var start = 0
        try exchange.sendBody { buffer in
            let count = min(buffer.count, content.count - start, 70_000)
            for index in 0..<count { buffer[index] = content[start + index] }
            start += count
            return count
        }
        var echoed: [UInt8] = []
        try exchange.receiveBody { bytes in for index in bytes.indices { echoed.append(bytes[index]) } }
        #expect(echoed == content)
    }

    @Test("A body broken off never looks whole to the server")
    func brokenOff() throws {
        let isWhole = Mutex<Bool?>(nil)
        let server = try FakeServer { connection in
            _ = connection.readHead()
            let body = connection.readChunks()
            isWhole.withLock { $0 = body != nil }
        }
        struct Stop: Error {}
        var calls = 0
        #expect(throws: Stop.self) {
            try client.start(try put(server)).sendBody { buffer in
                calls += 1
                if calls == 3 { throw Stop() }
                return buffer.count
            }
        }
        for _ in 0..<200 where isWhole.withLock({ $0 }) == nil { usleep(10_000) }
        #expect(isWhole.withLock { $0 } == false)
    }

    @Test("An answer that comes before the body was sent stops it and can be read")
    func earlyAnswer() throws {
        let server = try FakeServer { connection in
            _ = connection.readHead()
            _ = connection.read(1_000)
            connection.respond(413, "too much")
            _ = connection.readToEnd()
        }
        let exchange = try client.start(try put(server))
        let piece = [UInt8](repeating: 1, count: 100_000)
        let error = try #require(throws: HTTPError.self) {
            for _ in 0..<1_000 { try exchange.write(piece.span) }
        }
        #expect(error.code == .answeredEarly, "\(error)")
        let reply = try exchange.reply()
        #expect(reply.response.status == 413 && reply.body == Array("too much".utf8))
    }

    @Test("A yes that came counts even when the server then resets the connection")
    func yesThenReset() throws {
        let server = try FakeServer { connection in
            _ = connection.readHead()
            _ = connection.read(1_000)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            usleep(100_000)
            connection.reset()
        }
        let exchange = try client.start(try put(server))
        let piece = [UInt8](repeating: 1, count: 100_000)
        _ = try? { for _ in 0..<1_000 { try exchange.write(piece.span) } }()
        #expect(exchange.knownResponse?.status == 200)
        #expect(try exchange.response().status == 200)
    }

    @Test("A server waits while the caller does not read")
    func backPressure() throws {
        let sent = Atomic<Int>(0)
        let total = 64 << 20
        let server = try FakeServer { connection in
            _ = connection.readHead()
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(total)\r\n\r\n")
            let piece = [UInt8](repeating: 7, count: 64 << 10)
            while sent.load(ordering: .relaxed) < total, connection.send(piece) {
                sent.wrappingAdd(piece.count, ordering: .relaxed)
            }
        }
        let exchange = try client.start(HTTPRequest(.get, try HTTPURL("http://127.0.0.1:\(server.port)")))
        #expect(try exchange.response().status == 200)
        usleep(300_000)
        #expect(sent.load(ordering: .relaxed) < 32 << 20)
        var count = 0
        try exchange.receiveBody { count += $0.count }
        #expect(count == total)
    }
}
