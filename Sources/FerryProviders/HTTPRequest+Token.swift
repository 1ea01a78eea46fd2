package import FerryHTTP
package import FerryTransport

extension HTTPRequest {
    /// The request with a token in a header field, if it goes to the token's origin.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - header: The header field; `Authorization` takes it as a bearer.
    /// - Returns: The request to send.
    /// - Throws: ``HTTPError`` with the code `invalidRequest` for any other origin.
    package func carrying(_ token: OriginBoundToken, in header: String) throws(HTTPError) -> HTTPRequest {
        let origin: Origin
        do throws(Origin.Refusal) {
            origin = try Origin(url.origin)
        } catch {
            throw HTTPError(.invalidRequest, operation: operation, reason: "its origin \(error.reason)")
        }
        // A socket of this machine is not what the origin says.
        guard unixSocket == nil, let secret = token.token(for: origin) else {
            throw HTTPError(
                .invalidRequest, operation: operation,
                reason: "the token is for \(token.origin) only, and the request goes elsewhere")
        }
        var request = self
        let isBearer = header.utf8.elementsEqual("Authorization".utf8)
        request.headers.append(
            HTTPHeader(header, isBearer ? "Bearer \(secret.revealed)" : secret.revealed, isSensitive: true))
        return request
    }
}
