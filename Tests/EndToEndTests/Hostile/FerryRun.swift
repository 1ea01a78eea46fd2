import Foundation
import TestSupport
import Testing

/// Runs the binary that lies beside the test bundle.
struct FerryRun {
    let result: Tool.Result

    var status: Int32 { result.status }
    var output: String { result.text }
    var errors: String { result.errors }

    static let binary: String = {
        let test =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: test).deletingLastPathComponent().appendingPathComponent("ferry").path
    }()

    static var runsAsRoot: Bool { getuid() == 0 }

    /// Keeps the state of the user who runs the tests out of them.
    static func environment(in world: TestWorld) -> [String: String] {
        ["HOME": world.path("home"), "XDG_STATE_HOME": "", "FERRY_STATE_DIR": "", "NO_COLOR": "1", "TERM": "dumb"]
    }

    /// Runs a shell's script in a world, with the binary as `$0`.
    static func startShell(_ script: String, in world: TestWorld) throws -> Tool.Running {
        try Tool.Running(
            "/bin/bash", ["-c", script, binary], directory: world.root, environment: environment(in: world))
    }

    /// Runs `ferry` in a scratch directory with a home of its own.
    ///
    /// - Parameters:
    ///   - arguments: The arguments.
    ///   - scratch: Where.
    ///   - input: What comes on standard input.
    ///   - wrapper: A command to run it with, such as one that changes the user.
    /// - Throws: When it cannot be started.
    init(_ arguments: [String], in scratch: TestWorld, input: [UInt8]? = nil, wrapper: [String] = []) throws {
        result = try FerryRun.start(arguments, in: scratch, input: input, wrapper: wrapper).wait()
    }

    /// Starts it without waiting.
    ///
    /// Signals that the test runner ignores are not ignored by it.
    static func start(
        _ arguments: [String], in scratch: TestWorld, input: [UInt8]? = nil, wrapper: [String] = []
    ) throws -> Tool.Running {
        try Tool.Running(
            "/usr/bin/env", ["--default-signal=INT,TERM,PIPE"] + wrapper + [binary] + arguments, input: input,
            directory: scratch.root,
            environment: [
                "HOME": scratch.path("home"), "XDG_STATE_HOME": "", "FERRY_STATE_DIR": "", "NO_COLOR": "1",
                "TERM": "dumb",
            ])
    }
}

/// Runs a command that must change nothing in `world`, and checks how it says so.
func expectUnchanged(
    _ arguments: [String], status: Int32, naming words: [String], in scratch: TestWorld, input: [UInt8]? = nil,
    wrapper: [String] = [], note: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let before = try scratch.digest()
    let run = try FerryRun(arguments, in: scratch, input: input, wrapper: wrapper)
    #expect(run.status == status, note ?? "\(run.errors)", sourceLocation: sourceLocation)
    for word in words {
        #expect(run.errors.contains(word), note ?? "\(run.errors)", sourceLocation: sourceLocation)
    }
    // What failed and why, then what to do or what state things are in.
    #expect(run.errors.contains(";") || run.errors.contains(":"), sourceLocation: sourceLocation)
    let after = try scratch.digest()
    #expect(after == before, note ?? "\(run.errors)", sourceLocation: sourceLocation)
}

/// Pulls an archive that must be refused.
func expectRefused(
    _ archive: [UInt8], status: Int32 = 10, naming words: [String] = [], in scratch: TestWorld, note: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    try scratch.write("io/a.tar", archive)
    try expectUnchanged(
        ["sync", "pull", "tar:io/a.tar", "world/ws"], status: status, naming: words + ["the workspace was not changed"],
        in: scratch, note: note, sourceLocation: sourceLocation)
}

/// Builds an archive with its end mark.
func archive(_ body: (inout TarBlockBuilder) -> Void) -> [UInt8] {
    var builder = TarBlockBuilder()
    body(&builder)
    return builder.ended()
}
