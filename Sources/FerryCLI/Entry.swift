import ArgumentParser
import FerryEngine
import FerryThreads
import Glibc
import SystemPackage

/// Where the process begins: sets up what must come first, runs the command, and chooses the exit code.
@main
enum Entry {
    /// Not asynchronous, because then other threads would run before the signals are blocked.
    static func main() {
        ProcessMemory.settle()
        Terminal.reserveStandardDescriptors()
        Session.signals.block()
        let arguments = ProcessInput.arguments.map(ArgumentText.text)
        // Detached: the main thread, on which a plain task would run, only waits.
        Task.detached { exit(await run(arguments).code) }
        Session.signals.wait()
    }

    /// Runs a command.
    ///
    /// - Parameter arguments: The arguments without the program's name.
    /// - Returns: How it ended.
    static func run(_ arguments: [String]) async -> ExitStatus {
        do {
            var command = try await Ferry.asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return .done
        } catch let failure as CommandFailure {
            report(failure, asJSON: arguments.contains("--json"))
            return failure.status
        } catch let error as SyncError {
            let failure = CommandFailure(ExitStatus(error.code, interruption: .failed), error.message)
            report(failure, asJSON: arguments.contains("--json"))
            return failure.status
        } catch let code as ExitCode {
            return ExitStatus(code: code.rawValue)
        } catch {
            return finish(error)
        }
    }

    private static func report(_ failure: CommandFailure, asJSON: Bool) {
        let console = Console()
        console.error(failure.message)
        if asJSON {
            let code: SyncError.Code = failure.status == .usage ? .usage : .failed
            console.print(
                EventPayload.error(SyncError(code, failure.message), destination: nil, status: failure.status).text)
        }
        _ = console.finish()
    }

    /// Prints what the parser has to say: help goes to standard output, errors to standard error.
    private static func finish(_ error: any Error) -> ExitStatus {
        let text = ArgumentText.message(Ferry.fullMessage(for: error))
        let console = Console()
        guard Ferry.exitCode(for: error) == .success else {
            // The parser begins with the label itself and exits with 64; here that is 2.
            console.message(text)
            return .usage
        }
        console.print(text)
        return console.finish() == nil ? .done : .failed
    }
}

extension Console {
    /// Writes what is pending and ends the command.
    func close(with status: ExitStatus) throws {
        var status = status
        if let failure = finish() {
            error("cannot write to standard output: \(failure.description); what was to be printed is incomplete")
            status.formUnion(.failed)
        }
        if status != .done { throw ExitCode(status.code) }
    }
}
