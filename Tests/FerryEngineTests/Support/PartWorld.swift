import FerryCore
import FerryTesting
import FerryTransport
import Synchronization
import TestSupport

@testable import FerryEngine

/// A workspace, assets beside it, a sandbox for all of them, and what went there.
final class PartWorld {
    let directory: TemporaryDirectory
    let workspace: [UInt8]
    let remote: [UInt8]
    let counted = TurnCounter()
    private let sandbox: ShellSandbox
    private let tools: ToolDirectory?
    private let isPlain: Bool

    init(_ machine: Machine = .dash, _ tree: Tree = [:], remote content: Tree? = [:]) throws {
        directory = try TemporaryDirectory()
        (sandbox, tools) = try machine.make()
        isPlain = machine.isPlain
        workspace = try directory.directory("workspace", tree)
        remote = directory.path("remote")
        if let content { try directory.directory("remote", content) }
        _ = try Tool.run("/bin/chmod", ["755", directory.text])
        if machine.isPlain, content != nil { PlainUser.give(remote) }
    }

    /// The sandbox behind a shell.
    var endpoint: Endpoint { endpoint { $0 } }

    func endpoint(_ wrap: @escaping @Sendable (any Sandbox) -> any Sandbox) -> Endpoint {
        let (sandbox, counted) = (sandbox, counted)
        return .sandbox(
            SandboxEndpoint(target: Array("test://here/remote".utf8), root: SandboxPath(absolute: remote)) {
                TurnCountingSandbox(wrap(sandbox), counted)
            })
    }

    var options: SyncOptions {
        var options = SyncOptions()
        options.stateDirectory = directory.path("state")
        options.lockWait = .seconds(60)
        return options
    }

    /// An asset's local directory, made anew.
    func asset(_ name: String, _ tree: Tree) throws -> [UInt8] {
        _ = try Tool.run("/bin/rm", ["-rf", "\(directory.text)/\(name)"])
        return try directory.directory(name, tree)
    }

    /// Runs a script in the sandbox's directory, as the agent, which has all tools.
    func agent(_ script: String) throws {
        let launcher = isPlain ? ["--reuid", "65534", "--regid", "65534", "--clear-groups"] : []
        let result = try Tool.run(
            "/usr/bin/setpriv",
            launcher + ["/bin/sh", "-e", "-c", "cd '\(directory.text)/remote'\n\(script)"])
        guard result.status == 0 else { throw Tool.Failure(result: result) }
    }

    /// What is below a path of the sandbox.
    func there(_ path: String = "") throws -> Tree {
        try Tree(reading: path.isEmpty ? remote : directory.path("remote/\(path)"))
    }
}

/// Counts commands, and how often somebody waits for an answer to what was sent.
final class TurnCounter: Sendable {
    private let counts = Mutex((commands: 0, turns: 0))

    func addCommand() { counts.withLock { $0.commands += 1 } }
    func addTurn() { counts.withLock { $0.turns += 1 } }

    /// What was counted since the last time.
    func take() -> (commands: Int, turns: Int) {
        counts.withLock { counts in
            defer { counts = (0, 0) }
            return counts
        }
    }
}

/// A sandbox whose commands are counted.
private struct TurnCountingSandbox: Sandbox {
    private let sandbox: any Sandbox
    private let counter: TurnCounter

    init(_ sandbox: any Sandbox, _ counter: TurnCounter) {
        self.sandbox = sandbox
        self.counter = counter
    }

    var name: String { sandbox.name }
    var capabilities: SandboxCapabilities { sandbox.capabilities }

    func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        counter.addCommand()
        return TurnCountingProcess(try sandbox.start(command), counter)
    }
}

private final class TurnCountingProcess: SandboxProcess {
    private let process: any SandboxProcess
    private let counter: TurnCounter
    /// Starting the command sends something, too.
    private let hasSent = Mutex(true)

    init(_ process: any SandboxProcess, _ counter: TurnCounter) {
        self.process = process
        self.counter = counter
    }

    func write(_ bytes: Span<UInt8>) throws(TransportError) {
        hasSent.withLock { $0 = true }
        try process.write(bytes)
    }

    func splice(from descriptor: Int32, count: Int) throws(TransportError) -> Int? { nil }
    func closeInput() throws(TransportError) { try process.closeInput() }

    func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        let isTurn = hasSent.withLock { hasSent in
            defer { hasSent = false }
            return hasSent
        }
        if isTurn { counter.addTurn() }
        return try process.read(into: &buffer)
    }

    func wait() throws(TransportError) -> SandboxExit { try process.wait() }
    func terminate() { process.terminate() }
}
