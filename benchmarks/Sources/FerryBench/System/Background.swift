import Glibc

/// A program that runs beside the measured ones and ends with the benchmark: a server.
final class Background {
    private let pid: pid_t

    /// Starts a program, found on the search path, without input; what it says is thrown away.
    ///
    /// - Parameter arguments: The program and its arguments.
    /// - Throws: When it cannot be started.
    init(_ arguments: [String]) throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        var started: pid_t = 0
        let code = try unsafe withCStrings(arguments) { argv in
            try unsafe withCStrings(Tools.environment()) { envp in
                unsafe posix_spawnp(&started, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw BenchError.call("starting", arguments[0], code: code) }
        pid = started
        Interruption.add(server: pid)
    }

    /// Ends it, and waits until it has ended.
    func stop() {
        kill(pid, SIGTERM)
        var status: Int32 = 0
        while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
        Interruption.remove(server: pid)
    }
}
