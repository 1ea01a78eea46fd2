import FerryThreads
public import FerryTransport

/// The six calls of a plain client, made by the shell of a sandbox that can do more.
///
/// It stands in for a vendor's client, with any tools and any user that the sandbox behind it has.
public struct ShellClient: PlainClient {
    private let files: any Sandbox
    private let commands: any Sandbox

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - sandbox: Where commands run.
    ///   - files: Who writes and reads files; nil: the same.
    public init(_ sandbox: any Sandbox, files: (any Sandbox)? = nil) {
        commands = sandbox
        self.files = files ?? sandbox
    }

    /// By `mkdir -p`.
    public func makeDirectory(_ path: String) async throws { _ = try await shell("mkdir -p \(path)", "making") }

    /// By `cat`.
    public func writeFile(_ path: String, _ content: [UInt8]) async throws {
        _ = try await shell("cat >\(path)", "writing", input: content)
    }

    /// By `cat`.
    public func readFile(_ path: String) async throws -> [UInt8] { try await shell("cat \(path)", "reading") }

    /// By `ls -A`.
    public func list(_ path: String) async throws -> [String] {
        try await shell("ls -A \(path)", "listing").split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// By `rm -rf`.
    public func remove(_ path: String) async throws { _ = try await shell("rm -rf \(path)", "removing") }

    /// By the shell.
    public func run(_ command: String, timeout: Duration) async throws -> PlainResult {
        let sandbox = commands
        return try await BlockingThread.run(named: "client") {
            try Self.finish(sandbox, command, "running", input: [], deadline: timeout)
        }
    }

    private func shell(_ text: String, _ purpose: String, input: [UInt8] = []) async throws -> [UInt8] {
        let files = files
        let result = try await BlockingThread.run(named: "client") {
            try Self.finish(files, text, purpose, input: input, deadline: nil)
        }
        guard result.status == 0 else {
            throw PlainClientError(
                .commandFailed, "\(purpose) failed: \(String(decoding: result.errors, as: UTF8.self))")
        }
        return result.output
    }

    private static func finish(
        _ sandbox: any Sandbox, _ text: String, _ purpose: String, input: [UInt8], deadline: Duration?
    ) throws(TransportError) -> PlainResult {
        var command = SandboxCommand(Array(text.utf8), purpose: purpose)
        command.deadline = deadline
        let process = try sandbox.start(command)
        try feed(input, process)
        let output = try ConformanceTrial.readAll(process)
        let exit = try process.wait()
        return PlainResult(status: exit.status, output: output, errors: exit.errorTail)
    }

    private static func feed(_ input: [UInt8], _ process: any SandboxProcess) throws(TransportError) {
        do throws(TransportError) {
            if !input.isEmpty { try process.write(input.span) }
            try process.closeInput()
        } catch  where error.code == .closedInput {
            // Its status says why.
        }
    }
}
