import Foundation
import Glibc
import Synchronization

/// Listens on a Unix socket or a loopback port and lets a test say, byte by byte, what a server would never say otherwise.
package final class FakeServer: Sendable {
    /// The port; 0 for a Unix socket.
    package let port: UInt16
    /// The path of the Unix socket; empty for a port.
    package let path: String
    private let listener: Int32
    private let accepted = Atomic<Int>(0)

    /// How many connections there have been.
    package var connections: Int { accepted.load(ordering: .acquiring) }

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - path: The path of a Unix socket; nil: a port on the loopback interface.
    ///   - serve: Talks on one connection, on a thread of its own; the connection is closed when it returns.
    /// - Throws: When it cannot listen.
    package init(at path: String? = nil, _ serve: @escaping @Sendable (FakeConnection) -> Void) throws {
        let listener = socket(
            path == nil ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.listener = listener
        self.path = path ?? ""
        var bound: UInt16 = 0
        let status: Int32
        if let path {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix(107)) }
            status = unsafe withUnsafePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            status = unsafe withUnsafeMutablePointer(to: &address) {
                unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    let status = unsafe bind(listener, $0, length)
                    return unsafe status == 0 ? getsockname(listener, $0, &length) : status
                }
            }
            bound = UInt16(bigEndian: address.sin_port)
        }
        port = bound
        guard status == 0, listen(listener, 64) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        Thread.detachNewThread { [weak self] in
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                self?.accepted.wrappingAdd(1, ordering: .releasing)
                Thread.detachNewThread {
                    let connection = FakeConnection(descriptor)
                    serve(connection)
                    connection.close()
                }
            }
        }
    }

    deinit { stop() }

    /// Takes no more connections.
    package func stop() {
        _ = shutdown(listener, Int32(SHUT_RDWR))
        if !path.isEmpty { unsafe unlink(path) }
    }
}

/// One connection of a ``FakeServer``; used by one thread.
package final class FakeConnection {
    private var descriptor: Int32
    private var ahead: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Reads the head of a request; nil when the client has gone.
    package func readHead() -> String? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = ahead.firstRange(of: end) {
                defer { ahead.removeSubrange(..<range.upperBound) }
                return String(decoding: ahead[..<range.lowerBound], as: UTF8.self)
            }
            guard fill() else { return nil }
        }
    }

    /// Reads a request with the body that its `Content-Length` announces.
    package func readRequest() -> (line: String, body: [UInt8])? {
        guard let head = readHead() else { return nil }
        let lines = head.components(separatedBy: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        return read(length ?? 0).map { (lines[0], $0) }
    }

    /// Reads so many bytes; nil when the client goes before.
    package func read(_ count: Int) -> [UInt8]? {
        while ahead.count < count { guard fill() else { return nil } }
        defer { ahead.removeFirst(count) }
        return Array(ahead[..<count])
    }

    /// Reads a chunked body; nil when it ends without its last chunk.
    package func readChunks() -> [UInt8]? {
        var body: [UInt8] = []
        while true {
            while !ahead.contains(0x0A) { guard fill() else { return nil } }
            guard let end = ahead.firstIndex(of: 0x0A) else { return nil }
            let text = String(decoding: ahead[..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            ahead.removeSubrange(...end)
            guard let count = Int(text, radix: 16), let chunk = read(count + 2) else { return nil }
            if count == 0 { return body }
            body += chunk.dropLast(2)
        }
    }

    /// Reads what there is until the client ends its side.
    package func readToEnd() -> [UInt8] {
        while fill() {}
        defer { ahead = [] }
        return ahead
    }

    /// Sends bytes; false when the client has gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes[start...].withUnsafeBytes {
                unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            start += count
        }
        return true
    }

    /// Sends text; false when the client has gone.
    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// Sends a whole response.
    @discardableResult
    package func respond(_ status: Int, _ body: String = "", headers: [String] = []) -> Bool {
        let lines = ["HTTP/1.1 \(status) X", "Content-Length: \(body.utf8.count)"] + headers
        return send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Ends the connection at once, so that the client sees a reset.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Ends the connection.
    package func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    private func fill() -> Bool {
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe recv(descriptor, &piece, piece.count, 0)
        if count > 0 { ahead += piece[..<count] }
        return count > 0
    }
}
