import FerryHTTP
import FerryTransport

extension DockerEngine {
    /// The container as the engine knows it.
    func inspect(purpose: String) throws(TransportError) -> DockerMessages.Container {
        try call(
            try request(.get, "containers", container, "json", purpose: purpose), DockerMessages.Container.self,
            purpose: purpose)
    }

    /// Makes an exec; it does not run yet.
    ///
    /// - Returns: Its identifier.
    func createExec(_ options: DockerMessages.ExecOptions, purpose: String) throws(TransportError) -> String {
        var request = try request(.post, "containers", container, "exec", purpose: purpose)
        try attach(options, to: &request, purpose: purpose)
        return try call(request, DockerMessages.ExecCreated.self, purpose: purpose).id
    }

    /// Starts an exec and takes over its stream.
    ///
    /// An exec starts once, so this is never repeated.
    func startExec(
        _ exec: String, deadline: Duration?, purpose: String
    ) throws(TransportError) -> HTTPTunnel {
        var request = try request(.post, "exec", exec, "start", purpose: purpose)
        if let deadline { request.deadline = deadline }
        try attach(DockerMessages.ExecStart(detach: false), to: &request, purpose: purpose)
        let upgrade: HTTPClient.Upgrade
        do throws(HTTPError) {
            upgrade = try client.upgrade(request, to: "tcp")
        } catch {
            throw failure(error, purpose: purpose)
        }
        switch upgrade {
        case .tunnel(let tunnel): return tunnel
        case .refused(let reply): throw refusal(reply, purpose: purpose)
        }
    }

    /// Runs a command that nobody listens to.
    func runDetached(_ arguments: [String], purpose: String) throws(TransportError) {
        let exec = try createExec(
            DockerMessages.ExecOptions(cmd: arguments, workingDir: "/", attaches: false), purpose: purpose)
        var request = try request(.post, "exec", exec, "start", purpose: purpose)
        try attach(DockerMessages.ExecStart(detach: true), to: &request, purpose: purpose)
        _ = try call(request, purpose: purpose)
    }

    /// Whether an exec runs, and how it ended.
    func state(of exec: String, purpose: String) throws(TransportError) -> DockerMessages.ExecState {
        do throws(TransportError) {
            return try call(
                try request(.get, "exec", exec, "json", purpose: purpose), DockerMessages.ExecState.self,
                purpose: purpose)
        } catch {
            guard error.code == .commandFailed || error.code == .notFound else { throw error }
            throw self.error(
                .disconnected, purpose, "the engine no longer knows the command, so its exit status is lost",
                advice: "look whether the engine or the container was restarted, and repeat the command")
        }
    }
}
