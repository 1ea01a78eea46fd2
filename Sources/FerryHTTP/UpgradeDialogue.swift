/// The one request and answer that come before a connection becomes a raw one.
struct UpgradeDialogue {
    private let tunnel: HTTPTunnel
    private let request: HTTPRequest
    private let deadline: ContinuousClock.Instant?
    /// What came after the head.
    private(set) var rest: [UInt8] = []

    /// The most bytes of an error's body that are read.
    private let largestErrorBody = 64 << 10

    init(_ tunnel: HTTPTunnel, _ request: HTTPRequest) {
        self.tunnel = tunnel
        self.request = request
        deadline = (request.deadline ?? request.idleTimeout).map { ContinuousClock.now + $0 }
    }

    /// Sends the request.
    func send(upgradeProtocol: String) throws(HTTPError) {
        var body: [UInt8] = []
        switch request.body {
        case .none: break
        case .bytes(let bytes): body = bytes
        case .stream: throw failure(.invalidRequest, "a stream cannot go before the connection is taken over")
        }
        var text =
            "\(request.method.rawValue) \(request.url.requestTarget) HTTP/1.1\r\nHost: \(request.url.authority)\r\n"
        text += "Connection: Upgrade\r\nUpgrade: \(upgradeProtocol)\r\nContent-Length: \(body.count)\r\n"
        for header in request.headers {
            if let problem = header.problem { throw failure(.invalidRequest, problem) }
            text += "\(header.name): \(header.value)\r\n"
        }
        let bytes = Array((text + "\r\n").utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = try tunnel.send(bytes.span, from: sent)
            sent += count
            if count == 0 { tunnel.waitToSend(atMost: try timeLeft(), orReceive: false) }
        }
    }

    /// Reads the head of the answer; interim answers are skipped.
    mutating func receiveHead() throws(HTTPError) -> HTTPResponse {
        var head = ResponseHead()
        while true {
            while let end = rest.firstIndex(of: 0x0A) {
                guard head.take(rest[...end]) else {
                    throw failure(.malformed, "the server's answer does not begin as HTTP demands")
                }
                rest.removeSubrange(...end)
                if head.isComplete { return head.response }
            }
            guard head.size + rest.count <= request.largestHead else {
                throw failure(.headTooLarge, "its header fields are larger than \(request.largestHead) bytes")
            }
            guard try receive() else {
                throw failure(.connectionLost, "the server ended the connection without an answer")
            }
        }
    }

    /// Reads what the server says of its refusal, as far as it comes; its status matters more.
    mutating func receiveErrorBody(_ response: HTTPResponse) -> [UInt8] {
        let length = response.value(of: "Content-Length").flatMap { Int($0) } ?? .max
        while rest.count < min(length, largestErrorBody) {
            guard (try? receive()) == true else { break }
        }
        return Array(rest.prefix(min(max(length, 0), largestErrorBody)))
    }

    /// Waits for more bytes.
    ///
    /// - Returns: Whether any came; false at the end.
    private mutating func receive() throws(HTTPError) -> Bool {
        var piece = [UInt8](repeating: 0, count: 4 << 10)
        while true {
            var room = piece.mutableSpan
            if let count = try tunnel.receive(into: &room) {
                rest += piece[..<count]
                return count > 0
            }
            tunnel.waitToReceive(atMost: try timeLeft())
        }
    }

    private func timeLeft() throws(HTTPError) -> Duration {
        guard let deadline else { return .seconds(60) }
        let left = deadline - ContinuousClock.now
        guard left > .zero else { throw failure(.timedOut, "the server did not answer in time") }
        return left
    }

    private func failure(_ code: HTTPError.Code, _ reason: String) -> HTTPError {
        HTTPError(
            code, operation: request.operation, reason: reason, mayHaveArrived: code != .invalidRequest,
            canRepeat: request.canRepeat)
    }
}
