/// Why a request failed before a server could answer it in full.
///
/// A status that says no is not one of these: it is an answer.
package struct HTTPError: Error, Sendable {
    /// What went wrong.
    package enum Code: String, Sendable, CaseIterable {
        /// The request cannot be sent as it is.
        case invalidRequest
        /// The host's name leads nowhere.
        case cannotResolve
        /// Nobody listens there.
        case cannotConnect
        /// This user may not connect.
        case accessDenied
        /// The server's certificate or the encryption was not accepted.
        case notTrusted
        /// A deadline or an idle time-out was over.
        case timedOut
        /// Somebody asked to stop.
        case cancelled
        /// The connection broke before the answer began or while the body went up.
        case connectionLost
        /// The answer ended before it was complete.
        case cutOff
        /// The server said something that HTTP does not allow.
        case malformed
        /// The header fields are larger than allowed.
        case headTooLarge
        /// The body is larger than the caller takes.
        case bodyTooLarge
        /// The server answered before the body was sent, and takes no more of it.
        case answeredEarly
        /// The library failed in a way of its own.
        case library
    }

    /// What went wrong.
    package var code: Code
    /// What was asked for: the method and the URL without its query.
    package var operation: String
    /// Why it failed, as a clause.
    package var reason: String
    /// The system's error number; 0 when there is none.
    package var systemError: Int32
    /// Whether the server may have seen the request.
    package var mayHaveArrived: Bool
    /// Whether asking twice is harmless.
    package var canRepeat: Bool

    /// Makes an error.
    package init(
        _ code: Code, operation: String, reason: String, systemError: Int32 = 0, mayHaveArrived: Bool = false,
        canRepeat: Bool = false
    ) {
        self.code = code
        self.operation = operation
        self.reason = reason
        self.systemError = systemError
        self.mayHaveArrived = mayHaveArrived
        self.canRepeat = canRepeat
    }

    /// Whether the same request may work a moment later and sending it again does no harm.
    package var canRetry: Bool {
        switch code {
        case .cannotResolve, .cannotConnect: true
        case .connectionLost, .cutOff, .timedOut: canRepeat || !mayHaveArrived
        default: false
        }
    }
}

extension HTTPError: CustomStringConvertible {
    /// What failed and why.
    package var description: String { "\(operation) failed: \(reason)" }
}
