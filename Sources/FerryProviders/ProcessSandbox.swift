import FerryProcess
public import FerryTransport
import Synchronization

/// A sandbox whose commands are child processes of this one, each behind a command prefix such as `kubectl exec …`.
///
/// The prefix gets three more arguments, `sh`, `-c` and the script, or one with all of that as a command line. What is secret goes by
/// standard input. When the sandbox is closed, what still runs is told to end.
public final class ProcessSandbox: Sandbox {
    /// How the prefix takes what it is to run.
    public enum Form: Sendable {
        /// As arguments: `PREFIX sh -c SCRIPT`.
        case arguments
        /// As one command line for a shell over there, as `ssh` does it.
        case line
        /// Not at all: the prefix is everything, and the command has no text.
        case nothing
    }

    /// How the end of a child is read.
    ///
    /// A prefix fails by an exit status, too; only who knows the program can tell that from the command's own.
    public typealias Verdict = @Sendable (_ exit: SandboxExit, _ isSignal: Bool) -> ProcessVerdict

    /// What to call it in messages.
    public let name: String
    /// What the prefix can do.
    public let capabilities: SandboxCapabilities

    private let prefix: [[UInt8]]
    private let form: Form
    private let environment: [[UInt8]]?
    private let verdict: Verdict
    private let isClosed = Mutex(false)

    /// Makes a sandbox.
    ///
    /// - Parameters:
    ///   - name: What to call it in messages.
    ///   - prefix: The program, looked for in `PATH`, and its arguments.
    ///   - form: How it takes what it is to run.
    ///   - capabilities: What it can do.
    ///   - environment: The environment of the child itself, as `NAME=VALUE`; nil: this process's.
    ///   - verdict: How its end is read; by default every status is the command's own.
    public init(
        name: String, prefix: [[UInt8]], form: Form = .arguments, capabilities: SandboxCapabilities = .init(),
        environment: [[UInt8]]? = nil, verdict: @escaping Verdict = { exit, _ in .ended(exit) }
    ) {
        self.name = name
        self.prefix = prefix
        self.form = form
        self.capabilities = capabilities
        self.environment = environment
        self.verdict = verdict
    }

    /// Starts a child process.
    public func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        guard !isClosed.withLock({ $0 }) else {
            throw TransportError(.cancelled, sandbox: name, purpose: command.purpose, reason: "the sandbox was closed")
        }
        let script = try ShellScript(command, sandbox: name)
        var launch = ChildLaunch(prefix + arguments(for: script.text))
        for argument in launch.arguments where argument.count > Self.longestArgument {
            throw TransportError(
                .unsupported, sandbox: name, purpose: command.purpose,
                reason: "the command line has \(argument.count) bytes, and the system takes \(Self.longestArgument)",
                advice: "send lists by standard input")
        }
        launch.environment = environment
        launch.deadline = command.deadline
        launch.idleTimeout = command.idleTimeout
        // The lines of the prefix's own that a verdict takes out are to cost nothing of the command's.
        launch.errorLimit = SandboxExit.longestErrorTail + 256
        let context = ProcessContext(
            sandbox: name, purpose: command.purpose, program: prefix.first ?? [], verdict: verdict)
        let child: ChildProcess
        do throws(ProcessError) {
            child = try ChildProcess(launch)
        } catch {
            throw context.error(error)
        }
        let process = CommandProcess(child, context)
        if !script.prologue.isEmpty {
            do throws(TransportError) {
                try process.write(script.prologue.span)
            } catch  where error.code == .closedInput {
                // It ended already; waiting for it tells why.
            }
        }
        return process
    }

    /// Starts nothing more.
    public func close() { isClosed.withLock { $0 = true } }

    private func arguments(for script: [UInt8]) -> [[UInt8]] {
        switch form {
        case .arguments: [Array("sh".utf8), Array("-c".utf8), script]
        case .line: [RemoteLine.line(for: script)]
        case .nothing: []
        }
    }

    /// MAX_ARG_STRLEN of Linux less the terminator.
    private static let longestArgument = (128 << 10) - 1
}

/// How the end of a child is read.
public enum ProcessVerdict: Sendable {
    /// The command ended.
    case ended(SandboxExit)
    /// The program before it failed.
    case failed(TransportError.Code, reason: String, advice: String)
}
