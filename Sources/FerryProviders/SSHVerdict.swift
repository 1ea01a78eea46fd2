import FerryTransport

/// What an exit status of `ssh` means.
enum SSHVerdict {
    /// The end of a command.
    static let ofCommand: ProcessSandbox.Verdict = { exit, isSignal in
        var exit = exit
        if isSignal { return .failed(.disconnected, reason: "ssh was killed", advice: "") }
        guard exit.status == RemoteLine.ownFailure else { return .ended(exit) }
        if RemoteLine.takeMark(from: &exit.errorTail) { return .ended(exit) }
        return failure(exit.errorTail, otherwise: .disconnected, reason: "the connection broke")
    }

    /// The end of the attempt to connect.
    static let ofConnection: ProcessSandbox.Verdict = { exit, _ in
        exit.status == 0
            ? .ended(exit) : failure(exit.errorTail, otherwise: .unreachable, reason: "ssh cannot connect")
    }

    private struct Sign {
        let words: String
        let code: TransportError.Code
        let reason: String
        let advice: String
    }

    /// What ssh says, in the order in which it counts; its messages are not translated.
    private static let signs = [
        Sign(
            words: "REMOTE HOST IDENTIFICATION HAS CHANGED", code: .denied,
            reason: "the host's key is another one than before",
            advice: "make sure that it is the right host, then remove the old key with ssh-keygen -R"),
        Sign(
            words: "Host key verification failed", code: .denied, reason: "the host's key is not known",
            advice: "connect once with ssh, and check the key that it shows"),
        Sign(
            words: "Permission denied", code: .denied, reason: "the host does not let this user in",
            advice: "try the same with ssh; without a terminal it needs a key or an agent"),
        Sign(
            words: "Too many authentication failures", code: .denied, reason: "the host does not let this user in",
            advice: "name the right key with IdentityFile and IdentitiesOnly in ssh's configuration"),
        Sign(
            words: "Unable to negotiate", code: .denied, reason: "the host and ssh have no algorithm in common",
            advice: ""),
        Sign(
            words: "Could not resolve hostname", code: .unreachable, reason: "there is no such host",
            advice: "check the name"),
        Sign(
            words: "Session open refused", code: .busy, reason: "the host allows no more sessions",
            advice: "raise MaxSessions over there"),
        Sign(
            words: "Connection refused", code: .unreachable, reason: "nothing answers there", advice: "check the port"),
        Sign(words: "timed out", code: .unreachable, reason: "the host does not answer", advice: ""),
        Sign(words: "No route to host", code: .unreachable, reason: "the host cannot be reached", advice: ""),
        Sign(words: "Network is unreachable", code: .unreachable, reason: "the host cannot be reached", advice: ""),
        Sign(words: "kex_exchange_identification", code: .unreachable, reason: "the host hung up at once", advice: ""),
    ]

    private static func failure(
        _ errorTail: [UInt8], otherwise code: TransportError.Code, reason: String
    ) -> ProcessVerdict {
        let text = String(decoding: errorTail, as: UTF8.self)
        guard let sign = signs.first(where: { text.contains($0.words) }) else {
            return .failed(code, reason: reason, advice: "try the same with ssh")
        }
        return .failed(sign.code, reason: sign.reason, advice: sign.advice)
    }
}
