package import FerryHTTP
package import FerryTransport

/// The interface of one sandbox.
///
/// Requests carry that sandbox's credential where it has one, and go to its origin or nowhere.
package struct DataPlane: Sendable {
    private let client: HTTPClient
    private let credential: SandboxCredential?

    /// Makes the interface.
    ///
    /// - Parameters:
    ///   - client: Speaks HTTP.
    ///   - credential: The sandbox's; nil for a sandbox that needs none.
    package init(_ client: HTTPClient, credential: SandboxCredential?) {
        self.client = client
        self.credential = credential
    }

    /// Begins a request.
    ///
    /// - Parameters:
    ///   - request: The request, without a credential.
    ///   - header: The header field for the token; `Authorization` takes it as a bearer.
    /// - Returns: The exchange.
    /// - Throws: ``HTTPError``, also for a request to another origin, of which nothing is sent.
    package func start(
        _ request: HTTPRequest, header: String = "Authorization"
    ) throws(HTTPError) -> HTTPExchange {
        guard let credential else { return try client.start(request) }
        return try client.start(try request.carrying(credential.token, in: header))
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
        guard let credential else { return try client.send(request) }
        return try client.send(try request.carrying(credential.token, in: header))
    }
}
