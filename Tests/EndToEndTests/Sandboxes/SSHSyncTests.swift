import Foundation
import TestSupport
import Testing

/// Syncs by way of a real sshd.
@Suite("Hosts behind ssh, whole syncs", .serialized)
struct SSHSyncTests {
    private let world: TestWorld

    init() throws { world = try TestWorld() }

    private func target(_ server: SSHServer) -> String {
        "ssh://\(server.user)@127.0.0.1:\(server.port)\(world.sandbox)"
    }

    private func environment(_ server: SSHServer) -> [String] {
        ["FERRY_SSH=" + server.command.joined(separator: " ")]
    }

    @Test("a push, work over there and a pull")
    func roundTrip() throws {
        let server = try SSHServer()
        let ferry = { (arguments: String...) in
            try FerryRun(["sync"] + arguments, in: world, wrapper: environment(server))
        }
        let first = try ferry("push", "world/ws", target(server))
        #expect(first.status == 0, "\(first.errors)")
        #expect(try world.digest(of: "world/sandbox") == world.digest(of: "world/ws"))
        try world.write("world/sandbox/kept.txt", "the agent's")
        try world.write("world/sandbox/dir/new.txt", "new")
        try world.remove("world/sandbox/link")
        try world.write("world/ws/dir/inner.txt", "mine")
        let halted = try ferry("push", "world/ws", target(server))
        #expect(halted.status == 4 && halted.errors.contains("kept.txt"), "\(halted.errors)")
        let pull = try ferry("pull", target(server), "world/ws")
        #expect(pull.status == 0, "\(pull.errors)")
        #expect(world.text("world/ws/kept.txt") == "the agent's" && world.text("world/ws/dir/new.txt") == "new")
        #expect(world.text("world/ws/dir/inner.txt") == "mine" && !world.exists("world/ws/link"))
        let last = try ferry("push", "world/ws", target(server))
        #expect(last.status == 0, "\(last.errors)")
        #expect(world.text("world/sandbox/dir/inner.txt") == "mine")
    }

    @Test("a host whose key is not known, and one that refuses the login, are told apart, exit 9")
    func denied() throws {
        let stranger = try SSHServer(knowsHost: false)
        try expectUnchanged(
            ["sync", "push", "world/ws", target(stranger)], status: 9, naming: ["key is not known"], in: world,
            wrapper: environment(stranger))
        let closed = try SSHServer(settings: ["AuthorizedKeysFile none"])
        for arguments in [["push", "world/ws", target(closed)], ["pull", target(closed), "world/ws"]] {
            try expectUnchanged(
                ["sync"] + arguments, status: 9, naming: ["does not let this user in"], in: world,
                wrapper: environment(closed))
        }
    }

    /// An ssh that connects and never comes to an end; it notes its process.
    private func hangingSSH() throws -> [String] {
        try world.write(
            "io/ssh",
            "#!/bin/sh\ncase \" $* \" in *' -G '*) exit 0 ;; esac\necho $$ >\"\(world.path("io/pid"))\"\nexec sleep 60\n"
        )
        _ = try Tool.run("/bin/chmod", ["755", world.path("io/ssh")])
        return ["FERRY_SSH=" + world.path("io/ssh")]
    }

    private func expectNoProcess() {
        let identifier = (world.text("io/pid") ?? "").split(separator: "\n").first ?? "none"
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(identifier)/cmdline"), "ssh \(identifier) still runs")
    }

    @Test("a signal while ssh is still connecting is a clean stop, and ssh goes as well", arguments: [SIGINT, SIGTERM])
    func signalWhileConnecting(signal: Int32) throws {
        let before = try world.digest()
        let process = try FerryRun.start(
            ["sync", "pull", "ssh://host/work", "world/ws"], in: world, wrapper: hangingSSH())
        for _ in 0..<400 where !world.exists("io/pid") { usleep(10_000) }
        let start = ContinuousClock.now
        kill(process.identifier, signal)
        let result = try process.wait()
        #expect(result.status == 128 + signal, "\(result.errors)")
        #expect(result.errors.contains("stopped on request") && .now - start < .seconds(5), "\(result.errors)")
        expectNoProcess()
        #expect(try world.digest() == before)
    }

    @Test("a deadline and an idle time-out also hold while ssh is connecting", arguments: ["--deadline", "--timeout"])
    func timeWhileConnecting(option: String) throws {
        let start = ContinuousClock.now
        try expectUnchanged(
            ["sync", "push", "world/ws", "ssh://host/work", option, "1"], status: 124, naming: [], in: world,
            wrapper: hangingSSH())
        #expect(.now - start < .seconds(8))
        expectNoProcess()
    }

    @Test("a host where nobody listens cannot be reached, exit 9")
    func unreachable() throws {
        let server = try SSHServer()
        server.stop()
        try expectUnchanged(
            ["sync", "pull", target(server), "world/ws"], status: 9, naming: ["127.0.0.1"], in: world,
            wrapper: environment(server))
    }
}
