import FerryThreads

/// Speaks HTTP, several requests at a time if need be, and keeps connections open between them.
///
/// All calls block. Use it on threads that share the process's descriptors: a kept connection may have been opened by another
/// thread. Redirects are never followed, cookies never kept, `.netrc` is never read.
package final class HTTPClient: Sendable {
    private let userAgent: String
    private let idle = Monitor<[TransferDriver]>([])
    /// More connections than this are not kept.
    private let mostIdle = 8

    /// Makes a client.
    ///
    /// - Parameter userAgent: How it introduces itself.
    package init(userAgent: String = "ferry") {
        self.userAgent = userAgent
    }

    /// Begins a request; nothing is sent before the exchange is used.
    ///
    /// - Throws: ``HTTPError`` when it cannot be sent as it is.
    package func start(_ request: HTTPRequest) throws(HTTPError) -> HTTPExchange {
        try start(request) { (driver) throws(HTTPError) in try driver.begin(request, userAgent: userAgent) }
    }

    /// Sends a request and takes the whole answer.
    ///
    /// - Parameters:
    ///   - request: The request; its body is not a stream.
    ///   - limit: The most bytes that the answer's body may have.
    /// - Returns: The answer, whatever its status.
    /// - Throws: ``HTTPError``.
    package func send(_ request: HTTPRequest, limit: Int = 1 << 20) throws(HTTPError) -> HTTPReply {
        let exchange = try start(request)
        if case .bytes(let bytes) = request.body, !bytes.isEmpty {
            do throws(HTTPError) {
                try exchange.write(bytes.span)
            } catch {
                // An answer counts, even when the server did not want to hear everything.
                guard exchange.knownResponse != nil else { throw error }
            }
        }
        return try exchange.reply(limit: limit)
    }

    /// Closes what is kept open and is not in use.
    package func close() {
        idle.withLock { idle.state.removeAll() }
    }

    /// Connects without sending anything.
    func startConnection(_ request: HTTPRequest) throws(HTTPError) -> HTTPExchange {
        try start(request) { (driver) throws(HTTPError) in try driver.beginConnection(request) }
    }

    private func start(
        _ request: HTTPRequest, _ begin: (TransferDriver) throws(HTTPError) -> Void
    ) throws(HTTPError) -> HTTPExchange {
        let kept = idle.withLock { idle.state.popLast() }
        let driver: TransferDriver
        if let kept { driver = kept } else { driver = try TransferDriver() }
        try begin(driver)
        return HTTPExchange(request, on: driver) { [weak self] driver in self?.keep(driver) }
    }

    private func keep(_ driver: TransferDriver) {
        idle.withLock {
            if idle.state.count < mostIdle { idle.state.append(driver) }
        }
    }
}

extension HTTPExchange {
    /// Waits for the whole answer.
    ///
    /// - Parameter limit: The most bytes that its body may have.
    /// - Returns: The answer, whatever its status.
    /// - Throws: ``HTTPError``.
    package func reply(limit: Int = 1 << 20) throws(HTTPError) -> HTTPReply {
        let response = try response()
        var body: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            var span = piece.mutableSpan
            let count = try read(into: &span)
            if count == 0 { return HTTPReply(response: response, body: body) }
            guard body.count + count <= limit else {
                cancel()
                throw HTTPError(
                    .bodyTooLarge, operation: "reading an answer with status \(response.status)",
                    reason: "its body is larger than \(limit) bytes")
            }
            body += piece[..<count]
        }
    }

    /// Sends a streamed body that a function gives piece by piece.
    ///
    /// - Parameter pull: Puts the next bytes into a buffer and says how many; 0 at the end. When it throws, the request is broken off.
    /// - Throws: ``HTTPError``, or what the function threw.
    package func sendBody(_ pull: (inout MutableSpan<UInt8>) throws -> Int) throws {
        var piece = [UInt8](repeating: 0, count: 128 << 10)
        while true {
            var room = piece.mutableSpan
            let count = try pull(&room)
            if count == 0 { return try finishBody() }
            try write(piece.span.extracting(first: count))
        }
    }

    /// Hands the answer's body to a function piece by piece; the server waits while it works.
    ///
    /// - Parameter push: Takes bytes. When it throws, the transfer is broken off.
    /// - Throws: ``HTTPError``, or what the function threw.
    package func receiveBody(_ push: (Span<UInt8>) throws -> Void) throws {
        var piece = [UInt8](repeating: 0, count: 128 << 10)
        while true {
            var room = piece.mutableSpan
            let count = try read(into: &room)
            if count == 0 { return }
            try push(piece.span.extracting(first: count))
        }
    }
}
