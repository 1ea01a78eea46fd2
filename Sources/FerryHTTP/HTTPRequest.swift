/// What is asked of a server.
package struct HTTPRequest: Sendable {
    /// What goes up with a request.
    package enum Body: Sendable {
        /// Nothing.
        case none
        /// Bytes that are at hand.
        case bytes([UInt8])
        /// Bytes that the caller hands over one after the other, in chunks of unknown number.
        case stream
    }

    /// What to do.
    package var method: HTTPMethod
    /// Where.
    package var url: HTTPURL
    /// The header fields that are sent beside those that the library adds.
    package var headers: [HTTPHeader] = []
    /// What goes up.
    package var body = Body.none
    /// The path of the Unix socket to go through; nil: the host of the URL.
    package var unixSocket: [UInt8]?
    /// How long all of it may take; nil: for ever.
    package var deadline: Duration?
    /// How long nothing may move while the caller waits; nil: for ever.
    ///
    /// The time that the caller takes between two calls does not count.
    package var idleTimeout: Duration?
    /// How long it may take to be connected.
    package var connectTimeout = Duration.seconds(30)
    /// The most bytes of header fields in a response.
    package var largestHead = 64 << 10
    /// Whether the same request may be sent again; nil: as the method says.
    package var isIdempotent: Bool?

    /// Makes a request.
    package init(_ method: HTTPMethod, _ url: HTTPURL) {
        self.method = method
        self.url = url
    }

    /// What it is called in messages; without the query, which may hold secrets.
    package var operation: String { "\(method.rawValue) \(url)" }

    /// Whether sending it a second time is harmless.
    var canRepeat: Bool { isIdempotent ?? method.isIdempotent }
}
