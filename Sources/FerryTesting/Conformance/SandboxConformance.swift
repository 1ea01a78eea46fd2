import FerryThreads
public import FerryTransport

/// What every transport has to do, to be run by its author's tests against a real sandbox.
///
/// ```swift
/// @Test(arguments: SandboxConformance.Check.allCases)
/// func conforms(check: SandboxConformance.Check) async throws {
///     try await SandboxConformance(MySandbox()).verify(check)
/// }
/// ```
/// What a transport cannot do by its nature it says in its ``FerryTransport/SandboxCapabilities``; a ``FerryTransport/PlainSandbox`` is
/// proven the same way, around the client in question.
///
/// The sandbox needs a POSIX shell with `cat`, `dd`, `mkdir`, `rm`, `sleep` and `wc`, and a `/tmp` that can be written.
public struct SandboxConformance: Sendable {
    /// One demand.
    public enum Check: String, Sendable, CaseIterable {
        /// What goes in comes out, 64 MiB both ways at once.
        case echoesBothWaysAtOnce
        /// Bytes of every value go through as they are.
        case keepsEveryByte
        /// An input of 32 MiB arrives completely.
        case takesLargeInput
        /// An output of 32 MiB arrives completely.
        case givesLargeOutput
        /// The command sees the end of its input.
        case endsInput
        /// Exit statuses arrive, 255 too, which some tools use for their own failures.
        case tellsExitStatus
        /// A command that a signal ends has 128 and the signal's number.
        case tellsSignals
        /// The result can be asked for twice.
        case tellsResultAgain
        /// The end can be waited for without reading the output.
        case discardsOutput
        /// Exactly the last 4,000 bytes of standard error are kept.
        case keepsTailOfErrors
        /// A command that does not read its input ends it with `closedInput` and still has a status.
        case reportsClosedInput
        /// Quoted text of every byte but NUL is one word.
        case survivesQuoting
        /// A command as long as the capabilities allow runs.
        case takesLongCommands
        /// Variables arrive with every byte but NUL, and the input after them; a transport that takes none refuses them.
        case setsEnvironment
        /// Commands start in `/`, or where they are told to.
        case startsInDirectory
        /// A directory that is missing is a failure.
        case refusesMissingDirectory
        /// A deadline ends a command.
        case keepsDeadline
        /// Silence ends a command, but only silence.
        case keepsIdleTimeout
        /// A request to stop wakes who reads.
        case wakesReader
        /// A request to stop wakes who writes.
        case wakesWriter
        /// Several commands run at the same time.
        case runsInParallel
        /// What was stopped does not go on over there.
        case leavesNothingRunning
    }

    /// A demand that was not met.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// The demand.
        public let check: Check
        /// What happened instead.
        public let reason: String

        /// The demand and what happened instead.
        public var description: String { "\(check.rawValue): \(reason)" }
    }

    let sandbox: any Sandbox
    private let exceptions: Set<Check>

    /// Prepares the checks.
    ///
    /// - Parameters:
    ///   - sandbox: The sandbox; it stays open.
    ///   - exceptions: Demands that the transport cannot meet, by nature.
    public init(_ sandbox: any Sandbox, except exceptions: Set<Check> = []) {
        self.sandbox = sandbox
        self.exceptions = exceptions
    }

    /// Checks one demand, on a thread of its own.
    ///
    /// - Parameter check: The demand.
    /// - Throws: ``Failure``.
    public func verify(_ check: Check) async throws {
        guard !exceptions.contains(check), applies(check) else { return }
        try await BlockingThread.run(named: "conformance") {
            do {
                try run(check)
            } catch let failure as Failure {
                throw failure
            } catch {
                throw Failure(check: check, reason: "\(error)")
            }
        }
    }

    /// Whether a demand makes sense for a transport.
    ///
    /// Where input comes as a whole, nobody notices that a command does not read it, nor whether it is silent, and nothing is read from
    /// one that still runs.
    ///
    /// - Parameter check: The demand.
    /// - Returns: Whether it is checked.
    public func applies(_ check: Check) -> Bool {
        switch check {
        case .reportsClosedInput, .keepsIdleTimeout, .leavesNothingRunning: sandbox.capabilities.streamsInput
        default: true
        }
    }

    /// Checks all demands, one after the other.
    ///
    /// - Returns: What was not met.
    public func failures() async -> [Failure] {
        var failures: [Failure] = []
        for check in Check.allCases {
            do {
                try await verify(check)
            } catch {
                failures.append(error as? Failure ?? Failure(check: check, reason: "\(error)"))
            }
        }
        return failures
    }

    private func run(_ check: Check) throws {
        let trial = ConformanceTrial(sandbox: sandbox, check: check)
        switch check {
        case .echoesBothWaysAtOnce: try trial.echo(bytes: sandbox.capabilities.streamsInput ? 64 << 20 : 1 << 20)
        case .keepsEveryByte: try trial.everyByte()
        case .takesLargeInput: try trial.largeInput()
        case .givesLargeOutput: try trial.largeOutput()
        case .endsInput: try trial.endOfInput()
        case .tellsExitStatus: try trial.exitStatus()
        case .tellsSignals: try trial.signalStatus()
        case .tellsResultAgain: try trial.resultAgain()
        case .discardsOutput: try trial.unreadOutput()
        case .keepsTailOfErrors: try trial.errorTail()
        case .reportsClosedInput: try trial.closedInput()
        case .survivesQuoting: try trial.quoting()
        case .takesLongCommands: try trial.longCommand()
        case .setsEnvironment where !sandbox.capabilities.takesEnvironment: try trial.refusedEnvironment()
        case .setsEnvironment: try trial.environment()
        case .startsInDirectory: try trial.directory()
        case .refusesMissingDirectory: try trial.missingDirectory()
        case .keepsDeadline: try trial.deadline(closesInput: !sandbox.capabilities.streamsInput)
        case .keepsIdleTimeout: try trial.idleTimeout()
        case .wakesReader: try trial.wakeReader(closesInput: !sandbox.capabilities.streamsInput)
        case .wakesWriter: try trial.wakeWriter()
        case .runsInParallel: try trial.parallel()
        case .leavesNothingRunning: try trial.nothingLeft()
        }
    }
}
