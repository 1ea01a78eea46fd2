import FerryHTTP
import FerryThreads
import FerryTransport

/// Speaks the Engine API with Docker or Podman about one container.
final class DockerEngine: Sendable {
    /// Where the engine was found, and which version of its API is spoken.
    struct Route: Sendable {
        var address: DockerHost.Address
        /// Such as `v1.41`; nil where the engine does not say which it has.
        var version: String?
        /// Whether it is Podman.
        var isPodman = false
    }

    /// The newest version whose rules this code follows; an older engine's own is used then.
    private static let newestVersion = (1, 51)

    let container: String
    let host: DockerHost
    let client = HTTPClient()
    private let route = Monitor<Route?>(nil)

    init(container: String, host: DockerHost) {
        self.container = container
        self.host = host
    }

    /// What messages call the sandbox.
    var name: String { "docker://\(container)" }

    // MARK: Calls

    /// A request to the engine that was found.
    func request(
        _ method: HTTPMethod, _ path: String..., purpose: String, query: [(name: String, value: [UInt8])] = []
    ) throws(TransportError) -> HTTPRequest {
        let route = try route(purpose: purpose)
        var parts = path
        if let version = route.version { parts.insert(version, at: 0) }
        var request = try request(method, parts, at: route.address, purpose: purpose)
        for (name, value) in query { request.url = request.url.query(name, value) }
        return request
    }

    /// Makes the body of a request a JSON message.
    func attach(_ message: some Encodable, to request: inout HTTPRequest, purpose: String) throws(TransportError) {
        guard let bytes = DockerMessages.encode(message) else {
            throw error(.unsupported, purpose, "the request cannot be written as JSON")
        }
        request.body = .bytes(bytes)
        request.headers.append(HTTPHeader("Content-Type", "application/json"))
    }

    /// Sends a request and demands a yes.
    func call(_ request: HTTPRequest, purpose: String) throws(TransportError) -> HTTPReply {
        let reply: HTTPReply
        do throws(HTTPError) {
            reply = try client.send(request)
        } catch {
            throw failure(error, purpose: purpose)
        }
        guard reply.response.isSuccess else { throw refusal(reply, purpose: purpose) }
        return reply
    }

    /// Sends a request and demands a yes with a message.
    func call<Message: Decodable>(
        _ request: HTTPRequest, _ type: Message.Type, purpose: String
    ) throws(TransportError) -> Message {
        let reply = try call(request, purpose: purpose)
        guard let message = DockerMessages.decode(type, reply.body) else {
            throw error(
                .malformed, purpose, "the engine's answer is not the JSON that the Engine API describes",
                advice: "check that DOCKER_HOST leads to Docker or Podman")
        }
        return message
    }

    private func request(
        _ method: HTTPMethod, _ path: [String], at address: DockerHost.Address, purpose: String
    ) throws(TransportError) -> HTTPRequest {
        var url: HTTPURL
        var socket: [UInt8]?
        switch address {
        case .tcp(let origin): url = origin
        case .unix(let path):
            socket = path
            do throws(HTTPError) {
                // The name goes into the Host field only, which engines ignore.
                url = try HTTPURL("http://docker")
            } catch {
                throw failure(error, purpose: purpose)
            }
        }
        for part in path { url = url.appending(part) }
        var request = HTTPRequest(method, url)
        request.unixSocket = socket
        // Engines answer control requests at once; when the disk is slow, within seconds.
        request.idleTimeout = .seconds(60)
        return request
    }

    // MARK: Where it is

    /// The engine, found on first use.
    func route(purpose: String) throws(TransportError) -> Route {
        if let known = route.withLock({ route.state }) { return known }
        var failures: [(DockerHost.Address, HTTPError)] = []
        for address in host.addresses {
            var request = try request(.get, ["_ping"], at: address, purpose: purpose)
            request.connectTimeout = .seconds(10)
            let reply: HTTPReply
            do throws(HTTPError) {
                reply = try client.send(request)
            } catch {
                failures.append((address, error))
                // Nobody there: perhaps at the next. Anything else is the engine that was meant.
                if error.code == .cannotConnect { continue }
                throw failure(error, purpose: purpose, at: address)
            }
            guard reply.response.isSuccess else { throw refusal(reply, purpose: purpose) }
            let found = Route(
                address: address, version: try version(reply, purpose: purpose),
                isPodman: reply.response.value(of: "Libpod-Api-Version") != nil)
            route.withLock { route.state = found }
            return found
        }
        throw unreachable(failures, purpose: purpose)
    }

    /// The smaller of the engine's newest version and ours.
    private func version(_ reply: HTTPReply, purpose: String) throws(TransportError) -> String? {
        if let system = reply.response.value(of: "Ostype"), system == "windows" {
            throw error(
                .unsupported, purpose, "the engine runs Windows containers",
                advice: "switch it to Linux containers; they have a POSIX shell")
        }
        guard let text = reply.response.value(of: "Api-Version") else {
            guard reply.body.starts(with: "OK".utf8) else {
                throw error(
                    .malformed, purpose, "what answers there is not a container engine",
                    advice: "check DOCKER_HOST")
            }
            return nil
        }
        let parts = text.split(separator: ".")
        guard parts.count >= 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        let (newestMajor, newestMinor) = Self.newestVersion
        return (major, minor) < (newestMajor, newestMinor)
            ? "v\(major).\(minor)" : "v\(newestMajor).\(newestMinor)"
    }
}
