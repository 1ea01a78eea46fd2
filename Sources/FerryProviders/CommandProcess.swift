import FerryCore
import FerryProcess
import FerryTransport

/// What a child process is for, to put its failures into a transport's words.
struct ProcessContext: Sendable {
    let sandbox: String
    let purpose: String
    let program: [UInt8]
    let verdict: ProcessSandbox.Verdict

    func error(_ error: ProcessError) -> TransportError {
        let (code, reason, advice): (TransportError.Code, String, String) =
            switch error {
            case .cancelled: (.cancelled, "it was told to stop", "")
            case .deadline: (.timedOut, "its deadline was over", "allow more time")
            case .idle: (.timedOut, "nothing was sent or received for too long", "allow more time with --timeout")
            case .closedInput: (.closedInput, "the command no longer reads its input", "")
            case .noProgram(let errno):
                (
                    .unreachable, "the program '\(displayName(of: program))' cannot be run: \(errno)",
                    "install it, or correct its name"
                )
            case .system, .foreignThread: (.disconnected, error.description, "")
            }
        return TransportError(code, sandbox: sandbox, purpose: purpose, reason: reason, advice: advice)
    }
}

/// A sandbox's command as a child process.
final class CommandProcess: SandboxProcess {
    private let child: ChildProcess
    private let context: ProcessContext

    init(_ child: ChildProcess, _ context: ProcessContext) {
        self.child = child
        self.context = context
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        do throws(ProcessError) { try child.write(bytes) } catch { throw context.error(error) }
    }

    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? {
        do throws(ProcessError) {
            return try child.splice(from: descriptor, count: count)
        } catch {
            throw context.error(error)
        }
    }

    func closeInput() throws(TransportError) { child.closeInput() }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        do throws(ProcessError) { return try child.read(into: &buffer) } catch { throw context.error(error) }
    }

    func wait() throws(TransportError) -> SandboxExit {
        let exit: ChildProcess.Exit
        do throws(ProcessError) { exit = try child.wait() } catch { throw context.error(error) }
        let plain = SandboxExit(status: exit.status, errorTail: exit.errorTail)
        switch context.verdict(plain, exit.isSignal) {
        case .ended(let exit):
            return SandboxExit(
                status: exit.status, errorTail: exit.errorTail.suffix(SandboxExit.longestErrorTail))
        case .failed(let code, let reason, let advice):
            throw TransportError(
                code, sandbox: context.sandbox, purpose: context.purpose, reason: reason, advice: advice,
                errorTail: exit.errorTail.suffix(SandboxExit.longestErrorTail))
        }
    }

    func terminate() { child.terminate() }
}
