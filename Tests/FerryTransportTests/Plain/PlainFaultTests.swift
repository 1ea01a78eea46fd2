import FerryCore
import FerryTesting
import FerryThreads
import FerryTransport
import Glibc
import Testing

extension PlainWorld {
    static var isRoot: Bool { getuid() == 0 }

    /// Lets every user make files in the directory for temporary files.
    func openToEveryone() throws { unsafe chmod(directory.text, 0o1777) }
}

@Suite("A plain client that fails")
struct PlainFaultTests {
    private static let input = [UInt8](repeating: 0x41, count: 10_000)

    @Test(
        "Whichever call fails, before or after it did its work, it is told and nothing is left", arguments: 0..<9,
        [true, false])
    func eachCall(number: Int, isDone: Bool) async throws {
        let world = try PlainWorld(piece: 4_096) { _, count in
            count == number ? (isDone ? .losesReply(.disconnected) : .fails(.disconnected)) : nil
        }
        do {
            let (output, _) = try await world.run("cat; echo why >&2", input: Self.input)
            // Removing is tried again by the next sandbox.
            #expect(output == Self.input)
        } catch let error as TransportError {
            #expect(error.code == .disconnected)
            #expect(error.description.contains("a fault on purpose") && error.description.contains("failed"))
            #expect(error.isTransient)
        }
        let left = try world.leftovers
        guard case .remove = world.client.calls[number] else {
            #expect(left == [], "\(world.client.calls[number])")
            return
        }
        let next = try await world.run("cat", input: Self.input)
        #expect(next.output == Self.input)
        #expect(try world.leftovers == [])
    }

    @Test("A result that was cut is told, and a result that came twice counts once")
    func results() async throws {
        let cut = try PlainWorld { call, _ in if case .run = call { .truncates(by: 5) } else { nil } }
        #expect(await code { try await cut.run("echo x") } == .malformed)
        #expect(try cut.leftovers == [])
        let twice = try PlainWorld { call, _ in if case .run = call { .doubles } else { nil } }
        #expect(try await twice.run("echo x").output == Array("x\n".utf8))
    }

    @Test("Output that is cut or doubled on its way is told", arguments: [0, 1, 2])
    func output(piece: Int) async throws {
        for fault in [FaultyClient.Fault.truncates(by: 1), .doubles] {
            let world = try PlainWorld(piece: 4_096) { call, _ in
                if case .readFile(let path) = call, path.hasSuffix(".o\(piece)") { fault } else { nil }
            }
            #expect(await code { try await world.run("cat", input: Self.input) } == .malformed)
            #expect(try world.leftovers == [])
        }
    }

    @Test("Input that is cut on its way is noticed before anything runs", arguments: [1, 2, 3])
    func input(piece: Int) async throws {
        let world = try PlainWorld(piece: 4_096) { call, _ in
            if case .writeFile(let path, _) = call, path.hasSuffix(".i\(piece)") { .truncates(by: 1) } else { nil }
        }
        let witness = try TemporaryDirectory()
        #expect(await code { try await world.run("touch \(witness.text)/ran; cat", input: Self.input) } == .malformed)
        #expect(try Tree(reading: witness.path).paths.isEmpty)
        #expect(try world.leftovers == [])
    }

