import FerryCore
import FerryHTTP

/// Where a container engine may listen.
package struct DockerHost: Sendable {
    /// One such place.
    enum Address: Sendable {
        /// A Unix socket.
        case unix([UInt8])
        /// A host and a port, unencrypted.
        case tcp(HTTPURL)

        /// What it is called in messages.
        var name: String {
            switch self {
            case .unix(let path): displayName(of: path)
            case .tcp(let url): url.authority
            }
        }
    }

    /// The places, in the order in which they are tried.
    let addresses: [Address]

    /// Whether the way there leaves this machine.
    var crossesNetwork: Bool {
        addresses.contains { if case .tcp = $0 { true } else { false } }
    }

    /// Reads the environment: `DOCKER_HOST`, else Docker's own socket, else Podman's, the user's before root's.
    ///
    /// - Parameter environment: The variables.
    /// - Throws: ``DockerHostError`` when `DOCKER_HOST` names a way that Ferry cannot go.
    package init(environment: [String: String]) throws(DockerHostError) {
        guard let text = environment["DOCKER_HOST"], !text.isEmpty else {
            var paths = ["/var/run/docker.sock"]
            if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") {
                paths.append(runtime + "/podman/podman.sock")
            }
            paths.append("/run/podman/podman.sock")
            addresses = paths.map { .unix(Array($0.utf8)) }
            return
        }
        addresses = [try Self.address(text, verifiesTLS: !(environment["DOCKER_TLS_VERIFY"] ?? "").isEmpty)]
    }

    /// The engine behind one Unix socket.
    package init(socket: [UInt8]) {
        addresses = [.unix(socket)]
    }

    private static func address(_ text: String, verifiesTLS: Bool) throws(DockerHostError) -> Address {
        if text.hasPrefix("unix://") {
            let path = Array(text.utf8.dropFirst("unix://".utf8.count))
            guard path.first == UInt8(ascii: "/"), !path.contains(0) else {
                throw DockerHostError(
                    reason: "DOCKER_HOST names no absolute path after unix://",
                    advice: "set it to unix:///var/run/docker.sock or to where the engine listens")
            }
            return .unix(path)
        }
        guard text.hasPrefix("tcp://") || text.hasPrefix("http://") else {
            throw DockerHostError(
                reason: "DOCKER_HOST has a form that this version of ferry does not reach",
                advice: "use unix:///path or tcp://host:port; for an engine on another host, forward its socket with"
                    + " 'ssh -L /tmp/docker.sock:/var/run/docker.sock HOST' and name that")
        }
        guard !verifiesTLS else {
            throw DockerHostError(
                reason: "DOCKER_TLS_VERIFY is set, and this version of ferry reaches engines without TLS only",
                advice: "forward the engine's socket with ssh and name that in DOCKER_HOST")
        }
        let authority = text.split(separator: "/", omittingEmptySubsequences: true).dropFirst().first ?? ""
        let hasPort = authority.utf8.last.map { $0 != UInt8(ascii: "]") } == true && authority.contains(":")
        let url: HTTPURL
        do throws(HTTPError) {
            url = try HTTPURL("http://\(authority)" + (hasPort ? "" : ":2375"))
        } catch {
            throw DockerHostError(
                reason: "DOCKER_HOST is not tcp://host:port: \(error.reason)", advice: "correct it, or unset it")
        }
        return .tcp(url)
    }
}

/// Why the place where the engine listens is not known.
package struct DockerHostError: Error, Sendable {
    /// Why, as a clause.
    package let reason: String
    /// What to do, as a clause.
    package let advice: String
}
