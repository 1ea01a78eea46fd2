/// What a request asks for.
package enum HTTPMethod: String, Sendable {
    /// Reads.
    case get = "GET"
    /// Reads the header fields only.
    case head = "HEAD"
    /// Does something.
    case post = "POST"
    /// Puts something in place.
    case put = "PUT"
    /// Changes something.
    case patch = "PATCH"
    /// Removes something.
    case delete = "DELETE"

    /// Whether asking twice does the same as asking once.
    package var isIdempotent: Bool {
        switch self {
        case .get, .head, .put, .delete: true
        case .post, .patch: false
        }
    }
}
