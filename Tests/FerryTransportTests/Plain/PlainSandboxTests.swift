import FerryCore
import FerryTesting
import FerryThreads
import FerryTransport
import Synchronization
import Testing

@Suite("A sandbox behind six calls")
struct PlainSandboxTests {
    @Test("It conforms, as far as input that comes whole can", arguments: SandboxConformance.Check.allCases)
    func conforms(check: SandboxConformance.Check) async throws {
        let world = try PlainWorld()
        let sandbox = world.sandbox()
        try await SandboxConformance(sandbox).verify(check)
        try await blocking { sandbox.close() }
        #expect(try world.leftovers == [])
        #expect(world.client.largestPiece <= 1 << 20)
    }

    @Test(
        "It conforms with BusyBox only",
        arguments: [SandboxConformance.Check.keepsEveryByte, .givesLargeOutput, .tellsSignals])
    func busyBox(check: SandboxConformance.Check) async throws {
        let busybox = LocalShellSandbox(
            prefix: ["/usr/bin/busybox"].map { Array($0.utf8) }, environment: [Array("PATH=/nonexistent".utf8)])
        let world = try PlainWorld(commands: busybox)
        let sandbox = world.sandbox()
        try await SandboxConformance(sandbox).verify(check)
        try await blocking { sandbox.close() }
        #expect(try world.leftovers == [])
    }

    @Test("No piece is larger than allowed, and one is on its way at a time, in and out")
    func pieces() async throws {
        let world = try PlainWorld(piece: 64 << 10)
        var generator = SeededGenerator(seed: 7)
        let input = generator.bytes(1_000_001)
        let (output, exit) = try await world.run("cat", input: input)
        #expect(output == input && exit.status == 0)
        #expect(world.client.largestPiece == 64 << 10)
        #expect(world.client.mostPieces == 1)
        let writes = world.client.calls.count { if case .writeFile = $0 { true } else { false } }
        #expect(writes == 16 + 1)
        #expect(world.client.commands.count == 1)
        #expect(try world.leftovers == [])
    }

    @Test("Sizes around a piece's arrive", arguments: [0, 1, 4_095, 4_096, 4_097, 8_192, 12_289])
    func boundaries(size: Int) async throws {
        let world = try PlainWorld(piece: 4_096)
        var generator = SeededGenerator(seed: UInt64(size))
        let input = generator.bytes(size)
        #expect(try await world.run("cat", input: input).output == input)
    }

