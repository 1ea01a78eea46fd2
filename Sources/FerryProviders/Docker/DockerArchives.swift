import FerryCore
import FerryHTTP
import FerryTransport

/// Archives that the engine itself unpacks and packs.
///
/// What is there of another kind is never replaced (`noOverwriteDirNonDir`), and modes and owners are those of the archive. Nothing is
/// deleted. An upload is not atomic.
struct DockerArchives: SandboxArchives {
    let engine: DockerEngine

    /// Where nothing else was asked for: unpacking may take long after the last byte was sent, on a slow disk.
    private static let longestSilence = Duration.seconds(600)

    func upload(
        to directory: [UInt8], idleTimeout: Duration?,
        _ produce: (_ write: @escaping (Span<UInt8>) throws(TransportError) -> Void) throws(TransportError) -> Void
    ) throws(TransportError) {
        let purpose = "the upload to '\(displayName(of: directory))'"
        try checkDirectory(directory, purpose)
        var request = try engine.request(
            .put, "containers", engine.container, "archive", purpose: purpose,
            query: [("path", directory), ("noOverwriteDirNonDir", [0x31])])
        request.headers.append(HTTPHeader("Content-Type", "application/x-tar"))
        request.body = .stream
        request.idleTimeout = idleTimeout ?? Self.longestSilence
        let exchange = try start(request, purpose)
        try produce { (bytes) throws(TransportError) in
            // An engine that has said yes has seen the end of the archive, and may close before the last padding.
            if try isAccepted(exchange, purpose) { return }
            do throws(HTTPError) {
                try exchange.write(bytes)
            } catch {
                guard try isAccepted(exchange, purpose) else { throw engine.failure(error, purpose: purpose) }
            }
        }
        if try isAccepted(exchange, purpose) { return }
        do throws(HTTPError) {
            try exchange.finishBody()
            _ = try exchange.response()
        } catch {
            guard try isAccepted(exchange, purpose) else { throw engine.failure(error, purpose: purpose) }
        }
        _ = try isAccepted(exchange, purpose)
    }

    func download(_ path: [UInt8], idleTimeout: Duration?) throws(TransportError) -> any SandboxDownload {
        let purpose = "the download of '\(displayName(of: path))'"
        // Podman takes what is inside a file for nothing at all.
        if let directory = Self.directory(of: path) { try demandDirectory(directory, purpose) }
        var request = try engine.request(
            .get, "containers", engine.container, "archive", purpose: purpose, query: [("path", path)])
        // Docker compresses for those who take it, which costs more than a socket does.
        request.headers.append(HTTPHeader("Accept-Encoding", "identity"))
        request.idleTimeout = idleTimeout ?? Self.longestSilence
        let exchange = try start(request, purpose)
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try exchange.response()
        } catch {
            throw engine.failure(error, purpose: purpose)
        }
        guard response.isSuccess else { throw refusal(exchange, path, purpose) }
        return DockerDownload(exchange, purpose: purpose, engine: engine)
    }

    /// The directory whose content a path means.
    private static func directory(of path: [UInt8]) -> [UInt8]? {
        guard path.count > 2, path.suffix(2).elementsEqual("/.".utf8) else { return nil }
        return Array(path.dropLast(2))
    }

    private func start(_ request: HTTPRequest, _ purpose: String) throws(TransportError) -> HTTPExchange {
        do throws(HTTPError) {
            return try engine.client.start(request)
        } catch {
            throw engine.failure(error, purpose: purpose)
        }
    }

    func holds(_ path: [UInt8]) throws(TransportError) -> Bool {
        try status(of: path, "the look at '\(displayName(of: path))'") != nil
    }

    /// Podman packs everything as root's.
    func tellsOwners() throws(TransportError) -> Bool {
        try !engine.route(purpose: "the question which engine it is").isPodman
    }

    func configuredUser() throws(TransportError) -> [UInt8]? {
        let user = try engine.inspect(purpose: "the question whom commands run as").configuration?.user ?? ""
        return user.isEmpty ? nil : Array(user.utf8)
    }

    /// Whether the engine has answered and said yes.
    ///
    /// Its answer counts whatever happens to the connection afterwards.
    private func isAccepted(_ exchange: HTTPExchange, _ purpose: String) throws(TransportError) -> Bool {
        guard let response = exchange.knownResponse else { return false }
        if response.isSuccess { return true }
        throw refusal(exchange, nil, purpose)
    }

    /// What the engine says to a request that it refused.
    private func refusal(_ exchange: HTTPExchange, _ path: [UInt8]?, _ purpose: String) -> TransportError {
        var reply = HTTPReply(response: exchange.knownResponse ?? HTTPResponse(status: 0), body: [])
        // The status says enough if the words do not come.
        if let whole = try? exchange.reply(limit: 64 << 10) { reply = whole }
        let error = engine.refusal(reply, purpose: purpose)
        guard let path, reply.response.status == 404, error.code != .notFound else { return error }
        return engine.error(
            .commandFailed, purpose, "there is no '\(displayName(of: path))' in the container",
            advice: "look at what it has with 'docker exec \(engine.container) ls'")
    }

    /// What the engine says of a path; nil when nothing is there.
    private func status(of path: [UInt8], _ purpose: String) throws(TransportError) -> HTTPResponse? {
        let request = try engine.request(
            .head, "containers", engine.container, "archive", purpose: purpose, query: [("path", path)])
        let reply: HTTPReply
        do throws(HTTPError) {
            reply = try engine.client.send(request)
        } catch {
            throw engine.failure(error, purpose: purpose)
        }
        if reply.response.status == 404 {
            // A HEAD has no words; the container itself may be what is missing.
            _ = try engine.inspect(purpose: purpose)
            return nil
        }
        guard reply.response.isSuccess else { throw engine.refusal(reply, purpose: purpose) }
        return reply.response
    }

    /// Checks before the first byte that the directory is there: Podman would make it, Docker would not.
    private func checkDirectory(_ directory: [UInt8], _ purpose: String) throws(TransportError) {
        guard let response = try status(of: directory, purpose) else {
            throw engine.error(
                .commandFailed, purpose, "there is no '\(displayName(of: directory))' in the container",
                advice: "make it first, or unpack into the directory above it")
        }
        try demandDirectory(response, directory, purpose, advice: "move it away first")
    }

    /// Says so when there is something else than a directory; the engine's own words would be its system's.
    private func demandDirectory(_ directory: [UInt8], _ purpose: String) throws(TransportError) {
        guard let response = try status(of: directory, purpose) else { return }
        try demandDirectory(response, directory, purpose, advice: "name a directory")
    }

    private func demandDirectory(
        _ response: HTTPResponse, _ directory: [UInt8], _ purpose: String, advice: String
    ) throws(TransportError) {
        let status = DockerMessages.pathStatus(response.value(of: "X-Docker-Container-Path-Stat"))
        // A link is resolved by the engine, within the container.
        guard let status, !status.isDirectory, !status.isLink else { return }
        throw engine.error(
            .commandFailed, purpose, "'\(displayName(of: directory))' in the container is not a directory",
            advice: advice)
    }
}
