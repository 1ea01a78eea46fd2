/// The beginning of a response: its status and its header fields.
package struct HTTPResponse: Sendable {
    /// The status.
    package var status: Int
    /// The header fields, in order.
    package var headers: [HTTPHeader] = []

    /// Makes a response without header fields.
    package init(status: Int) {
        self.status = status
    }

    /// Whether the server did what was asked.
    package var isSuccess: Bool { (200..<300).contains(status) }

    /// The value of a header field; of several the first.
    ///
    /// - Parameter name: The field's name, in any case.
    /// - Returns: The value; nil when there is no such field.
    package func value(of name: String) -> String? {
        let name = name.lowercased()
        return headers.first { $0.name.lowercased() == name }?.value
    }
}

/// A whole response that is small enough to be held.
package struct HTTPReply: Sendable {
    /// Its beginning.
    package var response: HTTPResponse
    /// Its body.
    package var body: [UInt8]

    /// Makes a reply.
    package init(response: HTTPResponse, body: [UInt8]) {
        self.response = response
        self.body = body
    }
}
