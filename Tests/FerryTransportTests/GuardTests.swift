import FerryTesting
import FerryThreads
import FerryTransport
import Foundation
import Testing

/// Keeps records in memory, or fails to.
private final class MemoryLog: AuditLog {
    private let state = Monitor((records: [AuditRecord](), isBroken: false))
    var records: [AuditRecord] { state.withLock { state.state.records } }
    func setBroken(_ isBroken: Bool) { state.withLock { state.state.isBroken = isBroken } }

    func append(_ record: AuditRecord) throws(AuditError) {
        let isBroken = state.withLock { () -> Bool in
            if !state.state.isBroken { state.state.records.append(record) }
            return state.state.isBroken
        }
        if isBroken { throw AuditError("the disk is full") }
    }
}

private let ann: AccessGuard.Decide = { _ in .allowed(caller: "ann") }

@Suite("Guarded sandboxes")
struct GuardTests {
    private let log = MemoryLog()
    private let inner = InMemorySandbox(name: "box", identity: SandboxIdentity(id: Array("b-1".utf8))) { _, streams in
        try streams.write(try streams.readAll() + Array("!".utf8))
        return 0
    }

    private func sandbox(
        rate: AccessRate? = nil, limit: Duration = .seconds(5), token: String? = "t-1",
        _ decide: @escaping AccessGuard.Decide
    ) throws -> GuardedSandbox {
        let owner = AccessGuard(audit: log, rate: rate, timeLimit: limit, decide: decide)
        return GuardedSandbox(inner, credential: try token.map { try Secret($0) }, guardedBy: owner)
    }

    private func code(_ body: @escaping @Sendable () throws -> Void) async -> TransportError.Code? {
        do {
            try await blocking(body)
            return nil
        } catch {
            return (error as? TransportError)?.code
        }
    }

    @Test("What is allowed is done, and the record tells who, which sandbox, what, and how many bytes")
    func allowed() async throws {
        let requests = Collected<AccessRequest>()
        let sandbox = try sandbox { request in
            requests.add(request)
            return .allowed(caller: "ann")
        }
        try await blocking {
            let (output, _) = try sandbox.run(idempotent("secret text"), input: [1, 2], outputLimit: 10)
            #expect(output == [1, 2, 0x21])
            #expect(try sandbox.identity() == SandboxIdentity(id: Array("b-1".utf8)))
        }
        #expect(requests.values.map(\.operation) == [.command, .identify])
        #expect(requests.values.allSatisfy { $0.sandbox == "box" })
        let record = try #require(log.records.first)
        #expect(record.caller == "ann" && record.sandbox == "box" && record.operation == .command)
        #expect(record.bytesIn == 2 && record.bytesOut == 3 && record.outcome == .done)
        #expect(log.records.map(\.outcome) == [.done, .done])
        let line = String(decoding: record.line, as: UTF8.self)
        #expect(!line.contains("secret") && !line.contains("t-1"))
        let object = try JSONSerialization.jsonObject(with: Data(record.line)) as? [String: Any]
        #expect(object?["caller"] as? String == "ann" && object?["bytes_in"] as? Int == 2 && object?["v"] as? Int == 1)
    }

    @Test("An authoriser that refuses, throws, hangs or does not answer means no, and nothing is started")
    func failsClosed() async throws {
        struct Unreachable: Error {}
        let cases: [(AuditRecord.Outcome, AccessGuard.Decide)] = [
            (.refused, { _ in .refused(caller: "ann") }),
            (.refused, { _ in .refused(caller: nil) }),
            (.undecided, { _ in throw Unreachable() }),
            (.undecided, { _ in nil }),
            (
                .undecided,
                { _ in
                    try await Task.sleep(for: .seconds(60))
                    return .allowed(caller: "ann")
                }
            ),
            (
                .undecided,
                { _ in
                    // Does not even hear that it was cancelled.
                    while ContinuousClock.now < .now + .seconds(60) {
                        if Task.isCancelled { await Task.yield() }
                        try? await Task.sleep(for: .milliseconds(20))
                        if Task.isCancelled { return .allowed(caller: "too late") }
                    }
                    return nil
                }
            ),
        ]
        for (outcome, decide) in cases {
            let sandbox = try sandbox(limit: .milliseconds(100), decide)
            let start = ContinuousClock.now
            #expect(await code { _ = try sandbox.start(idempotent()) } == .denied)
            #expect(await code { _ = try sandbox.identity() } == .denied)
            #expect(ContinuousClock.now - start < .seconds(10))
            #expect(log.records.suffix(2).allSatisfy { $0.outcome == outcome })
        }
        #expect(inner.commands.isEmpty)
    }

