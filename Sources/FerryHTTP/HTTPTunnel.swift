import FerryThreads
import Glibc
import Synchronization

/// A connection that spoke HTTP once and then carries raw bytes both ways, as Docker's attached streams do.
///
/// The library makes the connection: it knows names, addresses, Unix sockets and their errors. The one request and its head are
/// then sent and read here, on a copy of the socket, because the library refuses to hand over a connection after a `101`, and its
/// own raw mode (`curl_easy_send`) neither half-closes nor lets one thread write while another reads. Only unencrypted connections
/// can be taken over.
///
/// One thread may write while another reads; ``cancel()`` may come from any.
package final class HTTPTunnel: Sendable {
    private let socket: SocketHandle
    private let operation: String
    private let isCancelled = Atomic<Bool>(false)
    /// What came with the head or was read ahead.
    private let received = Monitor(ReceiveBuffer())

    /// Whether it is a Unix socket, which loses nothing that was sent before its end.
    package let isLocal: Bool

    fileprivate init(_ socket: consuming SocketHandle, isLocal: Bool, operation: String) {
        self.socket = socket
        self.isLocal = isLocal
        self.operation = operation
    }

    // MARK: Raw bytes

    /// Sends what can be sent without waiting.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - start: The first of them that was not sent yet.
    /// - Returns: How many went; 0 when there is no room now.
    /// - Throws: ``HTTPError``.
    package func send(_ bytes: Span<UInt8>, from start: Int = 0) throws(HTTPError) -> Int {
        try check()
        return try mapping { () throws(SystemError) in
            try unsafe bytes.withUnsafeBytes { (raw) throws(SystemError) in
                unsafe try socket.send(UnsafeRawBufferPointer(rebasing: raw[start...]))
            }
        }
    }

    /// Takes what has come without waiting.
    ///
    /// - Parameters:
    ///   - buffer: Where it goes.
    ///   - start: Where in the buffer it goes.
    ///   - limit: The most bytes to take.
    /// - Returns: How many; 0 at the end; nil when nothing has come yet.
    /// - Throws: ``HTTPError``.
    package func receive(
        into buffer: inout MutableSpan<UInt8>, at start: Int = 0, limit: Int = .max
    ) throws(HTTPError) -> Int? {
        try check()
        return try mapping { () throws(SystemError) in
            try unsafe buffer.withUnsafeMutableBytes { (raw) throws(SystemError) in
                let end = start + min(raw.count - start, limit)
                let room = unsafe UnsafeMutableRawBufferPointer(rebasing: raw[start..<end])
                return try received.withLock { () throws(SystemError) in
                    try unsafe received.state.take(room, from: socket)
                }
            }
        }
    }

    /// Waits until bytes may have come.
    package func waitToReceive(atMost duration: Duration) {
        socket.wait(for: .readable, milliseconds: Self.milliseconds(duration))
    }

    /// Waits until bytes may be sent.
    ///
    /// - Parameters:
    ///   - duration: How long at most.
    ///   - orReceive: Whether to return also when bytes have come.
    package func waitToSend(atMost duration: Duration, orReceive: Bool) {
        socket.wait(
            for: orReceive ? [.readable, .writable] : .writable, milliseconds: Self.milliseconds(duration))
    }

    /// Says to the other side that nothing more comes; it can still send.
    package func closeWriting() { socket.closeWriting() }

    /// Ends both directions; whoever waits gets `cancelled`.
    package func cancel() {
        isCancelled.store(true, ordering: .releasing)
        socket.closeBoth()
    }

    private static func milliseconds(_ duration: Duration) -> Int32 {
        Int32(min(max(1, duration.wholeMilliseconds), 3_600_000))
    }

    private func check() throws(HTTPError) {
        if isCancelled.load(ordering: .acquiring) {
            throw HTTPError(.cancelled, operation: operation, reason: "it was cancelled", mayHaveArrived: true)
        }
    }

    private func mapping<Value>(_ body: () throws(SystemError) -> Value) throws(HTTPError) -> Value {
        do throws(SystemError) {
            return try body()
        } catch {
            try check()
            throw HTTPError(
                .connectionLost, operation: operation, reason: HTTPError.text(of: error.number),
                systemError: error.number, mayHaveArrived: true)
        }
    }
}

extension HTTPClient {
    /// What a server says to somebody who wants the raw connection.
    package enum Upgrade: Sendable {
        /// Here it is.
        case tunnel(HTTPTunnel)
        /// No.
        case refused(HTTPReply)
    }

    /// Sends a request whose answer turns the connection into a raw one.
    ///
    /// Every 101 and 200 is taken for a yes: some servers do not announce the change.
    ///
    /// - Parameters:
    ///   - request: The request; its body is at hand, or there is none.
    ///   - upgradeProtocol: What the connection is to become.
    /// - Returns: The raw connection, or the server's refusal.
    /// - Throws: ``HTTPError``. It is never sent twice.
    package func upgrade(_ request: HTTPRequest, to upgradeProtocol: String) throws(HTTPError) -> Upgrade {
        guard !request.url.isEncrypted else {
            throw HTTPError(
                .invalidRequest, operation: request.operation,
                reason: "a raw stream over an encrypted connection is not supported")
        }
        let connection = try startConnection(request)
        let original = try connection.connect()
        let socket: SocketHandle
        do throws(SystemError) {
            socket = try SocketHandle(duplicating: original)
        } catch {
            throw HTTPError(
                .library, operation: request.operation, reason: HTTPError.text(of: error.number),
                systemError: error.number)
        }
        let tunnel = HTTPTunnel(socket, isLocal: request.unixSocket != nil, operation: request.operation)
        var dialogue = UpgradeDialogue(tunnel, request)
        try dialogue.send(upgradeProtocol: upgradeProtocol)
        let response = try dialogue.receiveHead()
        let isChunked = response.value(of: "Transfer-Encoding") != nil
        if response.status == 101 || (response.status == 200 && !isChunked) {
            tunnel.giveBack(dialogue.rest)
            return .tunnel(tunnel)
        }
        return .refused(HTTPReply(response: response, body: dialogue.receiveErrorBody(response)))
    }
}

extension HTTPTunnel {
    /// Puts bytes in front of what comes next.
    fileprivate func giveBack(_ bytes: [UInt8]) { received.withLock { received.state.giveBack(bytes) } }
}
