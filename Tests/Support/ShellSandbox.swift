package import FerryTransport
import Glibc
import Synchronization

/// A sandbox on this machine: commands run by a chosen shell, with chosen tools, maybe as another user or in another root.
package struct ShellSandbox: Sandbox {
    package let name = "test://here"
    package var capabilities = SandboxCapabilities()
    /// What runs a command's text: its last argument is `-c`.
    package var launcher: [String]
    package var environment: [String]

    /// Makes a sandbox.
    ///
    /// - Parameters:
    ///   - launcher: A program and its arguments, before the command's text.
    ///   - path: The search path for the tools.
    package init(_ launcher: [String] = ["/bin/sh", "-c"], path: String? = nil) {
        self.launcher = launcher
        environment = ["PATH=" + (path ?? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"), "HOME=/root"]
    }

    package func start(_ command: SandboxCommand) throws(TransportError) -> any SandboxProcess {
        try ShellProcess(
            launcher + [String(decoding: command.text, as: UTF8.self)], environment, deadline: command.deadline)
    }
}

/// A command of a ``ShellSandbox``.
package final class ShellProcess: SandboxProcess {
    private let identifier: pid_t
    private let input: Mutex<Int32>
    private let output: Int32
    private let errors: Int32
    private let exit = Mutex<SandboxExit?>(nil)
    private let isTerminated = Mutex(false)
    private let deadline: Mutex<ContinuousClock.Instant?>

    init(_ arguments: [String], _ environment: [String], deadline: Duration?) throws(TransportError) {
        self.deadline = Mutex(deadline.map { ContinuousClock.now + $0 })
        // Sockets, because they are closed on exec from the first moment: no other test's process inherits an end.
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        var inPipe: [Int32] = [0, 0]
        var outPipe: [Int32] = [0, 0]
        var template = "/tmp/ferry-errors-XXXXXX".utf8CString.map { $0 }
        guard unsafe socketpair(AF_UNIX, type, 0, &inPipe) == 0, unsafe socketpair(AF_UNIX, type, 0, &outPipe) == 0,
            case let errors = unsafe mkstemp(&template), errors >= 0
        else { throw Self.error(.unreachable, "no socket") }
        unsafe unlink(template)
        _ = fcntl(errors, F_SETFD, FD_CLOEXEC)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, inPipe[0], 0)
        unsafe posix_spawn_file_actions_adddup2(&actions, outPipe[1], 1)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        signal(SIGPIPE, SIG_IGN)
        var words = unsafe arguments.map { unsafe strdup($0) } + [nil]
        var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
        defer { unsafe (words + variables).forEach { unsafe free($0) } }
        var process = pid_t()
        let status = unsafe posix_spawnp(&process, arguments[0], &actions, &attributes, &words, &variables)
        unsafe posix_spawn_file_actions_destroy(&actions)
        unsafe posix_spawnattr_destroy(&attributes)
        Glibc.close(inPipe[0])
        Glibc.close(outPipe[1])
        identifier = process
        input = Mutex(inPipe[1])
        output = outPipe[0]
        self.errors = errors
        guard status == 0 else { throw Self.error(.unreachable, "cannot start: error \(status)") }
    }

    deinit {
        terminate()
        _ = try? wait()
        Glibc.close(output)
        Glibc.close(errors)
    }

    private static func error(_ code: TransportError.Code, _ reason: String) -> TransportError {
        TransportError(code, sandbox: "test://here", purpose: "a test", reason: reason)
    }

    package func write(_ bytes: Span<UInt8>) throws(TransportError) {
        let descriptor = input.withLock { $0 }
        guard descriptor >= 0 else { throw Self.error(.closedInput, "its input is closed") }
        let problem = unsafe bytes.withUnsafeBufferPointer { buffer -> Int32 in
            var done = 0
            while done < buffer.count, let base = buffer.baseAddress {
                let count = unsafe Glibc.write(descriptor, base + done, buffer.count - done)
                if count < 0 && errno != EINTR { return errno }
                done += max(count, 0)
            }
            return 0
        }
        guard problem == 0 else { throw Self.error(.closedInput, "error \(problem)") }
    }

    package func closeInput() throws(TransportError) {
        input.withLock {
            guard $0 >= 0 else { return }
            // A worker thread with descriptors of its own may hold a copy, which a mere close would leave open.
            shutdown($0, Int32(SHUT_WR))
            Glibc.close($0)
            $0 = -1
        }
    }

    package func read(into buffer: inout MutableSpan<UInt8>) throws(TransportError) -> Int {
        while true {
            if isTerminated.withLock({ $0 }) { throw Self.error(.cancelled, "terminated") }
            if let end = deadline.withLock({ $0 }), ContinuousClock.now > end {
                terminate()
                throw Self.error(.timedOut, "the deadline is over")
            }
            var request = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&request, 1, 50) > 0 else { continue }
            let room = buffer.count
            let count = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
                unsafe Glibc.read(output, bytes.baseAddress, room)
            }
            if count >= 0 { return count }
        }
    }

    package func wait() throws(TransportError) -> SandboxExit {
        if let exit = exit.withLock({ $0 }) { return exit }
        try closeInput()
        var scratch = [UInt8](repeating: 0, count: 64 << 10)
        while unsafe Glibc.read(output, &scratch, scratch.count) > 0 {}
        return exit.withLock { exit in
            if let exit { return exit }
            var status: Int32 = 0
            while unsafe waitpid(identifier, &status, 0) < 0 && errno == EINTR {}
            let code = status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            let size = lseek(errors, 0, SEEK_END)
            var tail = [UInt8](repeating: 0, count: SandboxExit.longestErrorTail)
            let count = unsafe pread(errors, &tail, tail.count, max(0, size - off_t(tail.count)))
            let result = SandboxExit(status: code, errorTail: Array(tail.prefix(max(count, 0))))
            exit = result
            return result
        }
    }

    package func terminate() {
        guard exit.withLock({ $0 == nil }) else { return }
        isTerminated.withLock { $0 = true }
        kill(-identifier, SIGKILL)
    }
}

/// A directory of links to chosen programs, to be a whole search path.
package final class ToolDirectory {
    package let path: String

    /// Makes the directory.
    ///
    /// - Parameters:
    ///   - names: Programs of this machine, wherever they are.
    ///   - renamed: Others, by the names they get.
    /// - Throws: ``Missing``.
    package init(_ names: [String], renamed: [String: String] = [:]) throws {
        var template = "/tmp/ferry-tools-XXXXXX".utf8CString.map { $0 }
        guard unsafe mkdtemp(&template) != nil else { throw Missing(name: "mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        unsafe chmod(path, 0o755)
        for (name, program) in names.map({ ($0, $0) }) + renamed.map({ ($0.key, $0.value) }) {
            let places = ["/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/"].map { $0 + program }
            guard let found = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
                throw Missing(name: program)
            }
            unsafe symlink(found, path + "/" + name)
        }
    }

    deinit { _ = try? Tool.run("/bin/rm", ["-rf", path]) }

    /// A program that the tests need is not installed.
    package struct Missing: Error {
        package let name: String
    }

    /// What every sandbox has, apart from what lists, packs and counts.
    package static let common = [
        "sh", "cat", "chmod", "chown", "dd", "df", "head", "id", "ls", "mkdir", "rm", "rmdir", "sleep", "tail", "touch",
        "wc",
        "xargs", "gzip", "zstd", "sha256sum", "readlink",
    ]
}
