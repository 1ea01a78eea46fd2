import FerryProviders
import FerryTransport
import Foundation
import TestSupport

/// What a command gave.
struct CommandResult {
    var output: [UInt8]
    var exit: SandboxExit
    var text: String { String(decoding: output, as: UTF8.self) }
    var errors: String { String(decoding: exit.errorTail, as: UTF8.self) }
}

extension SandboxCommand {
    init(_ text: String) { self.init(Array(text.utf8), purpose: "the test's command") }
}

extension SandboxProcess {
    /// Reads to the end.
    func output() throws -> [UInt8] {
        var result: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var room = piece.mutableSpan
            let count = try read(into: &room)
            if count == 0 { return result }
            result += piece[..<count]
        }
    }
}

extension Sandbox {
    /// Runs a command with an input that is small enough to be sent first.
    func run(_ command: SandboxCommand, input: [UInt8] = []) throws -> CommandResult {
        let process = try start(command)
        if !input.isEmpty { try process.write(input.span) }
        try process.closeInput()
        let output = try process.output()
        return CommandResult(output: output, exit: try process.wait())
    }

    func run(_ text: String, input: [UInt8] = []) throws -> CommandResult {
        try run(SandboxCommand(text), input: input)
    }
}

extension DockerSandbox {
    convenience init(_ container: String, in engine: ContainerEngine) {
        self.init(container: container, host: DockerHost(socket: Array(engine.socket.utf8)))
    }
}

/// A thread that does one thing and hands over how it went.
final class Background: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    // Written before the semaphore is raised, read after it was waited for.
    private var failure: (any Error)?

    init(_ work: @escaping @Sendable () throws -> Void) {
        Thread.detachNewThread { [self] in
            do {
                try work()
            } catch {
                failure = error
            }
            done.signal()
        }
    }

    /// Waits for the end.
    func join() throws {
        done.wait()
        done.signal()
        if let failure { throw failure }
    }
}
