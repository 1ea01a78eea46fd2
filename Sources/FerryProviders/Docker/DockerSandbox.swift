import FerryCore
import FerryHTTP
import FerryThreads
package import FerryTransport

/// A container of Docker or Podman, reached through the Engine API.
///
/// Commands run by `/bin/sh` in the container as its configured user. Archives are moved by the engine itself: that needs neither a
/// shell nor a tar in the image, and works on a container that does not run.
package final class DockerSandbox: Sandbox {
    private let engine: DockerEngine
    private let terminations = DockerTerminations()
    private let isClosed = CancellationFlag()

    /// Makes the sandbox; the engine is not asked yet.
    ///
    /// - Parameters:
    ///   - container: The container's name or identifier; letters, digits, `_`, `.` and `-`.
    ///   - host: Where the engine may listen.
    package init(container: String, host: DockerHost) {
        engine = DockerEngine(container: container, host: host)
    }

    package var name: String { engine.name }

    package var capabilities: SandboxCapabilities {
        var capabilities = SandboxCapabilities()
        capabilities.movesArchives = true
        capabilities.crossesNetwork = engine.host.crossesNetwork
        // Whatever sits between here and an engine elsewhere may cut a stream between two frames.
        capabilities.provesEndOfOutput = !engine.host.crossesNetwork
        return capabilities
    }

    /// The container's identifier, and when it was started: names may come to mean another container.
    package func identity() throws(TransportError) -> SandboxIdentity? {
        let container = try engine.inspect(purpose: "the question which container it is")
        return SandboxIdentity(id: Array(container.id.utf8), boot: Array((container.state?.startedAt ?? "").utf8))
    }

    package func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        let purpose = command.purpose
        guard !isClosed.isRaised else { throw engine.error(.cancelled, purpose, "the sandbox was closed") }
        let deadline = command.deadline.map { (end: ContinuousClock.now + $0, length: $0) }
        let options = try DockerCommandLine(command, for: engine).options
        let exec = try engine.createExec(options, purpose: purpose)
        let left = deadline.map { max($0.end - ContinuousClock.now, .milliseconds(1)) }
        let tunnel = try engine.startExec(exec, deadline: left, purpose: purpose)
        let engine = engine
        let stream = DockerStream(tunnel, deadline: deadline, idleTimeout: command.idleTimeout) {
            // Where the engine no longer says, the next call on the stream shows why.
            (try? engine.state(of: exec, purpose: purpose).running) ?? false
        }
        let line: [UInt8]?
        do throws(DockerStream.Problem) {
            line = try stream.waitForLine(after: DockerCommandLine.marker)
        } catch {
            stream.cancel()
            throw failure(error, purpose)
        }
        guard let line else { throw notStarted(stream, exec, command) }
        return DockerProcess(
            exec, processID: String(decoding: line, as: UTF8.self), stream: stream, purpose: purpose, engine: engine,
            terminations: terminations)
    }

    package var archives: (any SandboxArchives)? { DockerArchives(engine: engine) }

    /// Waits a few seconds at most for commands that are being terminated.
    package func close() {
        isClosed.raise()
        terminations.finish()
        engine.client.close()
    }

    /// The stream ended before the shell said that it runs: what there is, is the engine's own text.
    private func notStarted(_ stream: DockerStream, _ exec: String, _ command: SandboxCommand) -> TransportError {
        let status: Int?
        do throws(TransportError) {
            status = try engine.state(of: exec, purpose: command.purpose).exitCode
        } catch {
            return error
        }
        var result = engine.error(
            .missingTool, command.purpose, "the engine could not start /bin/sh in the container",
            advice: "use an image that has a shell; archives can be moved without one",
            status: status.flatMap { Int32(exactly: $0) })
        // Docker writes it to the command's standard output, Podman to its standard error.
        result.errorTail = Array((stream.errorTail + stream.unread).suffix(SandboxExit.longestErrorTail))
        let words = String(decoding: result.errorTail, as: UTF8.self)
        if let directory = command.directory,
            words.contains("chdir") || words.contains("cwd") || words.contains("workdir")
        {
            result.code = .commandFailed
            result.reason = "the command cannot start in '\(displayName(of: directory))'"
            result.advice = "make that directory in the container first"
        }
        return result
    }

    private func failure(_ problem: DockerStream.Problem, _ purpose: String) -> TransportError {
        switch problem {
        case .fault(.connection(let error)): engine.failure(error, purpose: purpose)
        case .fault(.malformed(let reason)):
            engine.error(
                .malformed, purpose, "the stream of the command is damaged: \(reason)",
                advice: "look whether the engine was restarted, and repeat the command")
        case .closedInput: engine.error(.disconnected, purpose, "the engine closed the command's stream")
        case .deadline(let length), .idle(let length):
            engine.error(.timedOut, purpose, "the command did not start within \(length)")
        }
    }
}
