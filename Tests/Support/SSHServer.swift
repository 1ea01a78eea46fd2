package import Foundation
import Glibc

/// A real `sshd` of its own on the loopback interface, with its own keys and configuration, gone with the last reference.
package final class SSHServer {
    /// A machine on which the server cannot run.
    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
    }

    package let port: UInt16
    /// The words that call `ssh` so that it knows the server and its key, and nothing of the user's configuration.
    package let command: [String]
    /// The directory with all its files.
    package let directory: URL
    package let user: String
    private let server: SpawnedProcess

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - settings: More lines for its configuration.
    ///   - knowsHost: Whether the client knows the server's key.
    /// - Throws: ``Unavailable``, or what failed.
    package init(settings: [String] = [], knowsHost: Bool = true) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("ferry-sshd-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard let program = ["/usr/sbin/sshd", "/usr/bin/sshd"].first(where: FileManager.default.isExecutableFile)
        else {
            throw Unavailable(description: "sshd is missing: scripts/setup.sh --tests installs it")
        }
        user = NSUserName()
        // sshd wants this directory when it runs as root; the service that makes it at boot may never have run.
        if geteuid() == 0 {
            try? FileManager.default.createDirectory(atPath: "/run/sshd", withIntermediateDirectories: true)
        }
        let path = directory.path
        for key in ["host", "client"] {
            let made = try Tool.run("/usr/bin/ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", "\(path)/\(key)"])
            guard made.status == 0 else { throw Tool.Failure(result: made) }
        }
        var started: (SpawnedProcess, UInt16)?
        for _ in 0..<20 where started == nil {
            let port = UInt16.random(in: 20_000...60_000)
            let configuration = [
                "Port \(port)", "ListenAddress 127.0.0.1", "HostKey \(path)/host", "PidFile \(path)/pid", "UsePAM no",
                "AuthorizedKeysFile \(path)/client.pub", "StrictModes no", "PermitRootLogin prohibit-password",
                "PasswordAuthentication no", "KbdInteractiveAuthentication no", "MaxStartups 50", "MaxSessions 20",
            ]
            let name = "\(path)/sshd_config"
            try (settings + configuration).joined(separator: "\n").appending("\n")
                .write(toFile: name, atomically: true, encoding: .utf8)
            // It ends by itself when the tests are killed.
            let running = try SpawnedProcess(
                "/usr/bin/timeout", ["600", program, "-D", "-E", "\(path)/log-\(port)", "-f", name])
            if Self.isListening(running, log: "\(path)/log-\(port)") { started = (running, port) }
        }
        guard let started else {
            throw Unavailable(description: "sshd does not start; see its log in \(path)")
        }
        (server, port) = started
        let key = try String(contentsOfFile: "\(path)/host.pub", encoding: .utf8)
        try (knowsHost ? "[127.0.0.1]:\(port) \(key)" : "")
            .write(toFile: "\(path)/known_hosts", atomically: true, encoding: .utf8)
        try """
        Host *
            IdentityFile \(path)/client
            IdentitiesOnly yes
            UserKnownHostsFile \(path)/known_hosts
            GlobalKnownHostsFile /dev/null
        """.appending("\n").write(toFile: "\(path)/ssh_config", atomically: true, encoding: .utf8)
        command = ["ssh", "-F", "\(path)/ssh_config"]
    }

    deinit {
        stop()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ends the server; connections that are open go on.
    package func stop() {
        server.stop()
    }

    /// Ends the server's connections, as a broken network does.
    package func dropConnections() throws {
        // The session processes are the server's children.
        let number = try String(contentsOfFile: "\(directory.path)/pid", encoding: .utf8).filter(\.isNumber)
        _ = try Tool.run("/usr/bin/pkill", ["-KILL", "-P", number])
    }

    private static func isListening(_ server: SpawnedProcess, log: String) -> Bool {
        for _ in 0..<200 {
            if let text = try? String(contentsOfFile: log, encoding: .utf8), text.contains("Server listening on") {
                return true
            }
            guard server.isRunning else { return false }
            usleep(25_000)
        }
        server.stop()
        return false
    }
}
