package import FerryHTTP
package import FerryTransport

/// The interface through which a provider's sandboxes are made, found and removed.
///
/// Requests carry the account's credential, and go to that credential's origin or nowhere.
package struct ControlPlane: Sendable {
    private let client: HTTPClient
    private let credential: AccountCredential

    /// Makes the interface.
    ///
    /// - Parameters:
    ///   - client: Speaks HTTP.
    ///   - credential: The account's.
    package init(_ client: HTTPClient, credential: AccountCredential) {
        self.client = client
        self.credential = credential
    }

    /// Sends a request and takes the answer.
    ///
    /// - Parameters:
    ///   - request: The request, without a credential.
    ///   - header: The header field for the token; `Authorization` takes it as a bearer.
    /// - Returns: The answer, whatever its status; a redirect is one, too.
    /// - Throws: ``HTTPError``, also for a request to another origin, of which nothing is sent.
    package func send(
        _ request: HTTPRequest, header: String = "Authorization"
    ) throws(HTTPError) -> HTTPReply {
        try client.send(try request.carrying(credential.token, in: header))
    }
}
