import FerryTesting
import FerryThreads
import FerryTransport
import Testing

@Suite("Limits and records")
struct DecoratorTests {
    @Test("No more commands run at a time than allowed, and all get their turn")
    func concurrency() async throws {
        let running = Monitor((now: 0, most: 0))
        let inner = InMemorySandbox { _, _ in
            running.withLock {
                running.state.now += 1
                running.state.most = max(running.state.most, running.state.now)
                running.wait(atMost: .milliseconds(30))
            }
            running.withLock { running.state.now -= 1 }
            return 0
        }
        let sandbox = LimitedSandbox(inner, concurrent: 2)
        #expect(sandbox.capabilities.concurrentCommands == 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { _ = try await blocking { try sandbox.run(idempotent(), outputLimit: 10) } }
            }
            try await group.waitForAll()
        }
        #expect(running.withLock { running.state.most } <= 2)
        #expect(inner.commands.count == 8)
    }

    @Test("Commands start no faster than allowed")
    func rate() async throws {
        let sandbox = LimitedSandbox(InMemorySandbox { _, _ in 0 }, startsPerSecond: 20)
        let time = try await blocking {
            let start = ContinuousClock.now
            for _ in 0..<5 { _ = try sandbox.run(idempotent(), outputLimit: 10) }
            return ContinuousClock.now - start
        }
        #expect(time >= .milliseconds(200))
        #expect(time < .seconds(5))
    }

    @Test("Who waits for a place is sent away by the deadline, and by closing")
    func sentAway() async throws {
        let inner = InMemorySandbox { _, streams in
            _ = try streams.readAll()
            return 0
        }
        let sandbox = LimitedSandbox(inner, concurrent: 1)
        let codes = try await blocking { () -> [TransportError.Code?] in
            let first = try sandbox.start(idempotent())
            var late = idempotent()
            late.deadline = .milliseconds(50)
            var codes: [TransportError.Code?] = []
            do throws(TransportError) { _ = try sandbox.start(late) } catch { codes.append(error.code) }
            Task.detached {
                try? await Task.sleep(for: .milliseconds(100))
                sandbox.close()
            }
            do throws(TransportError) { _ = try sandbox.start(idempotent()) } catch { codes.append(error.code) }
            _ = try first.wait()
            return codes
        }
        #expect(codes == [.timedOut, .cancelled])
        #expect(inner.isClosed)
    }

    @Test("An event holds numbers and the purpose, and comes once a command")
    func events() async throws {
        let events = Collected<SandboxEvent>()
        let inner = InMemorySandbox(name: "box") { _, streams in
            _ = try streams.readAll()
            try streams.write([1, 2, 3])
            return 7
        }
        let sandbox = RecordingSandbox(inner) { events.add($0) }
        try await blocking {
            let process = try sandbox.start(SandboxCommand(Array("secret".utf8), purpose: "a test"))
            try process.write([1, 2].span)
            try process.closeInput()
            var buffer = [UInt8](repeating: 0, count: 10)
            var span = buffer.mutableSpan
            while try process.read(into: &span) > 0 {}
            _ = try process.wait()
            _ = try process.wait()
        }
        let event = try #require(events.values.first)
        #expect(events.values.count == 1)
        #expect(event.sandbox == "box" && event.purpose == "a test")
        #expect((event.bytesIn, event.bytesOut) == (2, 3))
        #expect(event.outcome == .exited(7))
        #expect(!"\(event)".contains("secret"))
    }

    @Test("Failures and commands that nobody waits for are recorded, too")
    func failures() async throws {
        let events = Collected<SandboxEvent>()
        let faulty = FaultySandbox(InMemorySandbox { _, _ in 0 }) { _, number in
            number == 0 ? .failsToStart(.denied) : number == 1 ? .losesExit(.disconnected) : nil
        }
        let sandbox = RecordingSandbox(faulty) { events.add($0) }
        try await blocking {
            for _ in 0..<2 { _ = try? sandbox.run(idempotent(), outputLimit: 10) }
            _ = try sandbox.start(idempotent())
        }
        #expect(events.values.map(\.outcome) == [.failed(.denied), .failed(.disconnected), .abandoned])
    }
}

@Suite("Sandboxes for tests")
struct TestSandboxTests {
    private static let content = Array("0123456789".utf8)
    private static let printer = InMemorySandbox { _, streams in
        try streams.write(content)
        return 0
    }

    private func output(_ fault: FaultySandbox.Fault) async throws -> String {
        let sandbox = FaultySandbox(Self.printer) { _, _ in fault }
        return try await blocking {
            String(decoding: try sandbox.run(idempotent(), outputLimit: 100).output, as: UTF8.self)
        }
    }

    private func code(_ fault: FaultySandbox.Fault) async -> TransportError? {
        await #expect(throws: TransportError.self) { _ = try await output(fault) }
    }

    @Test("Each fault does what its name says")
    func faults() async throws {
        #expect(try await output(.cutsOutput(after: 4)) == "0123")
        #expect(try await output(.repeatsOutput(after: 4, count: 2)) == "012323456789")
        #expect(await code(.breaksOutput(after: 4, .disconnected))?.code == .disconnected)
        #expect(await code(.exits(3))?.status == 3)
        #expect(await code(.losesExit(.malformed))?.code == .malformed)
        #expect(await code(.failsToStart(.denied))?.code == .denied)
        let sandbox = FaultySandbox(Self.printer) { _, _ in .stalls(after: 4) }
        let error = await #expect(throws: TransportError.self) {
            var command = idempotent()
            command.idleTimeout = .milliseconds(50)
            _ = try await blocking { [command] in try sandbox.run(command, outputLimit: 100) }
        }
        #expect(error?.code == .timedOut)
    }

    @Test("A played command's streams are bounded, and its errors become its standard error")
    func memory() async throws {
        struct Broken: Error {}
        let sandbox = InMemorySandbox { command, streams in
            if command.text.isEmpty { throw Broken() }
            while true {
                let part = try streams.read()
                if part.isEmpty { return 0 }
                try streams.write(part)
            }
        }
        try await blocking {
            let process = try sandbox.start(idempotent("echo"))
            let input = [UInt8](repeating: 7, count: 1 << 20)
            let feeder = Monitor<Bool>(false)
            try BlockingThread(named: "feeder") {
                try? process.write(input.span)
                try? process.closeInput()
                feeder.withLock {
                    feeder.state = true
                    feeder.broadcast()
                }
            }.detach()
            var count = 0
            var buffer = [UInt8](repeating: 0, count: 4_096)
            while true {
                var span = buffer.mutableSpan
                let taken = try process.read(into: &span)
                if taken == 0 { break }
                count += taken
            }
            #expect(count == input.count)
            let exit = try sandbox.start(idempotent("")).wait()
            #expect(exit.status == 1)
            #expect(String(decoding: exit.errorTail, as: UTF8.self).contains("Broken"))
        }
    }
}
