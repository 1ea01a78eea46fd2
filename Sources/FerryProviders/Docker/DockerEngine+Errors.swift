import FerryCore
import FerryHTTP
import FerryTransport

extension DockerEngine {
    /// The most bytes of an engine's message that an error holds.
    private static let longestMessage = 1_000

    /// An error about this container.
    func error(
        _ code: TransportError.Code, _ purpose: String, _ reason: String, advice: String = "", status: Int32? = nil
    ) -> TransportError {
        TransportError(code, sandbox: name, purpose: purpose, reason: reason, advice: advice, status: status)
    }

    /// A request that was not answered.
    func failure(_ failure: HTTPError, purpose: String, at address: DockerHost.Address? = nil) -> TransportError {
        let place = address.map { " at \($0.name)" } ?? ""
        return switch failure.code {
        case .accessDenied:
            error(
                .denied, purpose, "this user may not use the engine's socket\(place): \(failure.reason)",
                advice: "join the group that owns it (for Docker: docker), run as root, or use a rootless engine and"
                    + " name its socket in DOCKER_HOST")
        case .cannotResolve, .cannotConnect:
            error(
                .unreachable, purpose, "no container engine answers\(place): \(failure.reason)", advice: Self.advice)
        case .timedOut: error(.timedOut, purpose, "the engine did not answer in time: \(failure.reason)")
        case .cancelled: error(.cancelled, purpose, "it was cancelled")
        case .connectionLost, .cutOff:
            error(
                .disconnected, purpose, "the connection to the engine broke: \(failure.reason)",
                advice: "look whether the engine still runs, and repeat the command")
        case .malformed, .headTooLarge, .bodyTooLarge:
            error(
                .malformed, purpose, "the engine's answer cannot be understood: \(failure.reason)",
                advice: "check that DOCKER_HOST leads to Docker or Podman")
        case .invalidRequest, .notTrusted, .answeredEarly, .library: error(.unsupported, purpose, failure.reason)
        }
    }

    /// Nobody was found at any of the places.
    func unreachable(_ failures: [(DockerHost.Address, HTTPError)], purpose: String) -> TransportError {
        let places = failures.map { "\($0.0.name): \($0.1.reason)" }.joined(separator: "; ")
        return error(.unreachable, purpose, "no container engine answers (\(places))", advice: Self.advice)
    }

    private static let advice =
        "start one ('systemctl start docker', or 'systemctl --user start podman.socket'), or say with DOCKER_HOST where"
        + " it listens"

    /// An engine that said no.
    func refusal(_ reply: HTTPReply, purpose: String) -> TransportError {
        let status = reply.response.status
        let message = DockerMessages.failure(reply.body)
        let words = String(decoding: message.prefix(Self.longestMessage), as: UTF8.self)
        let lower = words.lowercased()
        let said = message.isEmpty ? "" : ": \(displayName(of: message.prefix(Self.longestMessage)))"
        if lower.contains("no space left") {
            return error(
                .noSpace, purpose, "the engine's disk is full\(said)", advice: "free some ('docker system prune' helps)"
            )
        }
        let isAsleep =
            status == 409
            || (status == 500 && (lower.contains("container state improper") || lower.contains("not running")))
        if isAsleep {
            // The engine was asked about a state, not about this sync: repeating at once would not help.
            let isPaused = lower.contains("paused")
            return error(
                .unsupported, purpose, "commands cannot be run in the container as it is\(said)",
                advice: isPaused
                    ? "resume it with 'docker unpause \(container)'" : "start it with 'docker start \(container)'")
        }
        if status == 404, lower.contains("no such container") || lower.contains("no container with name") {
            return error(
                .notFound, purpose, "the engine knows no container '\(container)'",
                advice: "'docker ps -a' lists those that there are")
        }
        return switch status {
        case 401, 403: error(.denied, purpose, "the engine refused (\(status))\(said)")
        case 429, 503: error(.busy, purpose, "the engine has too much to do (\(status))\(said)")
        case 300..<400:
            error(
                .malformed, purpose, "the engine answered with a redirect (\(status)), which is never followed",
                advice: "name the engine itself in DOCKER_HOST")
        default: error(.commandFailed, purpose, "the engine answered \(status)\(said)")
        }
    }
}
