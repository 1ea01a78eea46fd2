/// How `ssh` is called.
struct SSHArguments: Sendable {
    /// The command and its first arguments, for example from `FERRY_SSH`.
    let ssh: [[UInt8]]
    let user: [UInt8]?
    let host: [UInt8]
    let port: UInt16?

    /// The program itself.
    var program: [UInt8] { ssh.first ?? [] }

    /// A call.
    ///
    /// Which keys count, and how the host is checked, is ssh's and its configuration's affair. What a configuration may grant to a
    /// host that people log in to is not granted to a sandbox: no agent, no X11, no forwarded port.
    ///
    /// - Parameters:
    ///   - options: Options of this call; of two for one thing, ssh obeys the first.
    ///   - line: The command line to run over there.
    /// - Returns: The program and its arguments.
    func command(_ options: [[UInt8]], line: [UInt8]?) -> [[UInt8]] {
        var arguments = ssh + options
        arguments += [
            "-T", "-a", "-x", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none", "-o",
            "PermitLocalCommand=no",
            "-o", "ServerAliveInterval=15", "-o", "LogLevel=ERROR",
        ].map { Array($0.utf8) }
        if let port { arguments += [Array("-p".utf8), Array(String(port).utf8)] }
        if let user { arguments += [Array("-l".utf8), user] }
        arguments += [Array("--".utf8), host]
        if let line { arguments.append(line) }
        return arguments
    }

    /// Options of a call that uses a shared connection; when that has gone, ssh opens one of its own and asks nobody.
    static func shared(_ socket: [UInt8]) -> [[UInt8]] {
        ["-o", "BatchMode=yes", "-o", "ControlMaster=no", "-o", "ControlPersist=no", "-S"].map { Array($0.utf8) }
            + [socket]
    }
}
