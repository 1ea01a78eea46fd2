import FerryTesting
import FerryThreads
import FerryTransport
import Glibc
import Testing

@Suite("Trying again")
struct RetryingSandboxTests {
    /// Echoes its input after a word.
    private static let echo = InMemorySandbox { _, streams in
        let input = try streams.readAll()
        try streams.write(Array("got ".utf8) + input)
        return 0
    }

    private static func pauses(_ pauses: Collected<Duration>) -> RetryingSandbox.Sleep { { pauses.add($0) } }

    private func policy() -> RetryPolicy {
        var policy = RetryPolicy()
        policy.chance = { 0 }
        return policy
    }

    @Test("Pauses double up to a limit, and chance shortens them")
    func pauses() {
        var policy = policy()
        #expect(
            (1...7).map { policy.pause(after: $0) }
                == [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000].map { .milliseconds($0) })
        policy.chance = { 0.5 }
        #expect(policy.pause(after: 1) == .milliseconds(250) * 0.75)
    }

    @Test("A start that fails for a moment is repeated, with growing pauses")
    func start() async throws {
        let faulty = FaultySandbox(Self.echo) { _, number in number < 2 ? .failsToStart(.unreachable) : nil }
        let pauses = Collected<Duration>()
        let sandbox = RetryingSandbox(faulty, policy: policy(), sleep: Self.pauses(pauses))
        let output = try await blocking { try sandbox.run(idempotent(), outputLimit: 100).output }
        #expect(output == Array("got ".utf8))
        #expect(faulty.startCount == 3)
        #expect(pauses.values == [.milliseconds(250), .milliseconds(500)])
    }

    @Test("It gives up after the last attempt with the last error")
    func exhausted() async throws {
        let faulty = FaultySandbox(Self.echo) { _, _ in .failsToStart(.busy) }
        let sandbox = RetryingSandbox(faulty, policy: policy(), sleep: { _ in })
        let error = await #expect(throws: TransportError.self) {
            _ = try await blocking { try sandbox.run(idempotent(), outputLimit: 100) }
        }
        #expect(error?.code == .busy)
        #expect(faulty.startCount == 4)
    }

    @Test("What may not be repeated, and what would fail again, is tried once", arguments: [true, false])
    func once(isIdempotent: Bool) async throws {
        let faulty = FaultySandbox(Self.echo) { _, _ in .failsToStart(isIdempotent ? .denied : .unreachable) }
        let sandbox = RetryingSandbox(faulty, policy: policy(), sleep: { _ in })
        await #expect(throws: TransportError.self) {
            var command = idempotent()
            command.isIdempotent = isIdempotent
            _ = try await blocking { [command] in try sandbox.run(command, outputLimit: 100) }
        }
        #expect(faulty.startCount == 1)
    }

    @Test("A connection that breaks before the first byte of output is made again, with the same input")
    func beforeOutput() async throws {
        let faulty = FaultySandbox(Self.echo) { _, number in
            number == 0 ? .breaksOutput(after: 0, .disconnected) : nil
        }
        let sandbox = RetryingSandbox(faulty, policy: policy(), sleep: { _ in })
        let output = try await blocking {
            try sandbox.run(idempotent(), input: Array("input".utf8), outputLimit: 100).output
        }
        #expect(output == Array("got input".utf8))
        #expect(faulty.startCount == 2)
    }

    @Test("An output that ends empty because the connection broke is not taken for an empty output")
    func emptyEnd() async throws {
        // The first attempt ends without a byte and only its status tells that it failed.
        let flaky = FaultySandbox(
            FaultySandbox(Self.echo) { _, number in number == 0 ? .losesExit(.disconnected) : nil }
        ) { _, number in number == 0 ? .cutsOutput(after: 0) : nil }
        let sandbox = RetryingSandbox(flaky, policy: policy(), sleep: { _ in })
        let output = try await blocking { try sandbox.run(idempotent(), outputLimit: 100).output }
        #expect(output == Array("got ".utf8))
    }

    @Test("After the first byte of output nothing is repeated")
    func afterOutput() async throws {
        let faulty = FaultySandbox(Self.echo) { _, _ in .breaksOutput(after: 2, .disconnected) }
        let sandbox = RetryingSandbox(faulty, policy: policy(), sleep: { _ in })
        let error = await #expect(throws: TransportError.self) {
            _ = try await blocking { try sandbox.run(idempotent(), outputLimit: 100) }
        }
        #expect(error?.code == .disconnected)
        #expect(faulty.startCount == 1)
    }

    @Test("With more input than is kept nothing is repeated")
    func largeInput() async throws {
        let faulty = FaultySandbox(Self.echo) { _, _ in .breaksInput(after: 70_000, .disconnected) }
        let sandbox = RetryingSandbox(faulty, policy: policy(), sleep: { _ in })
        await #expect(throws: TransportError.self) {
            _ = try await blocking {
                try sandbox.run(idempotent(), input: [UInt8](repeating: 1, count: 80_000), outputLimit: 1_000_000)
            }
        }
        #expect(faulty.startCount == 1)
    }

    @Test("A request to stop ends the pause between two attempts")
    func stopped() async throws {
        let faulty = FaultySandbox(Self.echo) { _, _ in .breaksOutput(after: 0, .disconnected) }
        var policy = policy()
        policy.firstPause = .seconds(60)
        policy.longestPause = .seconds(60)
        let sandbox = RetryingSandbox(faulty, policy: policy)
        let error = await #expect(throws: TransportError.self) {
            try await blocking {
                let start = ContinuousClock.now
                defer { #expect(ContinuousClock.now - start < .seconds(50)) }
                let process = try sandbox.start(idempotent())
                // A thread of its own: the pool may be busy with other tests for longer than the pause.
                try BlockingThread(named: "stop") {
                    usleep(200_000)
                    process.terminate()
                }.detach()
                var buffer: [UInt8] = [0]
                var span = buffer.mutableSpan
                _ = try process.read(into: &span)
            }
        }
        #expect(error?.code == .cancelled)
    }
}
