import Glibc

/// An ssh server on the loopback interface, with keys and settings of its own, and a relay before it that adds delay or limits the rate.
final class ShellServer {
    /// Stands for `ssh` in commands: a program that knows the server's keys.
    let shell: String
    /// Where to connect to: the relay, if there is one.
    let port: Int
    private var processes: [Background] = []

    /// Starts the server.
    ///
    /// - Parameters:
    ///   - directory: A new directory for keys and settings.
    ///   - distance: What the relay adds and lets through; there is none where both are zero.
    /// - Throws: When something cannot be made or started.
    init(directory: String, distance: Row.Distance) throws {
        try Files.makeDirectory(directory)
        // The server insists on it; Debian's service makes it at boot.
        if geteuid() == 0 { try Files.makeDirectory("/run/sshd") }
        for key in ["host", "client"] {
            try Tools.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(directory)/\(key)"], scratch: directory)
        }
        let serverPort = Int.random(in: 20_000..<30_000)
        port = distance.isRelayed ? serverPort + 1 : serverPort
        shell = directory + "/ssh"
        try Files.write(
            """
            Port \(serverPort)
            ListenAddress 127.0.0.1
            HostKey \(directory)/host
            PidFile none
            UsePAM no
            AuthorizedKeysFile \(directory)/client.pub
            StrictModes no
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            KbdInteractiveAuthentication no

            """, to: directory + "/sshd_config")
        let key = try Files.read(directory + "/host.pub")
        try Files.write(
            "[127.0.0.1]:\(serverPort) \(key)[127.0.0.1]:\(serverPort + 1) \(key)", to: directory + "/known_hosts")
        try Files.write(
            """
            Host *
                IdentityFile \(directory)/client
                IdentitiesOnly yes
                UserKnownHostsFile \(directory)/known_hosts
                GlobalKnownHostsFile /dev/null

            """, to: directory + "/config")
        let ssh = Tools.find("ssh") ?? "ssh"
        try Files.write("#!/bin/sh\nexec \(ssh) -F '\(directory)/config' \"$@\"\n", to: shell)
        guard unsafe chmod(shell, 0o755) == 0 else { throw BenchError.call("chmod", shell) }

        let sshd = Tools.find("sshd") ?? "sshd"
        processes.append(try Background([sshd, "-D", "-E", directory + "/log", "-f", directory + "/sshd_config"]))
        if distance.isRelayed {
            processes.append(
                try Background(
                    [
                        "python3", Tools.peer("relay.py"), "\(port)", "\(serverPort)", "--delay", "\(distance.delay)",
                        "--rate", "\(distance.rate)",
                    ]))
        }
        try waitUntilReady(directory)
    }

    /// Ends the server and what belongs to it.
    func stop() {
        for process in processes { process.stop() }
        processes = []
    }

    private func waitUntilReady(_ directory: String) throws {
        var last: (any Error)?
        for _ in 0..<50 {
            do {
                return try Tools.run([shell, "-p", "\(port)", "127.0.0.1", "true"], scratch: directory)
            } catch {
                last = error
                usleep(100_000)
            }
        }
        stop()
        throw BenchError("the ssh server does not answer: \(last.map { "\($0)" } ?? "")")
    }
}