    @Test("What one command left is removed when the next one runs, and everything at the end")
    func turns() async throws {
        let world = try PlainWorld(piece: 4_096)
        try await blocking {
            let sandbox = world.sandbox()
            for round in 0..<3 {
                let command = SandboxCommand(Array("cat; echo error >&2".utf8), purpose: "a test")
                _ = try sandbox.run(command, input: [UInt8](repeating: 1, count: 50_000), outputLimit: 1 << 20)
                let files = try world.leftovers.filter { $0.contains("/") }
                // The program, which is written once, and what the last command printed.
                #expect(files.count <= 1 + 13 + 3, "\(round): \(files)")
                #expect(files.allSatisfy { $0.contains("/\(round + 1).") || $0.hasSuffix("/1.c") }, "\(files)")
            }
            sandbox.close()
        }
        #expect(try world.leftovers == [])
        #expect(
            world.client.calls.count { if case .writeFile(let path, _) = $0 { path.hasSuffix(".c") } else { false } }
                == 1)
    }

    @Test("A client that mixes both outputs, or prints something else as well, is understood")
    func noise() async throws {
        struct Noisy: PlainClient {
            let client: ShellClient
            func makeDirectory(_ path: String) async throws { try await client.makeDirectory(path) }
            func writeFile(_ path: String, _ content: [UInt8]) async throws {
                try await client.writeFile(path, content)
            }
            func readFile(_ path: String) async throws -> [UInt8] { try await client.readFile(path) }
            func list(_ path: String) async throws -> [String] {
                try await client.list(path).map { path + "/" + $0 }
            }
            func remove(_ path: String) async throws { try await client.remove(path) }
            func run(_ command: String, timeout: Duration) async throws -> PlainResult {
                let result = try await client.run(command, timeout: timeout)
                let text = Array("Welcome!\r\n".utf8) + result.output.flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] }
                return PlainResult(status: 0, output: text + result.errors + Array("bye".utf8))
            }
        }
        let world = try PlainWorld()
        let (output, exit) = try await blocking {
            let sandbox = PlainSandbox(
                name: "noisy", client: Noisy(client: ShellClient(LocalShellSandbox())), limits: world.limits)
            defer { sandbox.close() }
            let process = try sandbox.start(
                SandboxCommand(Array("printf x; echo y >&2; exit 3".utf8), purpose: "a test"))
            var buffer = [UInt8](repeating: 0, count: 10)
            try process.closeInput()
            var span = buffer.mutableSpan
            let count = try process.read(into: &span)
            return (Array(buffer[..<count]), try process.wait())
        }
        #expect(output == Array("x".utf8))
        #expect(exit == SandboxExit(status: 3, errorTail: Array("y\n".utf8)))
    }

    @Test("Where commands run as somebody who cannot write to the client's directory, their files go beside it")
    func otherUser() async throws {
        guard PlainWorld.isRoot else { return }
        let user = ["/usr/bin/setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let world = try PlainWorld(
            piece: 4_096, files: LocalShellSandbox(),
            commands: LocalShellSandbox(prefix: user.map { Array($0.utf8) }))
        try world.openToEveryone()
        let input = [UInt8](repeating: 5, count: 20_000)
        let (output, exit) = try await world.run("id -u >&2; cat", input: input)
        #expect(output == input)
        #expect(exit.errorTail == Array("65534\n".utf8))
        #expect(try world.leftovers == [])
    }

    @Test("The deadline is what the client is told, and ends a command")
    func deadline() async throws {
        let world = try PlainWorld()
        var command = SandboxCommand(Array("sleep 60".utf8), purpose: "a test")
        command.deadline = .seconds(1)
        let start = ContinuousClock.now
        let error = await Self.failure(world, command)
        #expect(error?.code == .timedOut)
        #expect(ContinuousClock.now - start < .seconds(30))
        guard case .run(_, let timeout) = world.client.calls.first(where: { if case .run = $0 { true } else { false } })
        else {
            Issue.record("nothing was run")
            return
        }
        #expect(timeout <= .seconds(1) && timeout > .zero)
        #expect(try world.leftovers == [])
    }

    @Test("A client that does not come back is not waited for", arguments: ["read", "run", "write"])
    func hanging(call: String) async throws {
        let world = try PlainWorld { done, _ in
            switch (done, call) {
            case (.readFile, "read"), (.run, "run"), (.writeFile, "write"): .hangs
            default: nil
            }
        }
        var command = SandboxCommand(Array("echo x".utf8), purpose: "a test")
        command.deadline = .seconds(1)
        let error = await Self.failure(world, command)
        #expect(error?.code == .timedOut, "\(String(describing: error))")
        #expect(try world.leftovers == [])
    }

    @Test("A request to stop wakes who waits for a command, and nothing is left")
    func stopping() async throws {
        let world = try PlainWorld()
        let error = try await blocking { () throws -> TransportError? in
            let sandbox = world.sandbox()
            defer { sandbox.close() }
            let process = try sandbox.start(SandboxCommand(Array("sleep 60".utf8), purpose: "a test"))
            try BlockingThread(named: "stopper") {
                while world.client.commands.isEmpty {}
                process.terminate()
            }.detach()
            do throws(TransportError) {
                _ = try process.wait()
                return nil
            } catch {
                return error
            }
        }
        #expect(error?.code == .cancelled)
        #expect(try world.leftovers == [])
    }

    private static func failure(_ world: PlainWorld, _ command: SandboxCommand) async -> TransportError? {
        try? await blocking {
            let sandbox = world.sandbox()
            defer { sandbox.close() }
            do throws(TransportError) {
                _ = try sandbox.run(command, outputLimit: 1 << 20)
                return nil
            } catch {
                return error
            }
        }
    }
}
