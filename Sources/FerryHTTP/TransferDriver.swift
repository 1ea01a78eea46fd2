import CCurl
import FerryThreads

/// One event loop with one transfer: what a request runs on, and what is kept for the next because of its open connections.
///
// SAFETY of @unchecked Sendable: exactly one ``HTTPExchange`` has it at a time, which uses it under its lock; between two
// exchanges the client's lock hands it over. ``wake()`` alone may come from elsewhere, and the library allows that.
final class TransferDriver: @unchecked Sendable {
    let context = TransferContext()
    private let easy: EasyHandle
    private let multi: MultiHandle
    private var headers: HeaderList
    private var isAdded = false

    init() throws(HTTPError) {
        easy = try EasyHandle()
        multi = try MultiHandle()
        headers = try HeaderList([])
    }

    deinit {
        if isAdded { multi.remove(easy) }
    }

    /// Makes ready for a request and begins.
    func begin(_ request: HTTPRequest, userAgent: String) throws(HTTPError) {
        context.reset()
        context.largestHead = request.largestHead
        easy.reset()
        try setCommon(request)
        try easy.set(CURLOPT_USERAGENT, userAgent)
        try setBody(request)
        var lines = try Self.lines(request)
        // Waiting for leave to send costs a second where the server gives none.
        lines.append("Expect:")
        headers = try HeaderList(lines)
        try easy.setHeaders(headers)
        try multi.add(easy)
        isAdded = true
    }

    /// Makes ready for a connection that nothing is sent over, and begins.
    func beginConnection(_ request: HTTPRequest) throws(HTTPError) {
        context.reset()
        easy.reset()
        try setCommon(request)
        try easy.set(CURLOPT_CONNECT_ONLY, 1)
        try multi.add(easy)
        isAdded = true
    }

    /// The header fields in the library's form.
    private static func lines(_ request: HTTPRequest) throws(HTTPError) -> [String] {
        for header in request.headers {
            guard let problem = header.problem else { continue }
            throw HTTPError(.invalidRequest, operation: request.operation, reason: problem)
        }
        return request.headers.map(\.line)
    }

    private func setCommon(_ request: HTTPRequest) throws(HTTPError) {
        try easy.setCallbacks(context)
        try easy.setCloseOnExec()
        try easy.set(CURLOPT_URL, request.url.text)
        // A path goes as it was built, dots and all.
        try easy.set(CURLOPT_PATH_AS_IS, 1)
        try easy.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try easy.set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try easy.set(CURLOPT_FOLLOWLOCATION, 0)
        // Signals belong to the program, not to a library in one of its threads.
        try easy.set(CURLOPT_NOSIGNAL, 1)
        try easy.set(CURLOPT_TCP_KEEPALIVE, 1)
        try easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try easy.set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout.wholeMilliseconds))
        // The largest receive buffer and a large send buffer: fewer system calls for streams.
        try easy.set(CURLOPT_BUFFERSIZE, 256 << 10)
        try easy.set(CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        if let path = request.unixSocket {
            // `sun_path` is 108 bytes with its NUL; the library would say no more than that memory is short.
            guard path.count < 108, !path.contains(0) else {
                throw HTTPError(
                    .invalidRequest, operation: request.operation,
                    reason: "the path of the socket is longer than the 107 bytes that the system allows")
            }
            try easy.set(CURLOPT_UNIX_SOCKET_PATH, path)
        }
        // A proxy sees what goes through it, unless it is encrypted.
        if request.unixSocket != nil || !request.url.isEncrypted { try easy.set(CURLOPT_PROXY, "") }
    }

    private func setBody(_ request: HTTPRequest) throws(HTTPError) {
        let length: Int?
        switch request.body {
        case .none: length = request.method == .post || request.method == .put || request.method == .patch ? 0 : nil
        case .bytes(let bytes): length = bytes.count
        case .stream: length = -1
        }
        if let length {
            try easy.set(CURLOPT_UPLOAD, 1)
            // -1: unknown, which makes it chunked.
            try easy.setOffset(CURLOPT_INFILESIZE_LARGE, length)
            context.sourceEnds = length == 0
        } else if request.method == .head {
            try easy.set(CURLOPT_NOBODY, 1)
        } else {
            try easy.set(CURLOPT_HTTPGET, 1)
        }
        if request.method != .head { try easy.set(CURLOPT_CUSTOMREQUEST, request.method.rawValue) }
        // The library repeats a request by itself when a kept connection turns out to be dead. With a body that has begun it cannot;
        // without one it must not either, unless repeating is harmless.
        if !request.canRepeat, length == 0 || length == nil { try easy.set(CURLOPT_FRESH_CONNECT, 1) }
    }

    /// Lets paused directions go on.
    func unpause() -> CURLcode {
        guard context.isPaused else { return CURLE_OK }
        context.isPaused = false
        return easy.unpause()
    }

    /// Moves what can be moved.
    func perform() throws(HTTPError) -> CURLcode? { try multi.perform() }

    /// Waits for something to move.
    func poll(milliseconds: Int32) throws(HTTPError) { try multi.poll(milliseconds: milliseconds) }

    /// Ends the waiting.
    func wake() { multi.wake() }

    /// Takes the transfer out, so that the driver can be used again; one that had not ended closes its connection.
    func end() {
        guard isAdded else { return }
        multi.remove(easy)
        isAdded = false
    }

    /// Grows with every byte that crosses the network.
    var traffic: Int { easy.offset(CURLINFO_SIZE_UPLOAD_T) &+ easy.offset(CURLINFO_SIZE_DOWNLOAD_T) }

    /// Whether a byte of the request was sent.
    var hasSent: Bool { easy.number(CURLINFO_REQUEST_SIZE) > 0 }

    /// How many connections were made for the request; 0 when one was used again.
    var connectionsMade: Int { easy.number(CURLINFO_NUM_CONNECTS) }

    /// The error number of the last call that failed.
    var systemError: Int32 { Int32(truncatingIfNeeded: easy.number(CURLINFO_OS_ERRNO)) }

    /// The socket of a connection made by ``beginConnection(_:)``.
    var socket: Int32? { easy.socket }
}
