import CCurl
import FerryThreads
import Synchronization

/// A request that is under way, and its response.
///
/// First the body goes up with ``write(_:)`` and ``finishBody()`` if it is streamed, then ``response()`` waits for the answer,
/// then ``read(into:)`` takes its body. Every call drives the connection on the calling thread and blocks it. ``cancel()`` may come
/// from any thread. An exchange that goes away early closes its connection, so that a body broken off never looks whole.
package final class HTTPExchange: Sendable {
    private struct State {
        /// Whether the driver is still this exchange's.
        var isAttached = true
        /// How the transfer ended; nil while it goes on.
        var outcome: Result<Void, HTTPError>?
        var response: HTTPResponse?
    }

    private let request: HTTPRequest
    private let driver: TransferDriver
    private let release: @Sendable (TransferDriver) -> Void
    private let deadline: ContinuousClock.Instant?
    private let isCancelled = Atomic<Bool>(false)
    private let monitor = Monitor(State())

    /// Takes over a driver on which the request has begun.
    init(_ request: HTTPRequest, on driver: TransferDriver, release: @escaping @Sendable (TransferDriver) -> Void) {
        self.request = request
        self.driver = driver
        self.release = release
        deadline = request.deadline.map { ContinuousClock.now + $0 }
    }

    deinit {
        if monitor.withLock({ monitor.state.isAttached }) {
            driver.end()
            release(driver)
        }
    }

    // MARK: What callers do

    /// Sends bytes of a streamed body; returns when the library has taken them all.
    ///
    /// - Throws: ``HTTPError``; `answeredEarly` when the server has already said no, which ``response()`` then gives.
    package func write(_ bytes: Span<UInt8>) throws(HTTPError) {
        let failure = unsafe bytes.withUnsafeBytes { raw in
            monitor.withLock { () -> HTTPError? in
                unsafe driver.context.withSource(raw) {
                    result { () throws(HTTPError) in
                        try drive { $0.sourceLeft == 0 || self.isRefused($0) }
                        if driver.context.sourceLeft > 0 { throw refusal() }
                    }
                }
            }
        }
        if let failure { throw failure }
    }

    /// Ends a streamed body.
    ///
    /// - Throws: ``HTTPError``.
    package func finishBody() throws(HTTPError) {
        try monitor.withLock { () throws(HTTPError) in
            driver.context.sourceEnds = true
            driver.context.isPaused = true
            try drive { $0.endIsTaken || self.isRefused($0) }
        }
    }

    /// Waits for the beginning of the answer.
    ///
    /// - Returns: The status and the header fields; the same when asked again.
    /// - Throws: ``HTTPError``.
    package func response() throws(HTTPError) -> HTTPResponse {
        try monitor.withLock { () throws(HTTPError) in
            if let response = monitor.state.response { return response }
            try drive { $0.head.isComplete }
            guard let response = monitor.state.response else {
                throw failure(.malformed, "the server ended the connection without an answer")
            }
            return response
        }
    }

    /// The beginning of the answer if it has come, even when the transfer failed afterwards.
    package var knownResponse: HTTPResponse? { monitor.withLock { monitor.state.response } }

    /// Waits for bytes of the answer's body.
    ///
    /// - Parameter buffer: Where they go.
    /// - Returns: How many came; 0 only when the library has seen the body's end.
    /// - Throws: ``HTTPError``; `cutOff` when the body ended early.
    package func read(into buffer: inout MutableSpan<UInt8>) throws(HTTPError) -> Int {
        guard buffer.count > 0 else { return 0 }
        var count = 0
        let failure = unsafe buffer.withUnsafeMutableBytes { raw in
            monitor.withLock { () -> HTTPError? in
                unsafe driver.context.withTarget(raw) {
                    let failure = result { () throws(HTTPError) in
                        // What had spilt is enough; the network may have nothing for a long time.
                        if driver.context.filled == 0 { try drive { $0.filled > 0 } }
                    }
                    count = driver.context.filled
                    return failure
                }
            }
        }
        if let failure, count == 0 { throw failure }
        if count == 0 { finish() }
        return count
    }

    /// Asks to stop; whoever waits gets `cancelled`.
    package func cancel() {
        isCancelled.store(true, ordering: .releasing)
        driver.wake()
    }

    /// How many connections were made for this: 0 when a kept one was used.
    package var connectionsMade: Int { monitor.withLock { monitor.state.isAttached ? driver.connectionsMade : 0 } }

    /// Connects without sending anything.
    ///
    /// - Returns: The socket; it stays the library's and goes with the exchange.
    /// - Throws: ``HTTPError``.
    func connect() throws(HTTPError) -> Int32 {
        try monitor.withLock { () throws(HTTPError) in
            try drive { _ in false }
            guard let socket = driver.socket else {
                throw failure(.library, "the HTTP library does not give its connection")
            }
            return socket
        }
    }

    /// Gives the driver back, so that its connection serves the next request.
    private func finish() {
        let isDone = monitor.withLock {
            defer { if monitor.state.outcome != nil { monitor.state.isAttached = false } }
            return monitor.state.isAttached && monitor.state.outcome != nil
        }
        guard isDone else { return }
        driver.end()
        release(driver)
    }

    // MARK: The loop

    /// Moves bytes until a condition holds or the transfer has ended.
    ///
    /// Called with the lock held.
    private func drive(until isEnough: (TransferContext) -> Bool) throws(HTTPError) {
        guard monitor.state.isAttached, monitor.state.outcome == nil else {
            if case .failure(let error) = monitor.state.outcome { throw error }
            return
        }
        do throws(HTTPError) {
            try loop(until: isEnough)
        } catch {
            monitor.state.outcome = .failure(error)
            // A transfer that failed here, not over there, must not go on behind the caller's back.
            driver.end()
            throw error
        }
    }

    private func loop(until isEnough: (TransferContext) -> Bool) throws(HTTPError) {
        let context = driver.context
        var lastMove = ContinuousClock.now
        var movement = context.movement
        var traffic = -1
        while true {
            if isCancelled.load(ordering: .acquiring) { throw failure(.cancelled, "it was cancelled") }
            var end: CURLcode?
            let resumed = driver.unpause()
            if resumed != CURLE_OK { end = resumed } else { end = try driver.perform() }
            if monitor.state.response == nil, context.head.isComplete { monitor.state.response = context.head.response }
            if let end {
                do throws(HTTPError) {
                    try conclude(end)
                } catch {
                    // What was waited for has come; the failure is for whoever wants more.
                    guard isEnough(context) else { throw error }
                    monitor.state.outcome = .failure(error)
                }
                return
            }
            if isEnough(context) { return }
            let now = ContinuousClock.now
            if context.movement != movement { (movement, lastMove) = (context.movement, now) }
            if let deadline, now >= deadline {
                throw failure(.timedOut, "it took longer than the \(request.deadline ?? .zero) allowed")
            }
            if let idle = request.idleTimeout, now - lastMove >= idle {
                // Bytes may still trickle out of the library's own buffer.
                let bytes = driver.traffic
                guard bytes != traffic, traffic >= 0 || bytes > 0 else {
                    throw failure(.timedOut, "nothing moved for \(idle)")
                }
                (traffic, lastMove) = (bytes, now)
            }
            try driver.poll(milliseconds: wait(from: now, lastMove: lastMove))
        }
    }

    /// How long to wait at most.
    private func wait(from now: ContinuousClock.Instant, lastMove: ContinuousClock.Instant) -> Int32 {
        var longest = Duration.seconds(60)
        if let deadline { longest = min(longest, deadline - now) }
        if let idle = request.idleTimeout { longest = min(longest, lastMove + idle - now) }
        return Int32(max(1, longest.wholeMilliseconds))
    }

    /// The library says that the transfer has ended.
    private func conclude(_ code: CURLcode) throws(HTTPError) {
        guard code != CURLE_OK else {
            monitor.state.outcome = .success(())
            return
        }
        switch driver.context.headProblem {
        case .headTooLarge:
            throw failure(.headTooLarge, "its header fields are larger than \(request.largestHead) bytes")
        case .some(let code): throw failure(code, "the server's answer does not begin as HTTP demands")
        case nil: break
        }
        var error = HTTPError(
            result: code, message: driver.context.messageText, request: request, systemError: driver.systemError,
            mayHaveArrived: driver.hasSent)
        // Once the status line has come, only the body can be missing.
        if error.code == .connectionLost, driver.context.head.isComplete, driver.context.endIsTaken {
            error.code = .cutOff
        }
        throw error
    }

    /// Whether the server has said no before it had the whole body, after which the library sends no more of it.
    private func isRefused(_ context: TransferContext) -> Bool {
        context.head.isComplete && context.head.response.status >= 300
    }

    private func refusal() -> HTTPError {
        failure(
            .answeredEarly,
            "the server answered \(driver.context.head.response.status) before the whole body was sent")
    }

    private func failure(_ code: HTTPError.Code, _ reason: String) -> HTTPError {
        HTTPError(
            code, operation: request.operation, reason: reason,
            mayHaveArrived: monitor.state.isAttached && driver.hasSent, canRepeat: request.canRepeat)
    }

    /// A failure as a value, to carry it out of closures that cannot throw.
    private func result(_ body: () throws(HTTPError) -> Void) -> HTTPError? {
        do throws(HTTPError) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