    @Test("What a killed process left is removed, and what a living one uses is not")
    func sweep() async throws {
        let world = try PlainWorld()
        let mine = ProcessMark.now()
        let dead = ProcessMark(system: mine.system, process: mine.process, start: mine.start &+ 1, time: mine.time)
        let gone = ProcessMark(system: mine.system, process: 4_194_303, start: 5, time: mine.time)
        let elsewhere = ProcessMark(system: "0123456789abcdef", process: 7, start: 5, time: mine.time - 3_600)
        let longAgo = ProcessMark(system: "0123456789abcdef", process: 7, start: 5, time: mine.time - 100_000)
        let parent = ProcessMark(system: mine.system, process: 1, start: Self.start(of: 1), time: mine.time)
        for mark in [mine, dead, gone, elsewhere, longAgo, parent] {
            try world.directory.directory(".ferry-plain-\(mark.text)-abc", ["1.c": .file("x")])
        }
        try world.directory.directory(".ferry-plain-\(dead.text)-abc.out")
        try world.directory.directory(".ferry-plain-")
        try world.directory.directory("ferry-plain-\(dead.text)")
        _ = try await world.run("true")
        let left = try Set(world.leftovers.filter { !$0.contains("/") })
        #expect(
            left == [
                ".ferry-plain-\(elsewhere.text)-abc", ".ferry-plain-\(parent.text)-abc", ".ferry-plain-",
                "ferry-plain-\(dead.text)",
            ])
    }

    @Test("Two sandboxes of one process do not disturb each other")
    func neighbours() async throws {
        let world = try PlainWorld()
        try await blocking {
            let (first, second) = (world.sandbox(), world.sandbox())
            let process = try first.start(SandboxCommand(Array("cat".utf8), purpose: "a test"))
            try process.write([UInt8](repeating: 1, count: 3 << 20).span)
            _ = try second.run(SandboxCommand(Array("true".utf8), purpose: "a test"), outputLimit: 10)
            second.close()
            #expect(try process.wait().status == 0)
            first.close()
        }
        #expect(try world.leftovers == [])
    }

    @Test("A tool that is missing, a directory that cannot be made, and one that no shell reads the same way are told")
    func tools() async throws {
        let bare = try PlainWorld(
            files: LocalShellSandbox(), commands: LocalShellSandbox(environment: [Array("PATH=/nonexistent".utf8)]))
        #expect(await code { try await bare.run("true") } == .missingTool)
        #expect(try bare.leftovers == [])
        var limits = PlainLimits()
        limits.directory = "/tmp/$(touch x)"
        let odd = PlainSandbox(name: "odd", client: bare.client, limits: limits)
        let failure = await code {
            try await blocking { try odd.run(SandboxCommand([0x3A], purpose: "a test"), outputLimit: 10) }
        }
        #expect(failure == .unsupported)
    }

    @Test("An error of the client's own is told with its text, without what a terminal would obey")
    func ownErrors() async throws {
        struct Odd: Error, CustomStringConvertible { var description: String { "the vendor said \u{1B}[2Jno" } }
        struct Broken: PlainClient {
            func makeDirectory(_ path: String) async throws { throw Odd() }
            func writeFile(_ path: String, _ content: [UInt8]) async throws {}
            func readFile(_ path: String) async throws -> [UInt8] { [] }
            func list(_ path: String) async throws -> [String] { [] }
            func remove(_ path: String) async throws {}
            func run(_ command: String, timeout: Duration) async throws -> PlainResult {
                PlainResult(status: 0, output: [])
            }
        }
        let sandbox = PlainSandbox(name: "vendor://1", client: Broken())
        do {
            _ = try await blocking { try sandbox.start(SandboxCommand([0x3A], purpose: "looking at '/w'")) }
            Issue.record("it started")
        } catch let error as TransportError {
            #expect(error.code == .disconnected)
            #expect(error.description.hasPrefix("vendor://1: looking at '/w' failed: making a directory"))
            #expect(error.description.contains("the vendor said") && !error.description.contains("\u{1B}"))
        }
    }

    private static func start(of process: Int) -> UInt64 {
        guard let file = unsafe fopen("/proc/\(process)/stat", "r") else { return 0 }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 4_096)
        guard unsafe fgets(&line, 4_096, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        return fields.count > 20 ? UInt64(fields[20]) ?? 0 : 0
    }

    private func code(_ body: () async throws -> some Any) async -> TransportError.Code? {
        do {
            _ = try await body()
            return nil
        } catch {
            return (error as? TransportError)?.code
        }
    }
}

/// A client whose first call never ends.
private struct HangingClient: PlainClient {
    func makeDirectory(_ path: String) async throws { try await Task.sleep(for: .seconds(60)) }
    func writeFile(_ path: String, _ content: [UInt8]) async throws {}
    func readFile(_ path: String) async throws -> [UInt8] { [] }
    func list(_ path: String) async throws -> [String] { [] }
    func remove(_ path: String) async throws {}
    func run(_ command: String, timeout: Duration) async throws -> PlainResult {
        PlainResult(status: 0, output: [], errors: [])
    }
}

extension PlainFaultTests {
    @Test("Whoever waits for the first call can be told to stop")
    func interrupted() async throws {
        let sandbox = PlainSandbox(name: "test", client: HangingClient())
        let start = ContinuousClock.now
        let waiting = Task {
            await #expect(throws: TransportError.self) {
                try await blocking { _ = try sandbox.start(SandboxCommand([], purpose: "a test")) }
            }
        }
        while .now - start < .milliseconds(200) { try await Task.sleep(for: .milliseconds(50)) }
        sandbox.interrupt()
        let error = await waiting.value
        #expect(error?.code == .cancelled)
        try await blocking { sandbox.close() }
        #expect(.now - start < .seconds(10))
    }
}
