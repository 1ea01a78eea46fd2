import FerryProviders
import FerryRuntime
import FerryTesting
import FerryTransport
import Foundation
import RuntimeTrials
import TestSupport
import Testing

/// What the origin's interface promises, in every sandbox that can be had without an engine.
@Suite("Managed runtimes in every kind of sandbox")
struct RuntimePlaceTests {
    @Test("in a directory of this machine", arguments: RuntimeTrial.allCases)
    func directory(trial: RuntimeTrial) async throws {
        let directory = try TemporaryDirectory()
        let shell = RuntimePlace.sandbox(LocalShellSandbox(), directory: "\(directory.text)/a/ws")
        let place = RuntimePlace(
            transport: .thisMachine, directory: shell.directory, run: shell.run, read: shell.read)
        try await trial.run(in: place)
        withExtendedLifetime(directory) {}
    }

    @Test("behind a command that gives a shell, with BusyBox only", arguments: RuntimeTrial.allCases)
    func busyBox(trial: RuntimeTrial) async throws {
        let root = try BusyBoxRoot()
        let sandbox = LocalShellSandbox(
            name: "BusyBox", prefix: root.prefix.map { Array($0.utf8) },
            environment: root.environment.map { Array($0.utf8) })
        try await trial.run(in: .sandbox(sandbox, directory: "/work/a/ws", root: root.directory.path))
        withExtendedLifetime(root) {}
    }

    @Test("behind a command that gives a shell, with this machine's tools", arguments: RuntimeTrial.allCases)
    func shell(trial: RuntimeTrial) async throws {
        let directory = try TemporaryDirectory()
        try await trial.run(in: .sandbox(LocalShellSandbox(), directory: "\(directory.text)/a/ws"))
        withExtendedLifetime(directory) {}
    }

    @Test("behind a client with six plain calls", arguments: RuntimeTrial.allCases)
    func plainClient(trial: RuntimeTrial) async throws {
        let directory = try TemporaryDirectory()
        let agent = RuntimePlace.sandbox(LocalShellSandbox(), directory: "\(directory.text)/a/ws")
        let sandbox = PlainSandbox(name: "plain", client: ShellClient(LocalShellSandbox()))
        defer { sandbox.close() }
        let place = RuntimePlace(
            transport: .sandbox(sandbox), directory: agent.directory, run: agent.run, read: agent.read)
        try await trial.run(in: place)
        withExtendedLifetime(directory) {}
    }
}

/// The same by way of a real sshd, in one suite so that few servers run at a time.
@Suite("Managed runtimes behind ssh", .serialized)
struct RuntimeOverSSHTests {
    @Test("every trial, over one server")
    func ssh() async throws {
        let server = try SSHServer()
        for trial in RuntimeTrial.allCases {
            let directory = try TemporaryDirectory()
            let sandbox = SSHSandbox(
                user: Array(server.user.utf8), host: Array("127.0.0.1".utf8), port: server.port,
                command: server.command.map { Array($0.utf8) })
            defer { sandbox.close() }
            do {
                try await trial.run(in: .sandbox(sandbox, directory: "\(directory.text)/a/ws"))
            } catch {
                Issue.record("\(trial.rawValue): \(error)")
            }
        }
        withExtendedLifetime(server) {}
    }
}
