import FerryProcess
import FerryTransport
import Synchronization
import SystemPackage

/// The connection that all commands of one SSH sandbox share.
///
/// It is opened on its own, before the first command, and not by that command on the side: so a refusal is known at once and in ssh's own
/// words, a person can be asked on the terminal while nothing else uses it, and stopping a command never stops the helpers
/// (`ProxyCommand`) of the connection that others use.
final class SSHConnection: Sendable {
    private struct State {
        var directory: PrivateDirectory?
        var isClosed = false
    }

    private static let socket = "s"
    /// How long it stays without a command, in seconds: longer than a plan takes to be made, and not so long that it is left over for
    /// long when this process is killed.
    private static let persistence = 60
    /// The system's limit for a socket's path is 108 bytes; ssh appends 17 to the name while it makes one.
    private static let longestBase = 60

    private let arguments: SSHArguments
    private let context: ProcessContext
    private let state = Mutex(State())
    /// The ssh that is connecting; ``state`` is locked meanwhile.
    private let opening = Mutex<ChildProcess?>(nil)

    init(_ arguments: SSHArguments, name: String) {
        self.arguments = arguments
        context = ProcessContext(
            sandbox: name, purpose: "the connection", program: arguments.program, verdict: SSHVerdict.ofConnection)
    }

    deinit { close() }

    /// The options with which a command uses the connection, which is opened if need be.
    ///
    /// - Parameters:
    ///   - deadline: How long that may take.
    ///   - idleTimeout: How long ssh may say nothing, unless a person is asked.
    /// - Returns: The options.
    /// - Throws: ``TransportError``.
    func options(deadline: Duration?, idleTimeout: Duration?) throws(TransportError) -> [[UInt8]] {
        // The lock is held while it opens: who comes meanwhile needs it just the same.
        try state.withLock { state throws(TransportError) -> [[UInt8]] in
            guard !state.isClosed else {
                throw TransportError(
                    .cancelled, sandbox: context.sandbox, purpose: "the connection", reason: "it was closed")
            }
            let directory: PrivateDirectory
            if let known = state.directory { directory = known } else { directory = try makeDirectory() }
            state.directory = directory
            if !directory.contains(Self.socket) { try open(directory, deadline, idleTimeout) }
            return SSHArguments.shared(socket(in: directory))
        }
    }

    /// Ends the ssh that is connecting.
    func interrupt() { opening.withLock { $0?.terminate() } }

    /// Ends it.
    func close() {
        state.withLock { state in
            state.isClosed = true
            guard let directory = state.directory else { return }
            if directory.contains(Self.socket) {
                var launch = ChildLaunch(
                    arguments.command(
                        SSHArguments.shared(socket(in: directory)) + ["-O", "exit"].map { Array($0.utf8) }, line: nil))
                launch.deadline = .seconds(5)
                // When it does not answer it has ended or ends by itself; there is nobody to tell.
                _ = try? ChildProcess(launch).wait()
            }
            directory.remove([Self.socket])
            state.directory = nil
        }
    }

    private func open(
        _ directory: PrivateDirectory, _ deadline: Duration?, _ idleTimeout: Duration?
    ) throws(TransportError) {
        let asks = Surroundings.hasTerminal
        let options = [
            "-f", "-N", "-M", "-o", "ControlMaster=yes", "-o", "ControlPersist=\(Self.persistence)", "-o",
            "BatchMode=\(asks ? "no" : "yes")",
        ].map { Array($0.utf8) }
        var launch = ChildLaunch(
            arguments.command(
                options + SSHCiphers.options(arguments) + [Array("-S".utf8), socket(in: directory)], line: nil))
        // A person is asked on the terminal, which only the group in the foreground may read. The master leaves it when it goes on alone.
        launch.leadsGroup = !asks
        // Helpers of the connection live on in that group.
        launch.endsGroup = false
        launch.deadline = asks ? deadline : [deadline, idleTimeout].compactMap(\.self).min()
        let exit: ChildProcess.Exit
        do throws(ProcessError) {
            let child = try ChildProcess(launch)
            opening.withLock { $0 = child }
            defer { opening.withLock { $0 = nil } }
            exit = try child.wait()
        } catch {
            throw context.error(error)
        }
        guard exit.status != 0 else { return }
        let result = SandboxExit(status: exit.status, errorTail: exit.errorTail)
        guard case .failed(let code, let reason, let advice) = context.verdict(result, exit.isSignal) else { return }
        throw TransportError(
            code, sandbox: context.sandbox, purpose: context.purpose, reason: reason, advice: advice,
            errorTail: exit.errorTail)
    }

    private func makeDirectory() throws(TransportError) -> PrivateDirectory {
        let bases = ["XDG_RUNTIME_DIR", "TMPDIR"].compactMap(Surroundings.variable) + [Array("/tmp".utf8)]
        var reason = "no directory for its socket"
        for base in bases where base.first == UInt8(ascii: "/") && base.count <= Self.longestBase {
            do throws(Errno) {
                return try PrivateDirectory(in: base)
            } catch {
                reason = "cannot make a directory for its socket: \(error)"
            }
        }
        throw TransportError(
            .unreachable, sandbox: context.sandbox, purpose: "the connection", reason: reason,
            advice: "set TMPDIR to a directory that can be written")
    }

    /// The socket's path as ssh takes it, which expands '%'.
    private func socket(in directory: PrivateDirectory) -> [UInt8] {
        (directory.path + Array("/\(Self.socket)".utf8)).flatMap { $0 == UInt8(ascii: "%") ? [$0, $0] : [$0] }
    }
}
