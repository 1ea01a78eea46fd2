import FerryCore
import FerryThreads
import FerryTransport

/// One check of the conformance suite against one sandbox.
struct ConformanceTrial: Sendable {
    let sandbox: any Sandbox
    let check: SandboxConformance.Check

    static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    func expect(_ condition: Bool, _ reason: @autoclosure () -> String) throws {
        guard !condition else { return }
        throw SandboxConformance.Failure(check: check, reason: reason())
    }

    /// A command with limits that keep a failing check from hanging.
    func command(_ text: [UInt8]) -> SandboxCommand {
        var command = SandboxCommand(text, purpose: "the check \(check.rawValue)")
        command.deadline = .seconds(120)
        return command
    }

    func command(_ text: String) -> SandboxCommand { command(Self.bytes(text)) }

    /// Runs a command: feeds it on a thread of its own, takes its output, waits for its end.
    func run(_ command: SandboxCommand, input: [UInt8] = []) throws -> (output: [UInt8], exit: SandboxExit) {
        let process = try sandbox.start(command)
        let feeder = try Background(named: "feeder") {
            try process.write(input.span)
            try process.closeInput()
        }
        var output: [UInt8] = []
        do {
            output = try Self.readAll(process)
        } catch {
            process.terminate()
            _ = feeder.result()
            throw error
        }
        let exit = try process.wait()
        if case .failure(let error) = feeder.result(), (error as? TransportError)?.code != .closedInput { throw error }
        return (output, exit)
    }

    func run(_ text: String, input: [UInt8] = []) throws -> (output: [UInt8], exit: SandboxExit) {
        try run(command(text), input: input)
    }

    static func readAll(_ process: any SandboxProcess) throws(TransportError) -> [UInt8] {
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var span = buffer.mutableSpan
            let count = try process.read(into: &span)
            if count == 0 { return output }
            output.append(contentsOf: buffer[..<count])
        }
    }

    /// The error that something ends with, and how long it took.
    func failure(_ body: () throws(TransportError) -> Void) throws -> (error: TransportError, time: Duration) {
        let start = ContinuousClock.now
        do throws(TransportError) {
            try body()
        } catch {
            return (error, .now - start)
        }
        throw SandboxConformance.Failure(check: check, reason: "it went on as if nothing had happened")
    }

    static func show(_ bytes: some Collection<UInt8>) -> String {
        "'\(displayName(of: bytes.prefix(200)))' (\(bytes.count) bytes)"
    }
}

/// Something that runs on a thread of its own.
final class Background: Sendable {
    private let outcome = Monitor<Result<Void, any Error>?>(nil)

    init(named name: String, _ work: @escaping @Sendable () throws -> Void) throws {
        let outcome = outcome
        try BlockingThread(named: name) {
            let result = Result { try work() }
            outcome.withLock {
                outcome.state = result
                outcome.broadcast()
            }
        }.detach()
    }

    /// Waits for its end.
    func result() -> Result<Void, any Error> {
        outcome.withLock {
            while true {
                if let result = outcome.state { return result }
                outcome.wait()
            }
        }
    }

    /// Blocks this thread for a while.
    static func sleep(_ duration: Duration) {
        let nobody = Monitor(())
        let end = ContinuousClock.now + duration
        nobody.withLock {
            while .now < end { nobody.wait(atMost: end - .now) }
        }
    }
}
