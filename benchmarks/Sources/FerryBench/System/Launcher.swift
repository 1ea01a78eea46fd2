import Glibc

/// Starts pipelines and waits for them.
struct Launcher: Sendable {
    /// The environment of every program, as `NAME=value`.
    var environment: [String]
    /// Where the programs' diagnostics go; emptied at each start.
    var diagnostics: String
    /// Seconds after which a pipeline is killed, so that a hang cannot hold a benchmark for ever.
    var deadline = 900

    /// Runs a pipeline to its end.
    ///
    /// The clock is `CLOCK_MONOTONIC`, read before the first start and after the last wait; programs are started with
    /// `posix_spawn`, with no shell between.
    ///
    /// - Parameters:
    ///   - pipeline: what to run.
    ///   - observe: called with the pids of the stages while they run, every millisecond at first and every five later;
    ///     leave it out when timing.
    /// - Returns: the time, and how each stage ended; a status other than zero is no error here.
    /// - Throws: when a program cannot be started.
    func run(_ pipeline: Pipeline, observe: (([pid_t]) -> Void)? = nil) throws -> Outcome {
        Interruption.checkpoint()
        let errors = try unsafe check(
            open(diagnostics, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o644), "open")
        defer { close(errors) }
        let source = pipeline.input ?? "/dev/null"
        let sink = pipeline.output ?? "/dev/null"
        var input = try unsafe check(open(source, O_RDONLY | O_CLOEXEC), "open", source)
        defer { close(input) }
        let output = try unsafe check(open(sink, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644), "open", sink)
        defer { close(output) }

        let start = Clock.now()
        var pids: [pid_t] = []
        do {
            for (index, stage) in pipeline.stages.enumerated() {
                var ends: [Int32] = [-1, output]
                let isLast = index == pipeline.stages.count - 1
                if !isLast {
                    try unsafe check(pipe(&ends), "pipe")
                    for end in ends { try check(fcntl(end, F_SETFD, FD_CLOEXEC), "fcntl") }
                }
                defer { if !isLast { close(ends[1]) } }
                pids.append(
                    try spawn(stage.arguments, input: input, output: ends[1], errors: errors, group: pids.first ?? 0))
                if !isLast {
                    close(input)
                    input = ends[0]
                }
                if index == 0 { Interruption.begin(group: pids[0], deadline: deadline) }
            }
        } catch {
            if let group = pids.first { kill(-group, SIGKILL) }
            for pid in pids { _ = try? wait(for: pid) }
            Interruption.end()
            throw error
        }
        if let observe {
            var looks = 0
            while pids.contains(where: { isRunning($0) }) {
                observe(pids)
                looks += 1
                usleep(looks < 200 ? 1000 : 5000)
            }
        }
        let stages = try pids.map { try wait(for: $0) }
        let seconds = Clock.seconds(from: start, to: Clock.now())
        Interruption.end()
        return Outcome(seconds: seconds, stages: stages)
    }

    /// The end of what the last pipeline said on standard error.
    func lastWords() -> String {
        let lines = ((try? Files.read(diagnostics)) ?? "").split(separator: "\n")
        return lines.suffix(4).joined(separator: " / ")
    }

    private func spawn(
        _ arguments: [String], input: Int32, output: Int32, errors: Int32, group: pid_t
    ) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)

        // A process group of its own, so that one signal ends every stage and whatever it started; and no signal
        // blocked, although the harness blocks those that it waits for.
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, group)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        var pid: pid_t = 0
        let code = try unsafe withCStrings(arguments) { argv in
            try unsafe withCStrings(environment) { envp in
                unsafe posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw BenchError.call("starting", arguments[0], code: code) }
        return pid
    }

    private func wait(for pid: pid_t) throws -> Outcome.Stage {
        var status: Int32 = 0
        var usage = rusage()
        while unsafe wait4(pid, &status, 0, &usage) < 0 {
            guard errno == EINTR else { throw BenchError.call("wait4") }
        }
        let signal = status & 0x7F
        return Outcome.Stage(
            status: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            cpuSeconds: Clock.seconds(usage.ru_utime) + Clock.seconds(usage.ru_stime),
            peakResidentKiB: usage.ru_maxrss)
    }

    /// Whether a stage has not ended yet; it stays to be waited for either way.
    private func isRunning(_ pid: pid_t) -> Bool {
        var information = unsafe siginfo_t()
        let result = unsafe waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT)
        return unsafe result == 0 && information.si_signo == 0
    }
}

/// Passes strings as the null-terminated array of C strings that `exec` wants, for the time of the call.
func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) throws -> Result
) throws -> Result {
    var pointers = unsafe strings.map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    return try unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { throw BenchError("no arguments") }
        return try unsafe body(base)
    }
}