    @Test("A caller that begins too much is refused for a while; others are not")
    func rate() async throws {
        let owner = AccessGuard(audit: log, rate: AccessRate(burst: 2, perSecond: 0)) { request in
            .allowed(caller: request.credential == nil ? "nobody" : "ann")
        }
        let anns = GuardedSandbox(inner, credential: try Secret("t-1"), guardedBy: owner)
        let others = GuardedSandbox(inner, credential: nil, guardedBy: owner)
        for _ in 0..<2 { #expect(await code { _ = try anns.run(idempotent(), outputLimit: 10) } == nil) }
        #expect(await code { _ = try anns.run(idempotent(), outputLimit: 10) } == .busy)
        #expect(await code { _ = try others.run(idempotent(), outputLimit: 10) } == nil)
        #expect(log.records.map(\.outcome) == [.done, .done, .limited, .done])
        #expect(log.records.map(\.caller) == ["ann", "ann", "ann", "nobody"])
    }

    @Test("Who was refused a while ago gets in again at the rate that is allowed")
    func recovery() async throws {
        let sandbox = try sandbox(rate: AccessRate(burst: 1, perSecond: 20), ann)
        var isIn = 0
        for _ in 0..<200 where isIn < 3 {
            if await code({ _ = try sandbox.run(idempotent(), outputLimit: 10) }) == nil { isIn += 1 }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(isIn == 3)
        #expect(log.records.contains { $0.outcome == .limited })
    }

    @Test("As long as a record cannot be kept, nothing more is allowed; it is not lost")
    func brokenAudit() async throws {
        let sandbox = try sandbox(ann)
        log.setBroken(true)
        #expect(await code { _ = try sandbox.run(idempotent(), outputLimit: 10) } == nil)
        #expect(await code { _ = try sandbox.run(idempotent(), outputLimit: 10) } == .denied)
        #expect(inner.commands.count == 1 && log.records.isEmpty)
        log.setBroken(false)
        #expect(await code { _ = try sandbox.run(idempotent(), outputLimit: 10) } == nil)
        #expect(log.records.map(\.outcome) == [.done, .done])
    }

    @Test("How an operation ended is recorded: a status, an error, or that nobody waited")
    func outcomes() async throws {
        let failing = InMemorySandbox(name: "box") { command, _ in
            if command.text.elementsEqual("break".utf8) {
                throw TransportError(.disconnected, sandbox: "box", purpose: "a test", reason: "the cable")
            }
            return 3
        }
        let sandbox = GuardedSandbox(failing, credential: nil, guardedBy: AccessGuard(audit: log, decide: ann))
        await #expect(throws: TransportError.self) {
            try await blocking {
                _ = try sandbox.start(idempotent()).wait()
                _ = try sandbox.start(idempotent())
                _ = try sandbox.start(idempotent("break")).wait()
            }
        }
        let outcomes = log.records.map(\.outcome)
        #expect(outcomes == [.exited(3), .abandoned, .failed("disconnected")])
    }

    @Test("The audit file is appended to, a line a record, and only its owner reads it")
    func file() async throws {
        let directory = try TemporaryDirectory()
        let path = directory.path("audit.log")
        for isDurable in [false, true] {
            let owner = AccessGuard(audit: try AuditFile(path, isDurable: isDurable), decide: ann)
            let sandbox = GuardedSandbox(inner, credential: nil, guardedBy: owner)
            try await blocking { for _ in 0..<3 { _ = try sandbox.run(idempotent(), outputLimit: 10) } }
        }
        let name = String(decoding: path, as: UTF8.self)
        let lines = try String(contentsOfFile: name, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 6)
        for line in lines { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any]) }
        let mode = try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let link = directory.path("link")
        try FileManager.default.createSymbolicLink(
            atPath: String(decoding: link, as: UTF8.self), withDestinationPath: name)
        #expect(throws: AuditError.self) { try AuditFile(link) }
    }

    @Test("A full disk is noticed: after an operation that left no record there is no other")
    func fullDisk() async throws {
        let owner = AccessGuard(audit: try AuditFile(Array("/dev/full".utf8)), decide: ann)
        let sandbox = GuardedSandbox(inner, credential: nil, guardedBy: owner)
        #expect(await code { _ = try sandbox.run(idempotent(), outputLimit: 10) } == nil)
        #expect(await code { _ = try sandbox.run(idempotent(), outputLimit: 10) } == .denied)
        #expect(inner.commands.count == 1)
    }

    @Test("What a client sees holds no path, no host, no word of a command", arguments: TransportError.Code.allCases)
    func clientErrors(code: TransportError.Code) {
        let error = TransportError(
            code, sandbox: "ssh://host-7/srv/secret", purpose: "reading /etc/hidden", reason: "at frame 0xdead /root/x",
            advice: "look into /var/log", status: 7, errorTail: Array("panic: /home/ann".utf8))
        let seen = ClientError(error)
        #expect(seen.code == code.rawValue && seen.message.hasSuffix("."))
        for word in ["/", "host-7", "panic", "0x", "hidden"] { #expect(!seen.description.contains(word)) }
        #expect(seen.isTransient == error.isTransient)
    }
}
